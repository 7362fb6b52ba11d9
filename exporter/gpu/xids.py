"""Counts the Xid events of devices. The counts outlive sessions and lost devices: an Xid often precedes a loss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from ..model import GpuReading
from .nvml import EventSet, Nvml, NvmlFailure, Scope, address
from .nvml_device import NvmlDevice

DRAIN_MAX: Final = 1000
"""Events read at once, so that a device in a storm of them cannot hold up the readings."""


class Xids:
    """What was seen since this program started, by the devices' uuids."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[int]] = {}
        self._last_at: dict[str, float] = {}
        self._events: EventSet | None = None
        self._uuids: Mapping[int, str] = {}

    def drain(self, nvml: Nvml, devices: Iterable[NvmlDevice], now: float) -> None:
        """Counts what came since the last call, then watches these devices, where they are others than before.

        Raises:
            NvmlFailure: the driver went away.
        """
        handles = {address(device.handle): device for device in devices}
        try:
            if self._events is not None:
                self._count(nvml, self._events, now)
            uuids = {key: device.identity.uuid for key, device in handles.items()}
            if self._events is None or uuids != self._uuids:
                self._free(nvml)
                self._events = nvml.watch_xids(tuple(device.handle for device in handles.values()))
                self._uuids = uuids
        except NvmlFailure as failure:
            if failure.scope is Scope.DRIVER:
                raise
            self._free(nvml)  # a set that failed is in an undefined state (nvml.h): the next call makes a new one

    def _count(self, nvml: Nvml, events: EventSet, now: float) -> None:
        for _ in range(DRAIN_MAX):
            event = nvml.next_xid(events)
            if event is None:
                return
            uuid = self._uuids.get(event.address, "")
            self._counts.setdefault(uuid, Counter())[event.xid] += 1
            self._last_at[uuid] = now

    def _free(self, nvml: Nvml) -> None:
        if self._events is not None:
            with suppress(NvmlFailure):
                nvml.free(self._events)
        self._events = None

    def forget(self) -> None:
        """Drops the watch, not the counts: its session ends."""
        self._events = None

    def added_to(self, reading: GpuReading) -> GpuReading:
        """The reading with what was seen of its device."""
        counts = self._counts.get(reading.uuid)
        if counts is None:
            return reading
        return replace(reading, xid_errors=dict(counts), last_xid_at=self._last_at[reading.uuid])
