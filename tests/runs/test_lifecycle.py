"""Starts, restarts, ends."""

from __future__ import annotations

import pytest

from exporter.model import ERROR_KINDS, Event, EventKind, RunState, RunStatus
from exporter.runs import settle
from tests.runs.told import WRITTEN, event, live, rows, told

STARTED = EventKind.STARTED
FINISHED = EventKind.FINISHED
DEADLY = [kind for kind in ERROR_KINDS if kind not in (EventKind.OUT_OF_MEMORY, EventKind.NCCL)]


def test_the_first_start_is_no_restart() -> None:
    assert told(event(STARTED, 0), rows([0, 20])).restarts == 0


def test_a_start_with_a_step_back_is_one_restart() -> None:
    state = told(event(STARTED, 0), rows([0, 20, 40]), event(STARTED, 10), rows([10, 30]))
    assert (state.restarts, state.iteration, state.iterations_total) == (1, 30, 60)


def test_a_start_that_resumes_further_on_is_a_restart() -> None:
    state = told(event(STARTED, 0), rows([0, 20]), event(STARTED, 20), rows([40]))
    assert (state.restarts, state.iterations_total) == (1, 40)


def test_a_start_after_a_start_without_progress_is_a_restart() -> None:
    assert told(event(STARTED, 0), event(STARTED, 0), rows([0])).restarts == 1


def test_every_step_back_without_a_word_is_a_restart() -> None:
    state = told(rows([20, 40, 10, 30, 5, 5, 15]))
    assert (state.restarts, state.iteration, state.iterations_total) == (2, 15, 40 + 20 + 10)


def test_repeated_iterations_are_no_restart_and_no_progress() -> None:
    state = told(rows([20], at=[100.0]), rows([20, 20], at=[200.0, 300.0]))
    assert (state.restarts, state.iterations_total, state.last_progress_at) == (0, 20, 100.0)


def test_a_restart_forgets_best_and_statistics_but_no_count() -> None:
    before = told(rows([1, 2, 3]), event(EventKind.OUT_OF_MEMORY))
    after = told(event(STARTED, 0), state=before)
    assert (before.best[0].value, after.best, after.losses) == (1.0, (), ())
    assert {error.kind: error.count for error in after.errors}[EventKind.OUT_OF_MEMORY] == 1


def test_every_kind_of_error_is_counted_from_zero() -> None:
    assert [(error.kind, error.count) for error in told(rows([1])).errors] == [(kind, 0) for kind in ERROR_KINDS]


@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_a_log_that_ends_in_an_error_has_failed(kind: EventKind) -> None:
    state = told(rows([1], at=[100.0]), event(kind, at=110.0))
    assert (state.status, state.ended_by, state.ended_at) == (RunStatus.FAILED, kind, 110.0)


@pytest.mark.parametrize("kind", [EventKind.OUT_OF_MEMORY, EventKind.NCCL])
def test_one_row_after_an_error_that_can_be_survived_shows_that_it_goes_on(kind: EventKind) -> None:
    state = told(rows([1]), event(kind), rows([2]))
    assert (state.status, state.ended_by, state.ended_at) == (RunStatus.RUNNING, None, None)


@pytest.mark.parametrize("kind", DEADLY)
def test_the_last_row_that_is_written_after_a_deadly_error_revives_nothing(kind: EventKind) -> None:
    failed = told(rows([1]), event(kind), rows([2]))
    assert failed.status is RunStatus.FAILED
    assert told(rows([3]), state=failed).status is RunStatus.RUNNING


@pytest.mark.parametrize(
    ("last", "ended_by"),
    [
        (event(FINISHED, at=20.0), EventKind.TRACEBACK),
        (event(EventKind.OUT_OF_MEMORY, at=20.0), EventKind.TRACEBACK),
        (event(EventKind.KILLED, at=20.0), EventKind.TRACEBACK),
    ],
)
def test_what_follows_a_deadly_error_changes_neither_its_kind_nor_its_time(last: Event, ended_by: EventKind) -> None:
    state = told(rows([1]), event(EventKind.TRACEBACK, at=10.0), last)
    assert (state.status, state.ended_by, state.ended_at) == (RunStatus.FAILED, ended_by, 10.0)


def test_a_deadly_error_after_one_that_can_be_survived_needs_two_rows() -> None:
    state = told(rows([1]), event(EventKind.OUT_OF_MEMORY, at=10.0), event(EventKind.TRACEBACK, at=11.0), rows([2]))
    assert (state.status, state.ended_by, state.ended_at) == (RunStatus.FAILED, EventKind.TRACEBACK, 10.0)


def test_a_run_that_survived_an_error_can_finish() -> None:
    state = told(rows([1]), event(EventKind.OUT_OF_MEMORY), event(FINISHED, at=30.0))
    assert (state.status, state.ended_by, state.ended_at) == (RunStatus.FINISHED, FINISHED, 30.0)


def test_an_error_after_the_end_fails_the_run() -> None:
    state = told(rows([1]), event(FINISHED, at=10.0), event(EventKind.TRACEBACK, at=20.0))
    assert (state.status, state.ended_at) == (RunStatus.FAILED, 20.0)


def test_scores_after_the_end_do_not_make_it_run_again() -> None:
    assert told(rows([9]), event(FINISHED), rows([9])).status is RunStatus.FINISHED


@pytest.mark.parametrize("kind", [FINISHED, *ERROR_KINDS])
def test_a_start_or_a_step_back_after_the_end_makes_it_run_again(kind: EventKind) -> None:
    ended = told(rows([9]), event(kind))
    assert told(event(STARTED, 0), state=ended).status is RunStatus.RUNNING
    assert told(rows([0]), state=ended).status is RunStatus.RUNNING


def test_a_log_long_silent_at_start_is_unknown_until_it_speaks() -> None:
    state = settle(told(rows([5])), now=WRITTEN + 86_400)
    assert state is not None
    assert state.status is RunStatus.UNKNOWN
    assert told(state=state, chunk=live(WRITTEN + 86_401)).status is RunStatus.RUNNING


def test_a_log_not_yet_silent_for_long_runs() -> None:
    state = told(rows([5]))
    assert settle(state, now=WRITTEN + 1000) == state


def test_an_ended_log_stays_ended_however_long_ago() -> None:
    state = told(rows([5]), event(FINISHED))
    assert settle(state, now=WRITTEN + 86_400) == state
    assert settle(None, now=WRITTEN) is None


def test_a_plan_that_changes_is_the_last_one() -> None:
    assert told(event(EventKind.PLANNED, 100), event(EventKind.PLANNED, 200)).planned == 200


def test_before_anything_is_known_a_run_is_unknown() -> None:
    assert RunState().status is RunStatus.UNKNOWN
