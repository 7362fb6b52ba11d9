"""What a device says. `None` is: not supported, or failed now; never 0, never the last good value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuProcess:
    """A process that holds memory of a device."""

    pid: int
    """In the driver's process namespace: the host's, where this program runs in a container."""
    name: str
    """The program's name, without its folder; `unknown` where the system hides it."""
    memory_used_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuReading:
    """One device at one time."""

    index: int
    uuid: str
    """Empty for a device that was lost before it could be asked."""
    name: str
    at: float
    """Unix seconds."""
    driver_version: str | None = None
    pci_bus_id: str | None = None
    memory_used_bytes: int | None = None
    """NVML v2: leaves out `reserved`."""
    memory_free_bytes: int | None = None
    memory_total_bytes: int | None = None
    memory_reserved_bytes: int | None = None
    memory_used_peak_bytes: int | None = None
    """The highest `memory_used_bytes` sampled in the last minute."""
    utilization_ratio: float | None = None
    memory_utilization_ratio: float | None = None
    temperature_celsius: float | None = None
    power_watts: float | None = None
    power_limit_watts: float | None = None
    energy_joules: float | None = None
    clock_hertz: Mapping[str, float] = field(default_factory=dict)
    """By clock: `graphics`, `sm`, `memory`, `video`."""
    clocks_events_active: Mapping[str, bool] = field(default_factory=dict)
    """By reason, in the words of nvml.h: `sw_power_cap`, `hw_thermal_slowdown`, …; empty where not supported."""
    ecc_errors: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By (`corrected`|`uncorrected`, `volatile`|`aggregate`)."""
    xid_errors: Mapping[int, int] = field(default_factory=dict)
    """How often each Xid was seen since this program started."""
    last_xid_at: float | None = None
    processes: tuple[GpuProcess, ...] | None = None
    lost: bool = False
    """The driver knows the device but it does not answer any more: no reading but this, and the Xid events before."""
