"""What a log without an end mark means when this program comes to it."""

from __future__ import annotations

from dataclasses import replace

from ..model import RunState, RunStatus
from .figures import silence_limit


def settle(state: RunState | None, now: float) -> RunState | None:
    """The state once the backlog is read, `now` in Unix seconds: silent beyond its limit, the run is unknown.

    Nobody knows whether it goes on; its next output makes it running again.
    """
    if state is None or state.status is not RunStatus.RUNNING:
        return state
    silent = state.last_output_at is None or now - state.last_output_at > silence_limit(state)
    return replace(state, status=RunStatus.UNKNOWN) if silent else state
