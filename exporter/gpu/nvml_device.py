"""One device of an NVML session: raw answers to a reading in base units.

A failed call leaves only its own field None. What a device does not support is not asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from ..model import GpuProcess, GpuReading
from . import bounds
from .nvml import UNKNOWN, Handle, Nvml, NvmlFailure, RawMemory, Scope
from .processes import merged, named
from .source import Memory

K = TypeVar("K")
T = TypeVar("T")

CLOCKS: Final = {"graphics": 0, "sm": 1, "memory": 2, "video": 3}
"""`nvmlClockType_t` of nvml.h."""
CLOCKS_EVENT_REASONS: Final = {
    "gpu_idle": 0x1,
    "applications_clocks_setting": 0x2,
    "sw_power_cap": 0x4,
    "hw_slowdown": 0x8,
    "sync_boost": 0x10,
    "sw_thermal_slowdown": 0x20,
    "hw_thermal_slowdown": 0x40,
    "hw_power_brake_slowdown": 0x80,
    "display_clock_setting": 0x100,
    "board_limit": 0x200,
    "reliability": 0x400,
}
"""`nvmlClocksEventReason…` of nvml.h (13.0)."""
CLOCKS_EVENT_REASONS_MAX: Final = 0xFFFF
"""A mask with a bit beyond is filler."""
ECC: Final = {
    (error, lifetime): (error_code, lifetime_code)
    for error, error_code in (("corrected", 0), ("uncorrected", 1))
    for lifetime, lifetime_code in (("volatile", 0), ("aggregate", 1))
}
"""`nvmlMemoryErrorType_t` and `nvmlEccCounterType_t` of nvml.h."""
PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What stays the same while a device comes and goes."""

    uuid: str = ""
    """Empty for a device that was lost before it could be asked."""
    name: str = ""
    pci_bus_id: str | None = None


class NvmlDevice:
    """A device that answers. `read` and `memory` raise `NvmlFailure` where the whole device or the driver fails."""

    def __init__(self, nvml: Nvml, index: int) -> None:
        self._nvml = nvml
        self._index = index
        self.handle: Handle = nvml.handle(index)
        self._unsupported: set[tuple[object, ...]] = set()
        self._answers = 0
        self._failure: NvmlFailure | None = None
        self._energy_joules = 0.0
        self.identity = Identity(
            uuid=nvml.uuid(self.handle),
            name=self._ask(nvml.name) or "",
            pci_bus_id=self._ask(nvml.pci_bus_id),
        )

    def _ask(self, question: Callable[..., T], *arguments: object) -> T | None:
        """The answer, or None where this question has none now."""
        key = (question.__name__, *arguments)
        if key in self._unsupported:
            return None
        try:
            answer = question(self.handle, *arguments)
        except NvmlFailure as failure:
            self._note(key, failure)
            return None
        self._answers += 1
        return answer

    def _note(self, key: tuple[object, ...], failure: NvmlFailure) -> None:
        if failure.scope in {Scope.DEVICE, Scope.DRIVER}:
            raise failure
        if failure.scope is Scope.NEVER:
            self._unsupported.add(key)
        else:
            self._failure = failure

    def memory(self) -> Memory:
        """Its memory; empty where it does not tell."""
        raw = self._ask(self._nvml.memory)
        return Memory() if raw is None else _memory(raw)

    def read(self, now: float, driver_version: str | None) -> GpuReading:
        """All that it says now.

        Raises:
            NvmlFailure: it is lost, or fails every question that it supports.
        """
        self._answers, self._failure = 0, None
        reading = self._read(now, driver_version)
        if not self._answers and self._failure is not None:
            raise NvmlFailure(UNKNOWN, f"every question fails, the last with: {self._failure}")
        return reading

    def _read(self, now: float, driver_version: str | None) -> GpuReading:
        ask, nvml = self._ask, self._nvml
        memory = self.memory()
        busy, memory_busy = ask(nvml.utilization) or (None, None)
        return GpuReading(
            index=self._index,
            uuid=self.identity.uuid,
            name=self.identity.name,
            at=now,
            driver_version=driver_version,
            pci_bus_id=self.identity.pci_bus_id,
            memory_used_bytes=memory.used,
            memory_free_bytes=memory.free,
            memory_total_bytes=memory.total,
            memory_reserved_bytes=memory.reserved,
            utilization_ratio=bounds.ratio(busy),
            memory_utilization_ratio=bounds.ratio(memory_busy),
            temperature_celsius=bounds.within(ask(nvml.temperature), bounds.TEMPERATURE_MIN, bounds.TEMPERATURE_MAX),
            power_watts=bounds.scaled(ask(nvml.power), bounds.POWER_MAX_MW, 1e-3),
            power_limit_watts=bounds.scaled(ask(nvml.power_limit), bounds.POWER_MAX_MW, 1e-3),
            energy_joules=self._energy(),
            clock_hertz=self._clocks(),
            clocks_events_active=self._clocks_events(),
            ecc_errors=self._ecc_errors(),
            processes=self._processes(),
        )

    def _energy(self) -> float | None:
        """None also where the counter stepped back: a scraper would take that for a reset and count all of it again."""
        joules = bounds.scaled(self._ask(self._nvml.energy), bounds.COUNT_MAX, 1e-3)
        if joules is None or joules < self._energy_joules:
            return None
        self._energy_joules = joules
        return joules

    def _clocks(self) -> Mapping[str, float]:
        found = {
            name: bounds.scaled(self._ask(self._nvml.clock, clock), bounds.CLOCK_MAX_MHZ, 1e6)
            for name, clock in CLOCKS.items()
        }
        return _known(found)

    def _clocks_events(self) -> Mapping[str, bool]:
        active = self._ask(self._nvml.clocks_event_reasons)
        if active is None or not 0 <= active <= CLOCKS_EVENT_REASONS_MAX:
            return {}
        supported = self._ask(self._nvml.supported_clocks_event_reasons)
        return {
            reason: bool(active & bit)
            for reason, bit in CLOCKS_EVENT_REASONS.items()
            if supported is None or supported & bit
        }

    def _ecc_errors(self) -> Mapping[tuple[str, str], int]:
        found = {key: bounds.count(self._ask(self._nvml.ecc_errors, *codes)) for key, codes in ECC.items()}
        return _known(found)

    def _processes(self) -> tuple[GpuProcess, ...] | None:
        kinds = (self._ask(self._nvml.compute_processes), self._ask(self._nvml.graphics_processes))
        found = merged(kinds)
        return None if found is None else tuple(named(process, self._process_name, PROC) for process in found)

    def _process_name(self, pid: int) -> str | None:
        try:
            return self._nvml.process_name(pid)
        except NvmlFailure:
            return None


def _memory(raw: RawMemory) -> Memory:
    if not 0 < raw.total <= bounds.MEMORY_MAX:
        return Memory()
    return Memory(
        total=raw.total,
        free=bounds.size(raw.free, raw.total),
        used=bounds.size(raw.used, raw.total),
        reserved=bounds.size(raw.reserved, raw.total),
    )


def _known(found: Mapping[K, T | None]) -> dict[K, T]:
    return {key: value for key, value in found.items() if value is not None}
