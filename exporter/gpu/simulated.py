"""A simulated device for the demo: scenes over time to readings, always the same for the same time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from ..model import GpuProcess, GpuReading
from .source import Device, Inventory, Memory

MIB: Final = 2**20
# The readings of an idle GeForce RTX 4090 in nvidia-smi, driver 580.
NAME: Final = "NVIDIA GeForce RTX 4090"
UUID: Final = "GPU-51a1a7ed-0000-4000-8000-000000000000"
DRIVER_VERSION: Final = "580.95.05"
PCI_BUS_ID: Final = "00000000:01:00.0"
TOTAL_BYTES: Final = 24564 * MIB
RESERVED_BYTES: Final = 420 * MIB
POWER_LIMIT_WATTS: Final = 450.0
CLOCKS_HERTZ: Final = {"graphics": 2.52e9, "sm": 2.52e9, "memory": 10.501e9, "video": 1.965e9}
PROCESS: Final = "python3"
CONTEXT_BYTES: Final = 300 * MIB
"""What the display and the driver's contexts hold beside the training."""
ENERGY_BEFORE_JOULES: Final = 1.8e7
"""Used since the driver was loaded, before the first scene."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the device does at one time; between two scenes it goes from one to the other in a straight line."""

    at_s: float
    """Seconds since the start."""
    memory_ratio: float
    """Share of the whole memory in use, reserve included, 0 to 1."""
    utilization_ratio: float
    temperature_celsius: float
    power_watts: float


class SimulatedGpus:
    """A `GpuSource` that plays scenes (at least one) from `started_at` (Unix seconds) on; before and after it rests."""

    def __init__(self, scenes: Sequence[Scene], *, started_at: float, uuid: str = UUID) -> None:
        self._scenes = sorted(scenes, key=lambda scene: scene.at_s)
        self._started_at = started_at
        self._uuid = uuid

    def inventory(self) -> Inventory:
        """The one device."""
        device = Device(index=0, uuid=self._uuid, name=f"{NAME} (simulated)", memory_total_bytes=TOTAL_BYTES)
        return Inventory(devices=(device,), driver_version=DRIVER_VERSION)

    def read(self, now: float) -> tuple[GpuReading, ...]:
        """The device at `now`."""
        scene = self._scene(now - self._started_at)
        memory = _memory(scene)
        reading = GpuReading(
            index=0,
            uuid=self._uuid,
            name=f"{NAME} (simulated)",
            at=now,
            driver_version=DRIVER_VERSION,
            pci_bus_id=PCI_BUS_ID,
            memory_used_bytes=memory.used,
            memory_free_bytes=memory.free,
            memory_total_bytes=memory.total,
            memory_reserved_bytes=memory.reserved,
            utilization_ratio=scene.utilization_ratio,
            memory_utilization_ratio=scene.utilization_ratio / 2,
            temperature_celsius=round(scene.temperature_celsius),
            power_watts=scene.power_watts,
            power_limit_watts=POWER_LIMIT_WATTS,
            energy_joules=ENERGY_BEFORE_JOULES + self._energy_joules(now - self._started_at),
            clock_hertz=CLOCKS_HERTZ,
            clocks_events_active={"gpu_idle": scene.utilization_ratio == 0, "hw_thermal_slowdown": False},
            processes=_processes(memory),
        )
        return (reading,)

    def read_memory(self, now: float) -> Mapping[str, Memory]:
        """The memory of the device at `now`."""
        return {self._uuid: _memory(self._scene(now - self._started_at))}

    def close(self) -> None:
        """Nothing to let go of."""

    def _scene(self, at_s: float) -> Scene:
        after = bisect_right(self._scenes, at_s, key=lambda scene: scene.at_s)
        if 0 < after < len(self._scenes):
            return _between(self._scenes[after - 1], self._scenes[after], at_s)
        return replace(self._scenes[0 if after == 0 else -1], at_s=at_s)

    def _energy_joules(self, at_s: float) -> float:
        """The area under the power from the first scene to `at_s`: exact, since power goes in straight lines."""
        corners = [scene for scene in self._scenes if scene.at_s <= at_s] + [self._scene(at_s)]
        return sum(
            (after.at_s - before.at_s) * (before.power_watts + after.power_watts) / 2
            for before, after in pairwise(corners)
        )


def _between(before: Scene, after: Scene, at_s: float) -> Scene:
    share = (at_s - before.at_s) / (after.at_s - before.at_s)

    def mix(start: float, end: float) -> float:
        return start + (end - start) * share

    return Scene(
        at_s=at_s,
        memory_ratio=mix(before.memory_ratio, after.memory_ratio),
        utilization_ratio=mix(before.utilization_ratio, after.utilization_ratio),
        temperature_celsius=mix(before.temperature_celsius, after.temperature_celsius),
        power_watts=mix(before.power_watts, after.power_watts),
    )


def _memory(scene: Scene) -> Memory:
    free = round(TOTAL_BYTES * (1 - scene.memory_ratio))
    free = min(free, TOTAL_BYTES - RESERVED_BYTES)
    return Memory(used=TOTAL_BYTES - RESERVED_BYTES - free, free=free, total=TOTAL_BYTES, reserved=RESERVED_BYTES)


def _processes(memory: Memory) -> tuple[GpuProcess, ...]:
    used = (memory.used or 0) - CONTEXT_BYTES
    return (GpuProcess(pid=4242, name=PROCESS, memory_used_bytes=used),) if used > 0 else ()
