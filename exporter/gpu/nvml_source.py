"""NVML as a source of readings: finds the driver whenever it comes, survives its restart and lost devices.

Logs what changes, once. Without a driver nothing happens but a try each minute.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from ..model import GpuReading
from .backoff import Backoff
from .link import selects
from .nvml import (
    DRIVER_NOT_LOADED,
    GPU_NOT_FOUND,
    LIB_RM_VERSION_MISMATCH,
    LIBRARY_NOT_FOUND,
    NO_PERMISSION,
    Nvml,
    NvmlFailure,
    Scope,
)
from .nvml_device import Identity, NvmlDevice
from .source import Device, Inventory, Memory
from .xids import Xids

logger = logging.getLogger(__name__)

_SENTENCES: Final = {
    LIBRARY_NOT_FOUND: "no NVIDIA driver (libnvidia-ml.so.1) here; in a container, run it with --gpus all",
    DRIVER_NOT_LOADED: "the NVIDIA driver is installed but not loaded: modprobe nvidia, or reboot",
    LIB_RM_VERSION_MISMATCH: "the NVIDIA driver was updated while the old one is still loaded: reboot",
    NO_PERMISSION: "no permission to use the NVIDIA driver: check the access to /dev/nvidia*",
}


class _Slot:
    """One index of the driver: the device while it answers, its identity while it does not."""

    def __init__(self, index: int, identity: Identity) -> None:
        self.index = index
        self.identity = identity
        self.device: NvmlDevice | None = None
        self._retry = Backoff()
        self._lost = False

    def open(self, nvml: Nvml, now: float) -> None:
        """Finds the device, unless that failed a moment ago."""
        if self.device is not None or not self._retry.due(now):
            return
        try:
            self.device = NvmlDevice(nvml, self.index)
            self.identity = self.device.identity
        except NvmlFailure as failure:
            self._lose(failure, now)

    def read(self, now: float, driver_version: str | None) -> GpuReading:
        """What the device says, or that it is lost.

        Raises:
            NvmlFailure: the driver went away.
        """
        if self.device is not None:
            try:
                reading = self.device.read(now, driver_version)
            except NvmlFailure as failure:
                self._lose(failure, now)
            else:
                self._answered()
                return reading
        return GpuReading(
            index=self.index,
            uuid=self.identity.uuid,
            name=self.identity.name,
            pci_bus_id=self.identity.pci_bus_id,
            at=now,
            driver_version=driver_version,
            lost=True,
        )

    def _lose(self, failure: NvmlFailure, now: float) -> None:
        if failure.scope is Scope.DRIVER:
            raise failure
        if not self._lost:
            logger.warning("gpu lost gpu=%d uuid=%s error=%s", self.index, self.identity.uuid, failure)
        self._lost = True
        self.device = None
        self._retry.failed(now)

    def _answered(self) -> None:
        if self._lost:
            logger.info("gpu answers again gpu=%d uuid=%s", self.index, self.identity.uuid)
        self._lost = False
        self._retry.succeeded()


class NvmlSource:
    """A `GpuSource` over the NVIDIA driver.

    `selection`: indices or uuids of the devices to read; empty: all.
    """

    def __init__(self, selection: tuple[str, ...] = ()) -> None:
        self._selection = selection
        self._nvml: Nvml | None = None
        self._driver_version: str | None = None
        self._slots: tuple[_Slot, ...] = ()
        self._xids = Xids()
        self._retry = Backoff()
        self._inventory = Inventory(problem="the GPUs were not read yet")

    def inventory(self) -> Inventory:
        """What the last reading found."""
        return self._inventory

    def read(self, now: float) -> tuple[GpuReading, ...]:
        """All that the devices say; empty without a driver."""
        try:
            return self._read(now)
        except NvmlFailure as failure:
            self._end(failure, now)
            return ()

    def read_memory(self, now: float) -> Mapping[str, Memory]:  # noqa: ARG002 - what a simulation needs
        """The memory of each device that tells it now."""
        devices = [slot.device for slot in self._slots if slot.device is not None]
        try:
            memory = {device.identity.uuid: device.memory() for device in devices}
        except NvmlFailure:
            return {}  # the next full reading finds out what it means
        return {uuid: found for uuid, found in memory.items() if found.total is not None}

    def close(self) -> None:
        """Ends the session."""
        if self._nvml is not None:
            with suppress(NvmlFailure):  # a driver that went away has nothing left to end
                self._nvml.shutdown()
        self._nvml = None
        self._xids.forget()
        for slot in self._slots:
            slot.device = None

    def _read(self, now: float) -> tuple[GpuReading, ...]:
        if self._nvml is None and not self._retry.due(now):
            return ()
        nvml = self._nvml or self._open(now)
        for slot in self._slots:
            slot.open(nvml, now)
        self._xids.drain(nvml, (slot.device for slot in self._slots if slot.device is not None), now)
        readings = tuple(self._xids.added_to(slot.read(now, self._driver_version)) for slot in self._slots)
        self._take_inventory(readings)
        return readings

    def _open(self, now: float) -> Nvml:
        nvml = self._nvml = Nvml()
        self._driver_version = nvml.driver_version()
        known = {slot.index: slot.identity for slot in self._slots}
        slots = [_Slot(index, known.get(index, Identity())) for index in range(nvml.device_count())]
        for slot in slots:
            slot.open(nvml, now)
        self._slots = tuple(slot for slot in slots if self._selected(slot))
        if not slots:
            raise NvmlFailure(GPU_NOT_FOUND, "the NVIDIA driver knows no GPU")
        if not self._slots:
            raise NvmlFailure(GPU_NOT_FOUND, f"no GPU is {' or '.join(self._selection)}")
        self._retry.succeeded()
        logger.info("gpu driver found version=%s devices=%d", self._driver_version, len(self._slots))
        return nvml

    def _selected(self, slot: _Slot) -> bool:
        return not self._selection or any(selects(word, slot.index, slot.identity.uuid) for word in self._selection)

    def _take_inventory(self, readings: tuple[GpuReading, ...]) -> None:
        devices = tuple(
            Device(
                index=reading.index,
                uuid=reading.uuid,
                name=reading.name,
                memory_total_bytes=reading.memory_total_bytes,
            )
            for reading in readings
            if reading.uuid
        )
        self._inventory = Inventory(devices=devices, driver_version=self._driver_version)

    def _end(self, failure: NvmlFailure, now: float) -> None:
        problem = _SENTENCES.get(failure.code, f"the NVIDIA driver fails: {failure}")
        if problem != self._inventory.problem:
            logger.warning("no gpu metrics reason=%r", problem)
        self._inventory = Inventory(problem=problem)
        self._retry.failed(now)
        self.close()
