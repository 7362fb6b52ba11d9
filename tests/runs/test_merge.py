"""Several sources of one run."""

from __future__ import annotations

import pytest

from exporter.model import ColumnKey, EventKind, LineCounts, Quantity, RunState, RunStatus
from exporter.runs import Source, merge, reduce, settle
from tests.runs.told import AP, ETA, TRAIN, VAL, WRITTEN, Told, event, live, old, rows, told

LOSS_CLS = ColumnKey(Quantity.LOSS, "train", "loss_cls")


def merged(*states: RunState) -> RunState:
    """Of sources whose rank is their place."""
    return merge(Source(rank=rank, state=state) for rank, state in enumerate(states))


def test_one_source_is_the_run() -> None:
    state = told(rows([1]))
    assert merged(state) is state


def test_a_run_without_a_source_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one source"):
        merge([])


def test_every_quantity_is_of_the_lowest_rank_that_has_it_and_nothing_is_there_twice() -> None:
    log = told(rows([20], {TRAIN: [2.0], ETA: [60.0]}))
    metrics = told(rows([20], {TRAIN: [2.01], LOSS_CLS: [1.0], AP: [0.5]}))
    both = merged(log, metrics)
    assert {latest.key: latest.value for latest in both.latest} == {TRAIN: 2.0, ETA: 60.0, AP: 0.5}
    assert len(both.latest) == 3
    assert [(best.key, best.value) for best in both.best] == [(TRAIN, 2.0), (AP, 0.5)]
    assert (both.losses, both.nonfinite) == (log.losses, log.nonfinite)


def test_the_order_of_the_sources_does_not_matter_but_their_rank() -> None:
    log, metrics = told(rows([20], {TRAIN: [2.0]})), told(rows([20], {TRAIN: [3.0], VAL: [4.0]}))
    assert merge([Source(1, metrics), Source(0, log)]) == merge([Source(0, log), Source(1, metrics)])


def test_a_restart_or_an_error_that_both_see_counts_once() -> None:
    log = told(rows([20]), event(EventKind.OUT_OF_MEMORY, at=5.0), event(EventKind.STARTED, 0), rows([20]))
    metrics = told(rows([20]), event(EventKind.OUT_OF_MEMORY), rows([10, 20]))
    both = merged(log, metrics)
    assert both.restarts == 1
    assert (both.errors[0].count, both.errors[0].last_at) == (1, 5.0)


def test_the_end_that_one_source_tells_is_the_end_of_the_run() -> None:
    log = told(rows([20], at=[100.0]), event(EventKind.FINISHED, at=110.0))
    metrics = told(rows([20]), chunk=live(111.0))
    both = merged(log, metrics)
    assert (both.status, both.ended_by, both.ended_at) == (RunStatus.FINISHED, EventKind.FINISHED, 110.0)


def test_a_source_that_goes_on_after_the_end_keeps_the_run_alive() -> None:
    log = told(rows([20], at=[100.0]), event(EventKind.TRACEBACK, at=110.0))
    metrics = told(rows([40]), chunk=live(500.0))
    both = merged(log, metrics)
    assert (both.status, both.ended_at, both.iteration) == (RunStatus.RUNNING, None, 40)


def test_a_source_long_silent_does_not_hide_one_that_runs() -> None:
    silent = settle(told(rows([20])), WRITTEN + 86_400)
    assert silent is not None
    assert merged(silent, told(rows([40]), chunk=live(WRITTEN + 86_400))).status is RunStatus.RUNNING
    assert merged(silent, silent).status is RunStatus.UNKNOWN


def test_times_span_all_sources_and_lines_add_up() -> None:
    log = reduce(None, Told((rows([1, 2], at=[100.0, 200.0]),), lines_parsed=2, lines_ignored=1), old())
    metrics = reduce(None, Told((rows([1]),), lines_parsed=1), live(50.0))
    both = merged(log, metrics)
    assert (both.started_at, both.last_progress_at, both.last_output_at) == (50.0, 200.0, WRITTEN)
    assert both.lines == LineCounts(parsed=3, ignored=1)


def test_a_plan_of_any_source_is_the_plan() -> None:
    assert merged(told(rows([1])), told(event(EventKind.PLANNED, 90))).planned == 90
