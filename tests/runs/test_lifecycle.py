"""Starts, restarts, ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from exporter.model import ERROR_KINDS, Batch, Event, EventKind, RunState, RunStatus
from exporter.runs import active_seconds, present, row_interval, settle
from tests.runs.told import ETA, TRAIN, VAL, WRITTEN, event, live, rows, told

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
    assert (before.best[0].value, after.best, after.losses, after.latest) == (1.0, (), (), ())
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
    assert settle(state, now=WRITTEN + 1000) == replace(state, seen_alive=True)


def test_an_ended_log_stays_ended_however_long_ago() -> None:
    state = told(rows([5]), event(FINISHED))
    assert settle(state, now=WRITTEN + 86_400) == state
    assert settle(None, now=WRITTEN) is None


def test_a_plan_that_changes_is_the_last_one() -> None:
    assert told(event(EventKind.PLANNED, 100), event(EventKind.PLANNED, 200)).planned == 200


def test_before_anything_is_known_a_run_is_unknown() -> None:
    assert RunState().status is RunStatus.UNKNOWN


TRACEBACK = EventKind.TRACEBACK
START = WRITTEN


def steady(last: int, interval: float = 10.0) -> RunState:
    """A run that wrote a row each interval; the last at `START`."""
    times = [START - (last - row) * interval for row in range(last + 1)]
    return told(event(STARTED, 0), rows(range(last + 1), at=list(times)))


def at_time(now: float, *items: Batch | Event, state: RunState) -> RunState:
    return told(*items, state=state, chunk=live(now))


def shown(state: RunState, now: float) -> tuple[RunStatus, float | None]:
    seen = present(state, now)
    return seen.status, seen.last_failed_at


def test_a_traceback_alone_is_a_failure_once_no_row_came_for_a_minute() -> None:
    state = at_time(START + 5, event(TRACEBACK), state=steady(30))
    assert state.status is RunStatus.FAILED
    assert shown(state, START + 65) == (RunStatus.RUNNING, None)
    assert shown(state, START + 66) == (RunStatus.FAILED, START + 5)


def test_a_doubtful_failure_is_shown_as_a_run_that_goes_on() -> None:
    seen = present(at_time(START + 5, event(TRACEBACK), state=steady(30)), START + 6)
    assert (seen.status, seen.ended_by, seen.ended_at) == (RunStatus.RUNNING, None, None)


@pytest.mark.parametrize(("interval", "wait"), [(100.0, 300.0), (590.0, 600.0)])
def test_where_rows_are_rare_a_traceback_waits_longer_but_not_for_ever(interval: float, wait: float) -> None:
    before = steady(30, interval)
    assert row_interval(before) == pytest.approx(interval, rel=0.05)
    state = at_time(START + 5, event(TRACEBACK), state=before)
    assert shown(state, START + 5 + wait * 0.95)[0] is RunStatus.RUNNING
    assert shown(state, START + 6 + wait) == (RunStatus.FAILED, START + 5)


def test_a_training_that_prints_tracebacks_between_its_rows_never_fails() -> None:
    state = steady(30)
    for row in range(31, 60):
        now = START + 10.0 * (row - 30)
        state = at_time(now, event(TRACEBACK), rows([row]), state=state)
        assert shown(state, now + 9.0) == (RunStatus.RUNNING, None)
    assert active_seconds(state) == pytest.approx(590.0, abs=20.0)


def test_the_traceback_of_an_exception_that_python_ignores_is_no_error() -> None:
    ignored = event(EventKind.EXCEPTION_IGNORED, line=7)
    state = at_time(START + 5, ignored, event(TRACEBACK, line=8), state=steady(30))
    assert (state.status, sum(error.count for error in state.errors)) == (RunStatus.RUNNING, 0)
    cut = at_time(START + 5, event(TRACEBACK, line=8), state=at_time(START + 5, ignored, state=steady(30)))
    assert cut == state
    assert at_time(START + 6, event(TRACEBACK, line=20), state=state).status is RunStatus.FAILED


@pytest.mark.parametrize("kind", [kind for kind in ERROR_KINDS if kind is not TRACEBACK])
def test_another_error_after_a_traceback_takes_the_doubt_away(kind: EventKind) -> None:
    state = at_time(START + 5, event(TRACEBACK), event(kind), state=steady(30))
    assert shown(state, START + 5) == (RunStatus.FAILED, START + 5)


def test_a_traceback_that_the_framework_announces_fails_at_once() -> None:
    raised = event(EventKind.EXCEPTION_RAISED, line=7)
    state = at_time(START + 5, raised, event(TRACEBACK, line=8), state=steady(30))
    assert shown(state, START + 5) == (RunStatus.FAILED, START + 5)


@pytest.mark.parametrize("again", [event(STARTED, 0), rows([0])])
def test_a_failure_outlives_the_start_that_follows_it(again: Event | Batch) -> None:
    state = at_time(START + 5, event(TRACEBACK), again, rows([20, 40]), state=steady(30))
    assert (state.status, state.ended_at, state.last_failed_at) == (RunStatus.RUNNING, None, START + 5)


def test_rows_that_go_on_take_a_failure_back() -> None:
    state = at_time(START + 5, event(EventKind.KILLED), state=steady(30))
    assert shown(state, START + 5)[1] == START + 5
    assert shown(at_time(START + 9, rows([31, 32]), state=state), START + 9) == (RunStatus.RUNNING, None)


def test_a_planned_end_outlives_the_start_that_follows_it() -> None:
    ended = at_time(START + 5, event(FINISHED), state=steady(30))
    assert present(ended, START + 5).last_finished_at == START + 5
    again = at_time(START + 9, event(STARTED, 0), state=ended)
    assert (again.last_finished_at, again.last_failed_at) == (START + 5, None)


def test_a_failure_of_unknown_time_has_none() -> None:
    assert shown(told(rows([1]), event(TRACEBACK)), WRITTEN) == (RunStatus.FAILED, None)


def restarts_of_this_program(state: RunState, times: list[float]) -> Iterator[RunState]:
    for now in times:
        settled = settle(state, now)
        assert settled is not None
        yield present(settled, now)


def test_a_run_that_was_seen_alive_is_running_for_a_day_of_silence_whatever_is_restarted() -> None:
    times = [START + 1, START + 7200, START + 86_400, START + 86_401]
    states = [state.status for state in restarts_of_this_program(at_time(START, rows([31]), state=steady(30)), times)]
    assert states == [RunStatus.RUNNING] * 3 + [RunStatus.UNKNOWN]


def test_what_was_read_late_is_judged_at_its_first_reading() -> None:
    late = told(rows([32]), state=at_time(START - 9, rows([31]), state=steady(30)))
    settled = settle(late, WRITTEN + 86_000)
    assert settled is not None
    assert settled.status is RunStatus.UNKNOWN


def test_after_a_restart_only_what_the_new_run_logged_is_there() -> None:
    before = told(rows([20], {TRAIN: [2.0], VAL: [3.0], ETA: [60.0]}, at=[5.0]))
    after = told(rows([0], {TRAIN: [9.0]}), state=before)
    assert [(latest.key, latest.value) for latest in after.latest] == [(TRAIN, 9.0)]
    assert (after.started_at, after.restarts) == (5.0, 1)
