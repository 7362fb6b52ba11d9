"""Reads figures off a state: how far, how long still, how long silent at most."""

from __future__ import annotations

from math import isfinite

from ..model import ColumnKey, Quantity, RunState, RunStatus
from . import _activity


def active_seconds(state: RunState) -> float:
    """Seconds that the run was active, up to its last output; downtime before restarts is left out."""
    return _activity.active_seconds(state.activity)


def silence_limit(state: RunState) -> float:
    """Seconds of silence beyond which the run counts as hung, by its own history."""
    return _activity.silence_limit(state.activity)


def row_interval(state: RunState) -> float:
    """Mean seconds between two rows that advance, while the run was active; 0 where no time is known."""
    return active_seconds(state) / state.advances if state.advances else 0.0


def planned_length(state: RunState) -> float | None:
    """The planned length in iterations: as the log says, else from its remaining time; None where neither tells."""
    if state.planned is not None:
        return state.planned
    if state.iteration is None:
        return None
    remaining, seconds = _known(state, Quantity.ETA_SECONDS), _known(state, Quantity.ITERATION_SECONDS)
    if remaining is not None and seconds:
        return state.iteration + remaining / seconds
    epoch, epochs = _known(state, Quantity.EPOCH), _known(state, Quantity.EPOCHS_PLANNED)
    return state.iteration * epochs / epoch if epoch and epochs else None


def progress_ratio(state: RunState) -> float | None:
    """Share of the planned length that is done, 0 to 1; None where the length is not known."""
    planned = planned_length(state)
    if not planned or state.iteration is None:
        return None
    return min(1.0, max(0.0, state.iteration / planned))


def eta_seconds(state: RunState) -> float | None:
    """Remaining seconds: as logged, else from the plan while the run goes on; None where neither tells."""
    logged = _known(state, Quantity.ETA_SECONDS)
    if logged is not None:
        return logged
    seconds, planned = _known(state, Quantity.ITERATION_SECONDS), planned_length(state)
    if seconds is None or planned is None or state.iteration is None or state.status is not RunStatus.RUNNING:
        return None
    return max(0.0, planned - state.iteration) * seconds


def _known(state: RunState, quantity: Quantity) -> float | None:
    """The last value of a column without name, where it is finite and not negative."""
    value = state.value(ColumnKey(quantity))
    return value if value is not None and isfinite(value) and value >= 0 else None
