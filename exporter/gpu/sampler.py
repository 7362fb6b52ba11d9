"""Readings of a source to what a scrape may see: never stale, with the peak of the memory between scrapes.

One thread calls `tick`, which takes as long as the driver does; any other asks for the `readings` and never waits.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ..clock import Clock
from ..model import GpuReading
from .source import GpuSource, Inventory, Memory

logger = logging.getLogger(__name__)

INTERVAL_S: Final = 1.0
FULL_INTERVAL_S: Final = 5.0
"""The embedded scrape is no faster; a full reading is some thirty calls of the driver, the memory one."""
STALE_AFTER_S: Final = 15.0
"""Three full intervals: what is older was not confirmed by a driver that hangs."""
PEAK_WINDOW_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Published:
    readings: tuple[GpuReading, ...]
    at: float
    """Monotonic seconds."""


class Sampler:
    """Samples the memory each `interval_s`, and everything each `full_interval_s`, of the clock's time.

    A reading's `at` is that of the full one; its memory may be younger.
    """

    def __init__(
        self,
        source: GpuSource,
        clock: Clock,
        *,
        interval_s: float = INTERVAL_S,
        full_interval_s: float = FULL_INTERVAL_S,
    ) -> None:
        self.interval_s = interval_s
        """How often to call `tick`."""
        self._source = source
        self._clock = clock
        self._ticks_per_full = max(1, round(full_interval_s / interval_s))
        self._stale_after_s = max(STALE_AFTER_S, 3 * full_interval_s, 3 * interval_s)
        self._ticks = 0
        self._peaks: dict[str, _Peak] = {}
        self._readings: tuple[GpuReading, ...] = ()
        self._published: _Published | None = None
        self._stale = False
        self.inventory: Inventory | None = None
        """What the source found; None before the first tick ended."""

    def tick(self) -> None:
        """Samples once and publishes. Hangs where the driver does."""
        started, now = self._clock.monotonic(), self._clock.now()
        full = self._ticks % self._ticks_per_full == 0 or not self._sample_memory(now, started)
        if full:
            self._readings = tuple(self._with_peak(reading, started) for reading in self._source.read(now))
            self.inventory = self._source.inventory()
        self._ticks += 1
        self._published = _Published(readings=self._readings, at=started)

    def readings(self) -> tuple[GpuReading, ...]:
        """The latest, by index; empty before the first, and while the driver has not answered for 15 seconds."""
        published = self._published
        if published is None:
            return ()
        stale = self._clock.monotonic() - published.at > self._stale_after_s
        if stale != self._stale:
            self._stale = stale
            if stale:
                logger.warning("gpu driver hangs: its readings are withdrawn")
            else:
                logger.info("gpu driver answers again")
        return () if stale else published.readings

    def close(self) -> None:
        """Lets go of the driver; from the thread that ticks, since a driver that hangs lets nobody go."""
        self._source.close()

    def _sample_memory(self, now: float, started: float) -> bool:
        """Whether all devices that have told their memory do so again; otherwise only a full reading tells why."""
        memory = self._source.read_memory(now)
        if any(_tells_memory(reading) and reading.uuid not in memory for reading in self._readings):
            return False
        self._readings = tuple(self._with_memory(reading, memory, started) for reading in self._readings)
        return True

    def _with_memory(self, reading: GpuReading, memory: Mapping[str, Memory], started: float) -> GpuReading:
        found = memory.get(reading.uuid)
        if reading.lost or found is None:
            return reading
        fresh = replace(
            reading,
            memory_used_bytes=found.used,
            memory_free_bytes=found.free,
            memory_total_bytes=found.total,
            memory_reserved_bytes=found.reserved,
        )
        return self._with_peak(fresh, started)

    def _with_peak(self, reading: GpuReading, started: float) -> GpuReading:
        if reading.memory_used_bytes is None:
            return reading
        peak = self._peaks.setdefault(reading.uuid, _Peak())
        return replace(reading, memory_used_peak_bytes=peak.add(started, reading.memory_used_bytes))


class _Peak:
    """The highest value of the last minute."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def add(self, at: float, value: int) -> int:
        """Adds a sample, returns the peak. Keeps only samples that can still become it: falling, from the left."""
        while self._samples and self._samples[0][0] <= at - PEAK_WINDOW_S:
            self._samples.popleft()
        while self._samples and self._samples[-1][1] <= value:
            self._samples.pop()
        self._samples.append((at, value))
        return self._samples[0][1]


def _tells_memory(reading: GpuReading) -> bool:
    return not reading.lost and reading.memory_total_bytes is not None
