"""What fails, fails alone: the others go on, and the log says once that it fails and once that it does no more."""

from __future__ import annotations

import logging
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Guard:
    """Calls what may raise, and remembers what did. Used by one thread."""

    def __init__(self) -> None:
        self._failing: set[str] = set()

    def is_failing(self, what: str) -> bool:
        """Whether the last call that did something raised."""
        return what in self._failing

    def succeeds(self, what: str, act: Callable[[], bool]) -> bool:
        """What `act` says of whether it did something; false where it raised."""
        try:
            done = act()
        except Exception:  # noqa: BLE001 - the boundary between one log and all others
            if what not in self._failing:
                _log.exception("%s state=failing", what)
            self._failing.add(what)
            return False
        if done and what in self._failing:
            _log.info("%s state=recovered", what)
            self._failing.discard(what)
        return done
