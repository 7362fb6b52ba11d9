"""An interval to its slots, the multiples of it since the epoch: each is taken once, and missed ones never made up."""

from __future__ import annotations

from typing import NamedTuple


class Due(NamedTuple):
    """A slot whose time has come."""

    at_ms: int
    missed: int
    """Slots before it that nobody took."""


class Schedule:
    """The slots of one interval in milliseconds. `at_once` makes the slot before the first call due too."""

    def __init__(self, interval_ms: int, *, at_once: bool = False) -> None:
        self.interval_ms = interval_ms
        self._at_once = at_once
        self._last: int | None = None

    def take(self, now_ms: int) -> Due | None:
        """The newest slot that has come, once."""
        slot = now_ms - now_ms % self.interval_ms
        last, self._last = self._last, slot if self._last is None else max(slot, self._last)
        if last is None:
            return Due(slot, 0) if self._at_once or slot == now_ms else None
        return Due(slot, (slot - last) // self.interval_ms - 1) if slot > last else None

    def next_ms(self, now_ms: int) -> int:
        """When the next slot comes."""
        return now_ms - now_ms % self.interval_ms + self.interval_ms

    def reset(self) -> None:
        """Begins anew: the clock was set back."""
        self._last = None
