"""What has a time, and which; how long a run was active and silent."""

from __future__ import annotations

import pytest

from exporter.model import EventKind, RunStatus
from exporter.runs import active_seconds, silence_limit
from tests.runs.told import SECONDS, TRAIN, WRITTEN, event, live, old, rows, told

NAN = float("nan")


def test_log_times_date_everything() -> None:
    state = told(
        event(EventKind.STARTED, 0, at=1000.0),
        rows([1, 2], {TRAIN: [1.0, NAN]}, at=[1010.0, 1020.0]),
        event(EventKind.OUT_OF_MEMORY, at=1030.0),
    )
    assert (state.started_at, state.last_progress_at, state.ended_at) == (1000.0, 1020.0, 1030.0)
    assert state.nonfinite[0].last_at == 1020.0
    assert state.errors[0].last_at == 1030.0
    assert state.last_output_at == WRITTEN


def test_an_old_log_without_times_dates_nothing_but_its_last_byte() -> None:
    state = told(
        event(EventKind.STARTED, 0),
        rows([1, 2], {TRAIN: [1.0, NAN]}),
        event(EventKind.TRACEBACK),
        event(EventKind.NCCL),
    )
    assert (state.started_at, state.last_progress_at, state.ended_at) == (None, None, None)
    assert (state.nonfinite[0].count, state.nonfinite[0].last_at) == (1, None)
    assert [(error.count, error.last_at) for error in state.errors if error.count] == [(1, None), (1, None)]
    assert state.last_output_at == WRITTEN


def test_what_is_written_now_happened_now() -> None:
    state = told(rows([1], {TRAIN: [NAN]}), event(EventKind.TRACEBACK), chunk=live(500.0))
    assert (state.started_at, state.last_progress_at, state.ended_at) == (500.0, 500.0, 500.0)
    assert (state.nonfinite[0].last_at, state.errors[3].last_at) == (500.0, 500.0)


def test_a_run_whose_first_rows_are_of_unknown_age_has_no_start() -> None:
    assert told(rows([2]), state=told(rows([1])), chunk=live(WRITTEN + 9)).started_at is None


def test_no_time_lies_after_the_last_byte() -> None:
    state = told(rows([1], at=[WRITTEN + 3600]), event(EventKind.FINISHED, at=WRITTEN + 7200))
    assert (state.last_progress_at, state.ended_at) == (WRITTEN, WRITTEN)


def test_new_rows_of_unknown_age_make_the_last_progress_unknown() -> None:
    known = told(rows([1]), chunk=live(500.0))
    assert told(rows([2]), state=known).last_progress_at is None


def test_downtime_before_a_restart_is_neither_active_nor_silent() -> None:
    state = told(
        rows([1, 2], at=[1000.0, 1100.0]), event(EventKind.STARTED, 0, at=1900.0), rows([1, 2], at=[1910.0, 1950.0])
    )
    assert active_seconds(state) == 100 + 50
    assert state.activity.longest_silence == 100.0


def test_downtime_after_a_failure_is_not_active() -> None:
    state = told(rows([1, 2], at=[0.0, 100.0]), event(EventKind.TRACEBACK, at=110.0))
    assert state.status is RunStatus.FAILED
    assert active_seconds(told(rows([0, 5], at=[500.0, 520.0]), state=state)) == 110 + 20


def test_a_silence_beyond_the_limit_is_not_active_and_raises_the_limit() -> None:
    state = told(rows([1, 2, 3], at=[0.0, 100.0, 2100.0]))
    assert active_seconds(state) == 100
    assert silence_limit(state) == 4000


def test_a_silence_of_hours_was_downtime_though_no_start_shows_it() -> None:
    state = told(rows([1, 2, 3, 4], at=[0.0, 100.0, 30_000.0, 30_050.0]))
    assert active_seconds(state) == 150
    assert silence_limit(state) == 1800


def test_the_silence_limit_begins_at_half_an_hour_and_falls_to_ten_minutes_after_two_hours() -> None:
    assert silence_limit(told(rows([1, 2], at=[0.0, 60.0]))) == 1800
    steady = [60.0 * minute for minute in range(121)]
    assert silence_limit(told(rows(range(121), at=steady))) == 600


def test_output_without_rows_is_a_sign_of_life() -> None:
    state = told(rows([1]), chunk=live(1000.0))
    for now in (1500.0, 2000.0, 2500.0):
        state = told(state=state, chunk=live(now))
    assert (state.last_output_at, state.last_progress_at, active_seconds(state)) == (2500.0, 1000.0, 1500)


def test_a_clock_that_is_behind_changes_nothing() -> None:
    state = told(rows([1, 2, 3], at=[1000.0, 500.0, 1010.0]))
    assert active_seconds(state) == 10


@pytest.mark.parametrize("cut", [[[10, 20, 40]], [[10], [20, 40]]])
def test_rows_of_unknown_age_were_active_for_their_iteration_time(cut: list[list[int]]) -> None:
    state = None
    for iterations in cut:
        batch = rows(iterations, {TRAIN: [1.0] * len(iterations), SECONDS: [0.5] * len(iterations)})
        state = told(batch, state=state, chunk=old())
    assert state is not None
    assert active_seconds(state) == 15
