"""The door to NVML: typed calls, one typed failure. The only module that knows `pynvml`.

Values are the driver's own (mW, mJ, MHz, percent), unchecked: `nvml_device` makes base units of them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NamedTuple, NewType

LIBRARY: Final = "libnvidia-ml.so.1"

Handle = NewType("Handle", object)
"""A device, valid for as long as the library stays open."""
EventSet = NewType("EventSet", object)

# nvmlReturn_t of nvml.h
UNINITIALIZED: Final = 1
NOT_SUPPORTED: Final = 3
NO_PERMISSION: Final = 4
DRIVER_NOT_LOADED: Final = 9
TIMEOUT: Final = 10
LIBRARY_NOT_FOUND: Final = 12
FUNCTION_NOT_FOUND: Final = 13
GPU_IS_LOST: Final = 15
RESET_REQUIRED: Final = 16
LIB_RM_VERSION_MISMATCH: Final = 18
VGPU_ECC_NOT_SUPPORTED: Final = 22
ARGUMENT_VERSION_MISMATCH: Final = 25
GPU_NOT_FOUND: Final = 28
UNKNOWN: Final = 999

TOO_NEW: Final = frozenset({FUNCTION_NOT_FOUND, ARGUMENT_VERSION_MISMATCH})
"""How a driver says that it is too old for a function or for the version of its structure."""
XID_EVENT: Final = 8
"""`nvmlEventTypeXidCriticalError` of nvml.h."""


class Scope(Enum):
    """What a failed call concerns."""

    NEVER = "never"
    """This question on this device, for good: there is no such sensor, or the driver is too old for it."""
    NOW = "now"
    """This question, this time."""
    DEVICE = "device"
    """The device as a whole: it fell off the bus or needs a reset."""
    DRIVER = "driver"
    """The session: the driver went away."""


_SCOPES: Final = {
    NOT_SUPPORTED: Scope.NEVER,
    FUNCTION_NOT_FOUND: Scope.NEVER,
    VGPU_ECC_NOT_SUPPORTED: Scope.NEVER,
    GPU_IS_LOST: Scope.DEVICE,
    RESET_REQUIRED: Scope.DEVICE,
    GPU_NOT_FOUND: Scope.DEVICE,
    UNINITIALIZED: Scope.DRIVER,
    DRIVER_NOT_LOADED: Scope.DRIVER,
    LIBRARY_NOT_FOUND: Scope.DRIVER,
    LIB_RM_VERSION_MISMATCH: Scope.DRIVER,
}


class NvmlFailure(Exception):  # noqa: N818 - an answer of the driver like any other, handled where it is met
    """A call that the driver did not answer."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{text} (NVML error {code})")
        self.code = code
        self.scope = _SCOPES.get(code, Scope.NOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawMemory:
    """`nvmlMemory_v2_t`, or `nvmlMemory_t` with `reserved` None and counted as used."""

    total: int
    free: int
    used: int
    reserved: int | None


class ProcessMemory(NamedTuple):
    """A process and the bytes that it holds; None where the driver does not say."""

    pid: int
    used: int | None


class XidEvent(NamedTuple):
    """An Xid of the device whose handle has this address."""

    address: int
    xid: int


def _binding() -> Any:  # noqa: ANN401 - pynvml is untyped
    """`pynvml`, imported only where there is a driver: it costs 4 MB.

    Raises:
        NvmlFailure: there is no driver library.
    """
    try:
        ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise NvmlFailure(LIBRARY_NOT_FOUND, f"{LIBRARY} cannot be loaded") from error
    import pynvml  # noqa: PLC0415 - late, see above

    return pynvml


class Nvml:
    """One session with the driver. Every method may raise `NvmlFailure`, and hangs where the driver does."""

    def __init__(self) -> None:
        self._pynvml = _binding()
        self._ask("nvmlInit")

    def _ask(self, name: str, *arguments: object) -> Any:  # noqa: ANN401 - pynvml is untyped
        try:
            return getattr(self._pynvml, name)(*arguments)
        except self._pynvml.NVMLError as error:
            raise NvmlFailure(error.value, str(error)) from error
        except UnicodeDecodeError as error:
            raise NvmlFailure(UNKNOWN, "text that is no UTF-8") from error

    def _ask_newest(self, names: Sequence[str], *arguments: object) -> Any:  # noqa: ANN401 - pynvml is untyped
        """Asks the first of these functions that both binding and driver know."""
        *newer, oldest = (name for name in names if hasattr(self._pynvml, name))
        for name in newer:
            try:
                return self._ask(name, *arguments)
            except NvmlFailure as failure:
                if failure.code not in TOO_NEW:
                    raise
        return self._ask(oldest, *arguments)

    def shutdown(self) -> None:
        """Ends the session."""
        self._ask("nvmlShutdown")

    def driver_version(self) -> str:
        """As in `580.95.05`."""
        return str(self._ask("nvmlSystemGetDriverVersion"))

    def device_count(self) -> int:
        """Devices that the driver knows, lost ones too."""
        return int(self._ask("nvmlDeviceGetCount"))

    def handle(self, index: int) -> Handle:
        """The device at an index; fails for a lost one."""
        return Handle(self._ask("nvmlDeviceGetHandleByIndex", index))

    def uuid(self, handle: Handle) -> str:
        """As in `GPU-8932f937-d72c-4106-c12f-20bd9faed9f6`."""
        return str(self._ask("nvmlDeviceGetUUID", handle))

    def name(self, handle: Handle) -> str:
        """As in `NVIDIA H200`."""
        return str(self._ask("nvmlDeviceGetName", handle))

    def pci_bus_id(self, handle: Handle) -> str:
        """As in `00000000:18:00.0`."""
        return str(self._ask("nvmlDeviceGetPciInfo_v3", handle).busId)

    def memory(self, handle: Handle) -> RawMemory:
        """In bytes; version 1 where the driver lacks version 2."""
        try:
            found = self._ask("nvmlDeviceGetMemoryInfo", handle, self._pynvml.nvmlMemory_v2)
        except NvmlFailure as failure:
            if failure.code not in TOO_NEW:
                raise
            old = self._ask("nvmlDeviceGetMemoryInfo", handle)
            return RawMemory(total=old.total, free=old.free, used=old.used, reserved=None)
        return RawMemory(total=found.total, free=found.free, used=found.used, reserved=found.reserved)

    def utilization(self, handle: Handle) -> tuple[int, int]:
        """Of the device and of its memory's bandwidth, in percent."""
        rates = self._ask("nvmlDeviceGetUtilizationRates", handle)
        return rates.gpu, rates.memory

    def temperature(self, handle: Handle) -> int:
        """In degrees Celsius."""
        sensor = self._pynvml.NVML_TEMPERATURE_GPU
        return int(self._ask_newest(("nvmlDeviceGetTemperatureV", "nvmlDeviceGetTemperature"), handle, sensor))

    def power(self, handle: Handle) -> int:
        """In mW."""
        return int(self._ask("nvmlDeviceGetPowerUsage", handle))

    def power_limit(self, handle: Handle) -> int:
        """In mW: the lowest of all limits in force."""
        return int(self._ask("nvmlDeviceGetEnforcedPowerLimit", handle))

    def energy(self, handle: Handle) -> int:
        """In mJ since the driver was loaded."""
        return int(self._ask("nvmlDeviceGetTotalEnergyConsumption", handle))

    def clock(self, handle: Handle, clock: int) -> int:
        """In MHz; `clock` is an `nvmlClockType_t`."""
        return int(self._ask("nvmlDeviceGetClockInfo", handle, clock))

    def clocks_event_reasons(self, handle: Handle) -> int:
        """Bits `nvmlClocksEventReason…`; before driver 535 they were called throttle reasons."""
        names = ("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons")
        return int(self._ask_newest(names, handle))

    def supported_clocks_event_reasons(self, handle: Handle) -> int:
        """The bits that the device can set."""
        names = ("nvmlDeviceGetSupportedClocksEventReasons", "nvmlDeviceGetSupportedClocksThrottleReasons")
        return int(self._ask_newest(names, handle))

    def ecc_errors(self, handle: Handle, error: int, lifetime: int) -> int:
        """By `nvmlMemoryErrorType_t` and `nvmlEccCounterType_t`."""
        return int(self._ask("nvmlDeviceGetTotalEccErrors", handle, error, lifetime))

    def compute_processes(self, handle: Handle) -> tuple[ProcessMemory, ...]:
        """Processes with a compute context."""
        return _processes(self._ask("nvmlDeviceGetComputeRunningProcesses_v3", handle))

    def graphics_processes(self, handle: Handle) -> tuple[ProcessMemory, ...]:
        """Processes with a graphics context."""
        return _processes(self._ask("nvmlDeviceGetGraphicsRunningProcesses_v3", handle))

    def process_name(self, pid: int) -> str:
        """The path of its program; some drivers give the whole command line."""
        return str(self._ask("nvmlSystemGetProcessName", pid))

    def watch_xids(self, handles: Sequence[Handle]) -> EventSet:
        """A set that collects the Xid events of these devices from now on; of those that can tell."""
        events = self._ask("nvmlEventSetCreate")
        for handle in handles:
            try:
                if self._ask("nvmlDeviceGetSupportedEventTypes", handle) & XID_EVENT:
                    self._ask("nvmlDeviceRegisterEvents", handle, XID_EVENT, events)
            except NvmlFailure as failure:
                if failure.scope is Scope.DRIVER:
                    raise
        return EventSet(events)

    def next_xid(self, events: EventSet) -> XidEvent | None:
        """The oldest event that was not read yet; None where there is none. Does not wait."""
        try:
            event = self._ask("nvmlEventSetWait_v2", events, 0)
        except NvmlFailure as failure:
            if failure.code == TIMEOUT:
                return None
            raise
        return XidEvent(address(event.device), int(event.eventData))

    def free(self, events: EventSet) -> None:
        """Ends the watch."""
        self._ask("nvmlEventSetFree", events)


def address(handle: object) -> int:
    """What tells two handles apart: an event names its device by a handle, which a lost device cannot translate."""
    return ctypes.cast(handle, ctypes.c_void_p).value or 0  # type: ignore[arg-type]  # a pynvml pointer


def _processes(found: Sequence[Any]) -> tuple[ProcessMemory, ...]:
    return tuple(ProcessMemory(process.pid, process.usedGpuMemory) for process in found)
