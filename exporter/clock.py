"""The only wall time and the only sleep. Everything else is handed a `Clock` and a `Wakeup`."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> float:
        """Unix seconds."""

    def monotonic(self) -> float:
        """Seconds that never step back, from an arbitrary origin, at the same pace as `now`."""


class Wakeup(Protocol):
    """Lets a loop wait, and lets another thread end the wait."""

    def wait(self, seconds: float) -> bool:
        """Waits until woken or until `seconds` of the clock's time passed; true when woken."""

    def wake(self) -> None:
        """Ends the present wait, or the next one if there is none. From any thread, and from a signal handler."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()  # noqa: TID251 - the one place

    def monotonic(self) -> float:
        """Seconds that never step back."""
        return time.monotonic()


class ScaledClock:
    """Time that runs `speed` times faster than the machine's: ten minutes of a demo in one."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._origin = time.time()  # noqa: TID251 - the one place
        self._started = time.monotonic()

    def now(self) -> float:
        """Unix seconds; equal to the machine's when the clock was made."""
        return self._origin + self.monotonic()

    def monotonic(self) -> float:
        """Scaled seconds since the clock was made."""
        return (time.monotonic() - self._started) * self.speed


class EventWakeup:
    """A `Wakeup` on a `threading.Event`, for a clock that runs `speed` times faster than the machine's."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._event = threading.Event()

    def wait(self, seconds: float) -> bool:
        """Waits at most `seconds` of the clock's time; true when woken."""
        woken = self._event.wait(max(0.0, seconds) / self._speed)
        if woken:
            self._event.clear()
        return woken

    def wake(self) -> None:
        """Ends the present wait, or the next one."""
        self._event.set()
