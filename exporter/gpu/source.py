"""What a source of GPU readings is: NVML, or the demo's simulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ..model import GpuReading


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device that can be read."""

    index: int
    uuid: str
    name: str
    memory_total_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What a source found, for start-up and for the link to the runs."""

    devices: tuple[Device, ...] = ()
    driver_version: str | None = None
    problem: str = ""
    """Why there is no device, in one sentence; empty where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The memory of a device in bytes, with the meanings of `GpuReading`."""

    used: int | None = None
    free: int | None = None
    total: int | None = None
    reserved: int | None = None


class GpuSource(Protocol):
    """Reads devices. Used by one thread only; a call may hang for as long as the driver does."""

    def inventory(self) -> Inventory:
        """What the last reading found; never asks the driver."""

    def read(self, now: float) -> tuple[GpuReading, ...]:
        """All that the devices say at `now` (Unix seconds), by index; empty where there is no driver. Never raises."""

    def read_memory(self, now: float) -> Mapping[str, Memory]:
        """Only the memory, by uuid: cheap enough for every second. Without the devices that do not tell it now."""

    def close(self) -> None:
        """Lets go of the driver."""
