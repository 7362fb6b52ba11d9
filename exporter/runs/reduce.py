"""Reduces what one source says to its `RunState`: `(state, decoded, chunk) -> state`.

The time of an item is its own log time, else the time of writing where that is known closely, else None; never after
the file was last written. Cutting the same lines into other chunks of the same age gives the same state, to the last
bit; a backlog of thousands of rows costs about a microsecond each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import Protocol, cast

from ..model import (
    ERROR_KINDS,
    Batch,
    Chunk,
    ColumnKey,
    ErrorCount,
    Event,
    EventKind,
    LineCounts,
    Quantity,
    RunState,
    RunStatus,
    Unparsed,
)
from ._activity import ActivityClock
from ._lifecycle import Lifecycle, stretches
from ._rows import Rows, rows_of
from ._values import Values

CLOSELY = 300.0
"""Seconds: what was written within such an interval happened at its end; a rule on an event looks back ten minutes."""
ANNOUNCEMENTS = (EventKind.EXCEPTION_RAISED, EventKind.EXCEPTION_IGNORED)
"""They speak of the traceback on the next line; by themselves they are nothing."""
ITERATION_SECONDS = ColumnKey(Quantity.ITERATION_SECONDS)


class Decoded(Protocol):
    """What a format made of a chunk."""

    @property
    def items(self) -> Sequence[Batch | Event]:
        """Rows and events in the order of their lines."""

    @property
    def unparsed(self) -> Sequence[Unparsed]:
        """Lines that carry the format's mark and could not be read."""

    @property
    def lines_parsed(self) -> int:
        """How many lines gave at least one value."""

    @property
    def lines_ignored(self) -> int:
        """How many lines neither were parsed nor could not be."""


def reduce(state: RunState | None, decoded: Decoded, chunk: Chunk) -> RunState:
    """The state after a chunk of one source; `state` is None before the first chunk."""
    reducer = _Reducer(state or RunState(), chunk)
    for item in decoded.items:
        if isinstance(item, Batch):
            reducer.batch(item)
        else:
            reducer.event(item)
    return reducer.freeze(decoded)


