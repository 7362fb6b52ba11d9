"""How the program is asked to end: by a signal, or by a thread of its own."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class EndRequest:
    """Made once, from any thread or a signal handler; the main thread waits for it.

    A pipe, because a signal handler runs in the main thread: a lock that the thread holds at that moment, as within
    `threading.Event.wait`, would never be free again.
    """

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def make(self) -> None:
        """Asks; every wait, also a later one, returns at once."""
        if self._writer >= 0:
            os.write(self._writer, b"\0")

    def close(self) -> None:
        """Gives the pipe back; after the last wait."""
        self._reader, reader = -1, self._reader
        self._writer, writer = -1, self._writer
        os.close(reader)
        os.close(writer)

    def wait(self, seconds: float) -> bool:
        """Waits at most so long; whether it was made."""
        return bool(select.select([self._reader], [], [], seconds)[0])


@contextmanager
def handling_signals(end: Callable[[], None], hang_up: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM call `end`, a second one is the user's last word; SIGHUP calls `hang_up`."""

    def handle(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        end()

    handlers = {signal.SIGINT: handle, signal.SIGTERM: handle, signal.SIGHUP: lambda *_: hang_up()}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
