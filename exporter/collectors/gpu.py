"""Devices. What a device does not tell now has no sample; of a lost one only that, and the Xid events before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from .. import catalog
from ..catalog import Metric
from ..model import GpuProcess, GpuReading, Snapshot
from ._protocol import Collector, Reading

PROCESSES_MAX: Final = 10
"""Programs per device with a series of their own; the others are one, `other`."""
OTHER: Final = "other"


def collect(snapshot: Snapshot) -> Iterator[Reading]:
    """All readings of all devices."""
    for gpu in snapshot.gpus:
        device = (str(gpu.index), gpu.uuid)
        yield from _identity(gpu, device)
        yield from _gauges(gpu, device)
        yield from _labelled(gpu, device)
        yield from _process_memory(gpu)


def _identity(gpu: GpuReading, device: tuple[str, str]) -> Iterator[Reading]:
    if gpu.uuid:
        labels = (*device, gpu.name, gpu.driver_version or "", gpu.pci_bus_id or "")
        yield Reading(catalog.GPU_INFO, labels, 1)
    yield Reading(catalog.GPU_LOST, device, float(gpu.lost))


def _gauges(gpu: GpuReading, device: tuple[str, str]) -> Iterator[Reading]:
    rows: tuple[tuple[Metric, float | None], ...] = (
        (catalog.GPU_MEMORY_USED, gpu.memory_used_bytes),
        (catalog.GPU_MEMORY_FREE, gpu.memory_free_bytes),
        (catalog.GPU_MEMORY_TOTAL, gpu.memory_total_bytes),
        (catalog.GPU_MEMORY_RESERVED, gpu.memory_reserved_bytes),
        (catalog.GPU_MEMORY_USED_PEAK, gpu.memory_used_peak_bytes),
        (catalog.GPU_UTILIZATION, gpu.utilization_ratio),
        (catalog.GPU_MEMORY_UTILIZATION, gpu.memory_utilization_ratio),
        (catalog.GPU_TEMPERATURE, gpu.temperature_celsius),
        (catalog.GPU_POWER, gpu.power_watts),
        (catalog.GPU_POWER_LIMIT, gpu.power_limit_watts),
        (catalog.GPU_ENERGY, gpu.energy_joules),
        (catalog.GPU_LAST_XID, gpu.last_xid_at),
    )
    for metric, value in rows:
        if value is not None:
            yield Reading(metric, device, value)


def _labelled(gpu: GpuReading, device: tuple[str, str]) -> Iterator[Reading]:
    for clock, hertz in gpu.clock_hertz.items():
        yield Reading(catalog.GPU_CLOCK, (*device, clock), hertz)
    for reason, active in gpu.clocks_events_active.items():
        yield Reading(catalog.GPU_CLOCKS_EVENT, (*device, reason), float(active))
    for (error, lifetime), errors in gpu.ecc_errors.items():
        yield Reading(catalog.GPU_ECC_ERRORS, (*device, error, lifetime), errors)
    for xid, seen in gpu.xid_errors.items():
        yield Reading(catalog.GPU_XID_ERRORS, (*device, str(xid)), seen)


def _process_memory(gpu: GpuReading) -> Iterator[Reading]:
    """The largest programs by name, the rest together."""
    programs = _by_program(gpu.processes or ())
    largest = sorted(programs, key=lambda name: (-programs[name], name))[:PROCESSES_MAX]
    own = {name: programs.pop(name) for name in largest}
    if programs:
        own[OTHER] = own.get(OTHER, 0) + sum(programs.values())
    for name, used in own.items():
        yield Reading(catalog.GPU_PROCESS_MEMORY, (gpu.uuid, name), used)


def _by_program(processes: Iterable[GpuProcess]) -> dict[str, int]:
    """Bytes by program, of the processes whose memory is known."""
    programs: dict[str, int] = {}
    for process in processes:
        if process.memory_used_bytes is not None:
            programs[process.name] = programs.get(process.name, 0) + process.memory_used_bytes
    return programs


COLLECTOR = Collector(name="gpu", collect=collect)
