"""Starts, advances, ends: what a run does, from its events and the iterations of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from operator import le

from ..model import Event, EventKind, RunState, RunStatus

SURVIVABLE = (EventKind.OUT_OF_MEMORY, EventKind.NCCL)
"""A training may skip the batch, or try again, and go on: one row that advances shows it."""
ROWS_THAT_SHOW_LIFE = 2
"""After any other end: Detectron2 writes one more row after the exception that ended it (`hooks.PeriodicWriter`)."""


class Lifecycle:
    """Takes events and rows in order.

    An end stands until ordinary rows show that the run simply went on: then it was none. A new start or a step back
    shows that it was one.
    """

    def __init__(self, state: RunState) -> None:
        self.status = RunStatus.RUNNING if state.status is RunStatus.UNKNOWN else state.status
        self.iteration = state.iteration
        self.position = state.position
        self.iterations_total = state.iterations_total
        self.restarts = state.restarts
        self.starting = state.starting
        self.advances = state.advances
        self.progress_since_end = state.progress_since_end
        self.ended_by = state.ended_by
        self.doubtful = state.doubtful
        self.ended_at = state.ended_at
        self.last_failed_at = state.last_failed_at
        self.last_finished_at = state.last_finished_at

    @property
    def begun(self) -> bool:
        """Whether there was a start or a row."""
        return self.starting or self.iteration is not None

    def start(self, iteration: int | None) -> bool:
        """The log names a start, at this iteration; whether it is one after the first."""
        again = self.begun
        self.restarts += again
        self.starting = True
        self.position = iteration
        self._start_again()
        return again

    def step_back(self, iteration: int) -> None:
        """The iteration stepped back to this one without a word."""
        self.restarts += 1
        self.position = iteration
        self._start_again()

    def _start_again(self) -> None:
        if self.status is RunStatus.FAILED:
            self.last_failed_at = self.ended_at
        elif self.status is RunStatus.FINISHED:
            self.last_finished_at = self.ended_at
        self.revive()

    def steps_back(self, iteration: int) -> bool:
        """Whether a row with this iteration is an unannounced restart."""
        return self.iteration is not None and iteration < self.iteration and not self.starting

    def advance(self, iterations: Sequence[int]) -> int | None:
        """Takes rows that do not step back; the index of the last that advanced, None if none did."""
        first, last = iterations[0], iterations[-1]
        base = self._base(first)
        self.iterations_total += max(0, first - base) + last - first
        self.advances += len(set(iterations)) - (first == self.iteration)
        progressed = first != self.iteration or first != last or self.starting
        self.iteration = self.position = last
        self.starting = False
        return iterations.index(last) if progressed else None

    def _base(self, first: int) -> int:
        """From where the next row's advance counts; before anything is known, from 0: the log may begin late."""
        if self.position is not None:
            return self.position
        return first if self.restarts else 0

    def rows_until_alive(self, iterations: Sequence[int]) -> int:
        """For an ended run: how many of these rows precede the one that shows that it goes on; all if none does."""
        needed = 1 if self.ended_by in SURVIVABLE else ROWS_THAT_SHOW_LIFE
        previous = None if self.starting else self.iteration
        for index, iteration in enumerate(iterations):
            if previous is None or iteration > previous:
                self.progress_since_end += 1
                if self.progress_since_end >= needed:
                    return index
            previous = iteration
        return len(iterations)

    def revive(self) -> None:
        """It runs."""
        self.status = RunStatus.RUNNING
        self.ended_by = self.ended_at = None
        self.doubtful = False
        self.progress_since_end = 0

    def end(self, event: Event, at: float | None, *, doubtful: bool) -> None:
        """The planned end or an error. What follows a deadly error, a last word or milder errors, is its epilogue.

        A traceback alone is doubtful, unless the run had ended already; whatever error follows it takes the doubt away.
        """
        if self.status is RunStatus.RUNNING:
            self.doubtful = doubtful
        elif event.kind is not EventKind.FINISHED:
            self.doubtful = self.doubtful and doubtful
        deadly = self.status is RunStatus.FAILED and self.ended_by not in SURVIVABLE
        if deadly and event.kind in (EventKind.FINISHED, *SURVIVABLE):
            return
        if self.status is not RunStatus.FAILED or event.kind is EventKind.FINISHED:
            self.ended_at = at
        if not deadly:
            self.ended_by = event.kind
        self.status = RunStatus.FINISHED if event.kind is EventKind.FINISHED else RunStatus.FAILED
        if not self.doubtful:
            self.progress_since_end = 0


def stretches(iterations: Sequence[int]) -> list[tuple[int, int]]:
    """Cuts rows where the iteration steps back: (start, stop) of each piece, one where it never does, none of none."""
    count = len(iterations)
    if not count:
        return []
    if all(map(le, iterations, islice(iterations, 1, None))):
        return [(0, count)]
    cuts = [index for index in range(1, count) if iterations[index] < iterations[index - 1]]
    return list(zip([0, *cuts], [*cuts, count], strict=True))
