"""The run's own clock: how long it was active, and how long it was silent at most."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from operator import sub

from ..model import Activity

LIMIT_AT_FIRST = 1800.0
"""Seconds of silence that a healthy run of little history does not exceed: replay of 228 logs, 2,839 hours."""
LIMIT_LATER = 600.0
"""The same after two hours of history: same replay."""
HISTORY = 7200.0
"""Seconds of activity that make a history: same replay."""
DOWNTIME = 7200.0
"""Seconds that no healthy run is silent (at most 24 minutes in that replay): then it was not running, though some logs
show no start when it resumes."""
LIMIT_FACTOR = 2.0
"""In units of the longest silence so far: same replay."""


def active_seconds(activity: Activity) -> float:
    """Seconds that the run was active; downtime before a restart and silences beyond the limit are left out."""
    stretch = 0.0 if activity.since is None or activity.until is None else activity.until - activity.since
    return activity.closed_seconds + activity.estimated_seconds + stretch


def silence_limit(activity: Activity) -> float:
    """Seconds of silence from which the run counts as hung."""
    least = LIMIT_LATER if active_seconds(activity) >= HISTORY else LIMIT_AT_FIRST
    return max(least, LIMIT_FACTOR * max(activity.longest_silence, activity.pending_silence))


class ActivityClock:
    """Takes times in order. A time before the latest one, as two clocks give it, changes nothing."""

    def __init__(self, state: Activity) -> None:
        self._closed = state.closed_seconds
        self._estimated = state.estimated_seconds
        self._since = state.since
        self._until = state.until
        self._longest = state.longest_silence
        self._pending = state.pending_silence

    def resume(self, at: float) -> None:
        """From here on times are of another clock, by which the latest sign of life was then: no silence between."""
        if self._since is not None and self._until != at:
            self.close()
            self._since = self._until = at

    def touch(self, at: float) -> None:
        """There was a sign of life at this time."""
        if self._since is None or self._until is None:
            self._since = self._until = at if self._until is None else max(at, self._until)
            return
        gap = at - self._until
        if gap <= 0.0:
            return
        if gap > silence_limit(self.freeze()):
            self.close()
            self._since = at
        if gap <= DOWNTIME:
            self._pending = max(self._pending, gap)
        self._until = at

    def rows(self, times: Sequence[float]) -> None:
        """There were rows at these times: the silences before them were no downtime."""
        self.touch(times[0])
        gaps = list(map(sub, islice(times, 1, None), times))
        if gaps and self._until == times[0] and min(gaps) >= 0.0 and max(gaps) <= LIMIT_LATER:
            self._pending = max(self._pending, *gaps)
            self._until = times[-1]
        else:
            for at in islice(times, 1, None):
                self.touch(at)
                self._confirm()
        self._confirm()

    def _confirm(self) -> None:
        self._longest = max(self._longest, self._pending)
        self._pending = 0.0

    def estimate(self, seconds: float) -> None:
        """It was active for about as long, at an unknown time."""
        self._estimated += seconds

    def close(self) -> None:
        """The present stretch ends with the last sign of life; the time until the next one is downtime."""
        if self._since is not None and self._until is not None:
            self._closed += self._until - self._since
        self._since = None

    def restart(self) -> None:
        """What was silent since the last row was not running."""
        self.close()
        self._pending = 0.0

    def freeze(self) -> Activity:
        """The state."""
        return Activity(
            closed_seconds=self._closed,
            estimated_seconds=self._estimated,
            since=self._since,
            until=self._until,
            longest_silence=self._longest,
            pending_silence=self._pending,
        )
