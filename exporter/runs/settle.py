"""What a state means at a time: of a log that this program comes to, and of a run that it shows."""

from __future__ import annotations

from dataclasses import replace

from ..model import RunState, RunStatus
from .figures import row_interval, silence_limit

DOUBT_LEAST = 60.0
"""Seconds that a traceback waits for a row that shows that the training goes on: several rows of most logs."""
DOUBT_INTERVALS = 3.0
"""The same in mean times between two rows: two rows show life (`ROWS_THAT_SHOW_LIFE`), and one may be late."""
DOUBT_MOST = 600.0
"""No longer, however rare the rows are: the rule on failures looks back fifteen minutes."""
FORGOTTEN = 86_400.0
"""Seconds of silence after which nobody waits for the run any more: an alert that it hangs had a day to be heard."""


def settle(state: RunState | None, now: float) -> RunState | None:
    """The state once the backlog is read, `now` in Unix seconds: silent beyond its limit, the run is unknown.

    Nobody knows whether it goes on; its next output makes it running again. A run that was seen alive, also before a
    restart of this program, goes on as it was: its silence is news, and a rule's to judge.
    """
    if state is None or state.status is not RunStatus.RUNNING or state.seen_alive:
        return state
    silent = state.last_output_at is None or now - state.last_output_at > silence_limit(state)
    return replace(state, status=RunStatus.UNKNOWN) if silent else replace(state, seen_alive=True)


def present(state: RunState, now: float) -> RunState:
    """The state as it is to be shown at a time, `now` in Unix seconds, with the end that stands among the last ends.

    A doubtful failure is none yet: the run counts as running until no row has come for a while. A run that has been
    silent for a day is unknown.
    """
    if state.status is RunStatus.RUNNING:
        forgotten = state.last_output_at is not None and now - state.last_output_at > FORGOTTEN
        return replace(state, status=RunStatus.UNKNOWN) if forgotten else state
    if state.status is RunStatus.FINISHED:
        return replace(state, last_finished_at=state.ended_at)
    if state.status is not RunStatus.FAILED:
        return state
    if state.doubtful and not _stands(state, now):
        return replace(state, status=RunStatus.RUNNING, ended_by=None, ended_at=None)
    return replace(state, last_failed_at=state.ended_at)


def _stands(state: RunState, now: float) -> bool:
    """Whether no row came for so long that a doubtful failure was one; of unknown time it is old enough."""
    if state.ended_at is None:
        return True
    since = max(state.ended_at, state.last_progress_at or state.ended_at)
    return now - since > min(DOUBT_MOST, max(DOUBT_LEAST, DOUBT_INTERVALS * row_interval(state)))
