"""A loop body, again and again on a thread of its own, until stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from ..clock import Wakeup

_PAUSE_S: Final = 5.0
"""After a turn that failed: what is broken for now (a full disk) need not be tried at full speed."""

_log = logging.getLogger(__name__)


class Loop:
    """Calls `turn`, waits for as long as it says, and calls it again. A turn that raises is logged and tried again."""

    def __init__(
        self, name: str, turn: Callable[[], float], wakeup: Wakeup, finish: Callable[[], None] | None = None
    ) -> None:
        self.name = name
        self.failures = 0
        self.failing = False
        """Whether the last turn failed."""
        self._turn = turn
        self._finish = finish
        self._wakeup = wakeup
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begins, if it has not yet."""
        if self._thread.ident is None:
            self._thread.start()

    def stop(self) -> None:
        """Asks it to end after the present turn."""
        self._stopping = True
        self._wakeup.wake()

    def join(self, timeout_s: float) -> bool:
        """Waits for its end; false where it did not come in time."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping:
            self._wakeup.wait(self._one_turn())
        if self._finish is not None:
            self._finish()

    def _one_turn(self) -> float:
        try:
            pause = self._turn()
        except Exception:  # noqa: BLE001 - the boundary of the thread: count and go on
            self.failures += 1
            if not self.failing:
                _log.exception("loop=%s state=failing", self.name)
            self.failing = True
            return _PAUSE_S
        if self.failing:
            _log.info("loop=%s state=recovered", self.name)
            self.failing = False
        return pause
