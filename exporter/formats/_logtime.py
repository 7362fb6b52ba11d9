"""Log times without a year and a zone to Unix seconds, bounded by what is known of when the lines were written.

Assumes that the training wrote local time and that this machine's zone is the same. A time that contradicts the file
is not trusted, so no time ever lies after the moment at which the line was there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

from ..model import Chunk
from ._numbers import SECONDS_PER_DAY, SECONDS_PER_MINUTE, TWO_DIGITS

SLACK_S = float(SECONDS_PER_DAY)
"""How far a log time may lie after the file's own time and still belong to the same year: any zone and clock skew."""

SHORT_S = 300.0
"""A writing interval this short says better than the log when the line was written (the log may be in another zone);
and buffered lines may be this much older than their file."""

YEARS_BACK = 8
"""29 February may lie eight years back (1896 to 1904, 2096 to 2104)."""


class LogClock:
    """Reads `MM/DD HH:MM:SS` of the lines of one chunk."""

    def __init__(self, chunk: Chunk) -> None:
        self._after = chunk.written_after
        self._before = chunk.written_before
        self._first = -math.inf if chunk.written_after is None else chunk.written_after
        self._hours: dict[str, float | None] = {}
        """The beginnings of hours: clocks are put forward and back only there."""
        self._minutes: dict[str, float] = {}
        """Minutes that lie in the writing interval as a whole."""

    def moments(self, texts: Iterable[str]) -> list[float | None]:
        """`moment` of each; the minute, which most share, is worked out once."""
        known, two, moment = self._minutes.get, TWO_DIGITS, self.moment
        return [moment(text) if (minute := known(text[:11])) is None else minute + two[text[12:]] for text in texts]

    def moment(self, text: str) -> float | None:
        """Unix seconds of `11/17 15:16:42`; None where there is no such time or it cannot be trusted."""
        hour = text[:8]
        if hour not in self._hours:
            self._hours[hour] = _hour(hour, self._before)
        base = self._hours[hour]
        if base is None:
            return None
        minute = base + TWO_DIGITS[text[9:11]] * SECONDS_PER_MINUTE
        if self._first <= minute <= self._before - SECONDS_PER_MINUTE:
            self._minutes[text[:11]] = minute
        at = minute + TWO_DIGITS[text[12:]]
        return at if self._first <= at <= self._before else self._bounded(at)

    def _bounded(self, at: float) -> float | None:
        """A time outside the writing interval, moved to its nearer end or given up."""
        after, before = self._after, self._before
        if after is None:
            return None
        if before - after <= SHORT_S:
            return min(max(at, after), before)
        return after if after - SHORT_S <= at < after else None


def _hour(text: str, before: float) -> float | None:
    """The beginning of the latest hour `11/17 15` that does not lie after `before`, give or take the slack."""
    month, day, hour = (TWO_DIGITS[text[at : at + 2]] for at in (0, 3, 6))
    newest = time.localtime(before + SLACK_S).tm_year
    for year in range(newest, newest - YEARS_BACK - 1, -1):
        at = _local(year, month, day, hour)
        if at is not None and at <= before + SLACK_S:
            return at
    return None


def _local(year: int, month: int, day: int, hour: int) -> float | None:
    """Unix seconds of a local time; None where the calendar has no such day."""
    try:
        at = time.mktime((year, month, day, hour, 0, 0, 0, 0, -1))
    except (OverflowError, ValueError):
        return None
    there = time.localtime(at)
    return at if (there.tm_year, there.tm_mon, there.tm_mday) == (year, month, day) else None
