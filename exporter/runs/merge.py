"""Merges what the sources of one run say: every quantity from one of them, nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from ..model import Best, ErrorCount, Latest, LineCounts, Quantity, RunState, RunStatus
from .figures import active_seconds

T = TypeVar("T")


class Source(NamedTuple):
    """The state of one source, and its format's rank: of two with the same quantity the lower rank wins."""

    rank: int
    state: RunState


def merge(sources: Iterable[Source]) -> RunState:
    """The state of the run; of equal ranks the earlier source wins.

    What several sources see, an error or a restart, counts as often as the one that saw most of it.

    Raises:
        ValueError: there is no source.
    """
    states = [source.state for source in sorted(sources, key=lambda source: source.rank)]
    if not states:
        raise ValueError("a run has at least one source")
    if len(states) == 1:
        return states[0]
    ending, foremost = _ending(states), _foremost(states)
    owners = _owners(states)
    losses = owners.get(Quantity.LOSS, states[0])
    return replace(
        foremost,
        status=ending.status,
        ended_by=ending.ended_by,
        doubtful=ending.doubtful,
        ended_at=ending.ended_at,
        last_failed_at=_latest_time(state.last_failed_at for state in states),
        last_finished_at=_latest_time(state.last_finished_at for state in states),
        advances=max(state.advances for state in states),
        iterations_total=max(state.iterations_total for state in states),
        planned=next((state.planned for state in states if state.planned is not None), None),
        restarts=max(state.restarts for state in states),
        started_at=min(_known(state.started_at for state in states), default=None),
        last_output_at=_latest_time(state.last_output_at for state in states),
        activity=max(states, key=active_seconds).activity,
        latest=_latest(states, owners),
        best=_best(states, owners),
        losses=losses.losses,
        nonfinite=losses.nonfinite,
        errors=_errors(states),
        lines=_lines(states),
        dropped=sum(state.dropped for state in states),
    )


def _known(times: Iterable[float | None]) -> list[float]:
    return [at for at in times if at is not None]


def _latest_time(times: Iterable[float | None]) -> float | None:
    return max(_known(times), default=None)


def _foremost(states: Sequence[RunState]) -> RunState:
    """The one that advanced last: it is nearest to what the run does now."""
    begun = [state for state in states if state.iteration is not None] or states
    return max(begun, key=lambda state: state.last_progress_at or 0.0)


def _ending(states: Sequence[RunState]) -> RunState:
    """The one that tells what the run does now: an end, unless another source advanced after it."""
    ended = [state for state in states if state.ended_by is not None]
    for state in ended:
        if not any(_outlived(state, other) for other in states):
            return state
    return _foremost([state for state in states if state.status is RunStatus.RUNNING] or states)


def _outlived(ended: RunState, other: RunState) -> bool:
    """Whether the other source went on: a row of the same iteration is only the last one, written late."""
    return (
        other.status is RunStatus.RUNNING
        and ended.ended_at is not None
        and other.last_progress_at is not None
        and other.last_progress_at > ended.ended_at
        and other.iteration != ended.iteration
    )


def _owners(states: Sequence[RunState]) -> dict[Quantity, RunState]:
    owners: dict[Quantity, RunState] = {}
    for state in states:
        for quantity in {latest.key.quantity for latest in state.latest}:
            owners.setdefault(quantity, state)
    return owners


def _latest(states: Sequence[RunState], owners: dict[Quantity, RunState]) -> tuple[Latest, ...]:
    return _owned(states, owners, lambda state: state.latest, lambda latest: latest.key.quantity)


def _best(states: Sequence[RunState], owners: dict[Quantity, RunState]) -> tuple[Best, ...]:
    return _owned(states, owners, lambda state: state.best, lambda best: best.key.quantity)


def _owned(
    states: Sequence[RunState],
    owners: dict[Quantity, RunState],
    entries: Callable[[RunState], tuple[T, ...]],
    quantity: Callable[[T], Quantity],
) -> tuple[T, ...]:
    return tuple(entry for state in states for entry in entries(state) if owners[quantity(entry)] is state)


def _errors(states: Sequence[RunState]) -> tuple[ErrorCount, ...]:
    """Per kind the count of the source that saw most, and the last time that any of them knows."""
    kinds = zip(*(state.errors for state in states), strict=True)
    return tuple(
        ErrorCount(
            kind=same[0].kind,
            count=max(found.count for found in same),
            last_at=_latest_time(found.last_at for found in same),
        )
        for same in kinds
    )


def _lines(states: Sequence[RunState]) -> LineCounts:
    return LineCounts(
        parsed=sum(state.lines.parsed for state in states),
        ignored=sum(state.lines.ignored for state in states),
        unparsed=sum(state.lines.unparsed for state in states),
    )