class _Reducer:
    def __init__(self, state: RunState, chunk: Chunk) -> None:
        self._chunk = chunk
        after = chunk.written_after
        close = after is not None and chunk.written_before - after <= CLOSELY
        self._written_at = chunk.written_before if close else None
        self._life = Lifecycle(state)
        self._clock = ActivityClock(state.activity)
        if self._written_at is not None and state.last_output_at is not None:
            self._clock.resume(state.last_output_at)
        self._values = Values(state)
        self._errors = {found.kind: found for found in state.errors}
        self._announced = (state.announced, state.announced_line)
        self._seen_alive = self._written_at is not None or chunk.live
        self._planned = state.planned
        self._started_at = state.started_at
        self._last_progress_at = state.last_progress_at
        self._lines = state.lines

    def event(self, event: Event) -> None:
        announced, line = self._announced
        known = announced if event.line == line + 1 and event.kind is EventKind.TRACEBACK else None
        if event.kind in ANNOUNCEMENTS:
            self._announced = (event.kind, event.line)
        if known is EventKind.EXCEPTION_IGNORED:
            event = replace(event, kind=known)
        self._happened(event, doubtful=event.kind is EventKind.TRACEBACK and known is None)

    def _happened(self, event: Event, *, doubtful: bool) -> None:
        at = self._written_at if event.at is None else min(event.at, self._chunk.written_before)
        self._begin(at)
        if event.kind is EventKind.STARTED:
            if self._life.start(event.iteration):
                self._restart()
        elif event.kind is EventKind.PLANNED:
            self._planned = event.iteration
            return
        if at is not None and self._life.status is RunStatus.RUNNING:
            self._clock.touch(at if self._written_at is None else self._written_at)
        if event.kind in ERROR_KINDS:
            count = self._errors[event.kind].count + 1
            self._errors[event.kind] = ErrorCount(kind=event.kind, count=count, last_at=at)
        if event.kind in ERROR_KINDS or event.kind is EventKind.FINISHED:
            self._life.end(event, at, doubtful=doubtful)
            if not self._life.doubtful:
                self._clock.close()

    def _begin(self, at: float | None) -> None:
        """The first line with a known time starts the run, unless rows of unknown age came before it."""
        if self._started_at is None and self._life.iteration is None and not self._values.any:
            self._started_at = at

    def _restart(self) -> None:
        self._values.forget()
        self._clock.restart()

    def batch(self, batch: Batch) -> None:
        if not batch.iterations:
            return
        rows = rows_of(batch, self._life.iteration, self._written_at, self._chunk.written_before)
        self._begin(rows.times[0])
        nameless = rows.iterations.count(None)
        if nameless:
            self._take(rows.cut(0, nameless))
        for start, stop in stretches(cast("Sequence[int]", rows.iterations[nameless:])):
            self._stretch(rows.cut(nameless + start, nameless + stop))

    def _stretch(self, rows: Rows) -> None:
        """Takes rows whose iteration never steps back; before the first of them it may have."""
        iterations = cast("Sequence[int]", rows.iterations)
        if self._life.steps_back(iterations[0]):
            self._life.step_back(iterations[0])
            self._restart()
        if self._life.status is not RunStatus.RUNNING:
            dead = self._life.rows_until_alive(iterations)
            if dead:
                self._advance(rows.cut(0, dead))
            if dead == len(iterations):
                return
            self._life.revive()
            rows = rows.cut(dead, len(iterations))
        self._advance(rows)

    def _advance(self, rows: Rows) -> None:
        iterations = cast("Sequence[int]", rows.iterations)
        if ITERATION_SECONDS in rows.columns and None in rows.times:
            self._estimate(iterations, rows)
        index = self._life.advance(iterations)
        if index is not None:
            self._last_progress_at = rows.times[index]
        self._take(rows)

    def _estimate(self, iterations: Sequence[int], rows: Rows) -> None:
        """Rows of unknown age were active for as long as their iterations took; the first row says not how many."""
        before = self._life.position
        for iteration, seconds, at in zip(iterations, rows.columns[ITERATION_SECONDS], rows.times, strict=True):
            if at is None and before is not None and iteration > before and 0.0 <= seconds < inf:
                self._clock.estimate((iteration - before) * seconds)
            before = iteration

    def _take(self, rows: Rows) -> None:
        if self._life.status is RunStatus.RUNNING:
            known = self._signs_of_life(rows.times)
            if known:
                self._clock.rows(known)
        self._values.take(rows.columns, rows.iterations, rows.times)

    def _signs_of_life(self, times: Sequence[float | None]) -> Sequence[float]:
        """The time of writing is the surer one: the log's clock may be of another time zone."""
        if self._written_at is not None:
            return (self._written_at,)
        return [at for at in times if at is not None] if None in times else cast("Sequence[float]", times)

    def freeze(self, decoded: Decoded) -> RunState:
        if self._written_at is not None and self._life.status is RunStatus.RUNNING:
            self._begin(self._written_at)
            self._clock.touch(self._written_at)
        lines = LineCounts(
            parsed=self._lines.parsed + decoded.lines_parsed,
            ignored=self._lines.ignored + decoded.lines_ignored,
            unparsed=self._lines.unparsed + len(decoded.unparsed),
        )
        life = self._life
        return RunState(
            status=life.status,
            iteration=life.iteration,
            position=life.position,
            iterations_total=life.iterations_total,
            planned=self._planned,
            restarts=life.restarts,
            starting=life.starting,
            advances=life.advances,
            progress_since_end=life.progress_since_end,
            ended_by=life.ended_by,
            doubtful=life.doubtful,
            announced=self._announced[0],
            announced_line=self._announced[1],
            seen_alive=self._seen_alive,
            started_at=self._started_at,
            ended_at=life.ended_at,
            last_failed_at=life.last_failed_at,
            last_finished_at=life.last_finished_at,
            last_progress_at=self._last_progress_at,
            last_output_at=self._chunk.written_before,
            activity=self._clock.freeze(),
            latest=self._values.latest(),
            best=self._values.best(),
            losses=self._values.losses(),
            nonfinite=self._values.nonfinite(),
            errors=tuple(self._errors.values()),
            lines=lines,
            dropped=self._values.dropped,
        )
