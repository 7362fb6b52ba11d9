"""When to try again: soon at first, then each minute."""

from __future__ import annotations

from typing import Final

FIRST_S: Final = 5.0
LONGEST_S: Final = 60.0


class Backoff:
    """Doubles the pause with each failure, from 5 s to a minute. Times in seconds of any clock that may be set."""

    def __init__(self) -> None:
        self._pause_s = 0.0
        self._failed_at = 0.0

    def due(self, now: float) -> bool:
        """Whether to try now; also when the clock was set back."""
        return not 0 <= now - self._failed_at < self._pause_s

    def failed(self, now: float) -> None:
        """Notes a failure: the next try is later."""
        self._failed_at = now
        self._pause_s = min(LONGEST_S, self._pause_s * 2 or FIRST_S)

    def succeeded(self) -> None:
        """Forgets the failures."""
        self._pause_s = 0.0
