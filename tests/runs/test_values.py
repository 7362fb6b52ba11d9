"""Last values, bests, non-finite losses, lines, figures."""

from __future__ import annotations

import math

import pytest

from exporter.model import ColumnKey, EventKind, LineCounts, Quantity, Unparsed
from exporter.runs import eta_seconds, planned_length, progress_ratio, reduce
from tests.runs.told import AP, ETA, SECONDS, TRAIN, VAL, Told, event, old, rows, told

NAN, INF = float("nan"), float("inf")
PERSON = (ColumnKey(Quantity.SCORE, "val", "bbox/AP-person"), ColumnKey(Quantity.SCORE, "val", "AP/person"))
EPOCH = ColumnKey(Quantity.EPOCH)
EPOCHS = ColumnKey(Quantity.EPOCHS_PLANNED)


def test_the_last_value_of_every_column_is_kept_with_its_iteration() -> None:
    state = told(rows([1, 2], {TRAIN: [3.0, 2.0]}), rows([2], {VAL: [4.0]}), rows([3], {TRAIN: [INF]}))
    assert [(latest.key, latest.value, latest.iteration) for latest in state.latest] == [(TRAIN, INF, 3), (VAL, 4.0, 2)]


def test_the_best_loss_is_the_lowest_and_the_best_score_the_highest() -> None:
    state = told(rows([1, 2, 3, 4], {TRAIN: [3.0, 1.0, NAN, 1.0], AP: [0.1, 0.4, 0.2, 0.3]}))
    assert [(best.metric, best.value, best.iteration, best.since) for best in state.best] == [
        ("total", 1.0, 2, 1),
        ("bbox/AP", 0.4, 2, 2),
    ]


def test_a_score_of_one_class_and_a_component_have_no_best() -> None:
    component = ColumnKey(Quantity.LOSS, "train", "loss_cls")
    assert told(rows([1], {PERSON[0]: [0.5], PERSON[1]: [0.5], component: [1.0]})).best == ()


def test_nonfinite_losses_are_counted_by_component_over_all_splits() -> None:
    state = told(rows([1, 2, 3], {TRAIN: [NAN, 1.0, -INF], VAL: [INF, 2.0, 2.0]}))
    assert [(found.component, found.count) for found in state.nonfinite] == [("total", 3)]


def test_losses_that_are_not_finite_are_counted_in_a_row() -> None:
    def streak(*losses: float) -> int:
        return told(rows(range(len(losses)), {TRAIN: losses})).losses[0].nonfinite

    assert [streak(NAN), streak(1.0, NAN, -INF), streak(NAN, NAN, 1.0), streak(NAN, 1.0, INF)] == [1, 2, 0, 1]
    again = told(event(EventKind.STARTED, 0), rows([0]), state=told(rows([5], {TRAIN: [NAN]})))
    assert again.losses[0].nonfinite == 0


def test_columns_beyond_the_limit_are_dropped_and_counted() -> None:
    names = [ColumnKey(Quantity.LOSS, "train", f"loss_{number}") for number in range(20_000)]
    first = told(rows([1, 2], {TRAIN: [1.0, 1.0], **{name: [1.0, NAN] for name in names}}))
    assert (len(first.latest), len(first.nonfinite), first.dropped) == (2000, 2000, 2 * 18_001)
    second = told(rows([3], {names[-1]: [1.0], TRAIN: [2.0]}), state=first)
    assert (len(second.latest), second.value(TRAIN), second.dropped) == (2000, 2.0, 2 * 18_001 + 1)
    other = told(rows([0], {names[-1]: [1.0]}), state=second)
    assert (len(other.latest), len(other.nonfinite)) == (1, 2000)


def test_losses_whose_sum_overflows_are_finite() -> None:
    state = told(rows([1, 2], {TRAIN: [1.7e308, 1.7e308]}))
    assert state.nonfinite[0].count == 0
    assert state.losses[0].observations == 2


def test_rows_before_the_first_iteration_have_values_but_no_progress() -> None:
    state = told(rows([None, None, 7], {TRAIN: [3.0, 2.0, 1.0]}))
    assert (state.iteration, state.iterations_total, state.losses[0].observations) == (7, 7, 3)


def test_rows_that_name_no_iteration_belong_to_the_last_one() -> None:
    state = told(rows([7]), rows([None, 9, None], {VAL: [1.0, 2.0, 3.0]}))
    assert (state.iteration, state.latest[-1].iteration, state.restarts) == (9, 9, 0)


def test_lines_add_up() -> None:
    first = Told((), (Unparsed(line=4, text="iter: 4 total_loss: ?"),), lines_parsed=3, lines_ignored=2)
    state = reduce(reduce(None, first, old(lines=6)), Told((), lines_parsed=4, lines_ignored=5), old(lines=9))
    assert state.lines == LineCounts(parsed=7, ignored=7, unparsed=1)


def test_progress_is_by_plan() -> None:
    state = told(event(EventKind.PLANNED, 200), rows([50], {SECONDS: [2.0]}))
    assert (progress_ratio(state), planned_length(state), eta_seconds(state)) == (0.25, 200, 300)


def test_progress_is_by_remaining_time_where_there_is_no_plan() -> None:
    state = told(rows([50], {SECONDS: [2.0], ETA: [300.0]}))
    assert (progress_ratio(state), planned_length(state), eta_seconds(state)) == (0.25, 200, 300)


def test_progress_is_by_epochs_where_nothing_else_tells() -> None:
    assert progress_ratio(told(rows([50], {EPOCH: [1.0], EPOCHS: [8.0]}))) == 0.125


@pytest.mark.parametrize("remaining", [NAN, INF, -1.0])
def test_a_remaining_time_that_is_none_tells_nothing(remaining: float) -> None:
    state = told(rows([50], {SECONDS: [2.0], ETA: [remaining]}))
    assert (progress_ratio(state), eta_seconds(state)) == (None, None)


def test_an_ended_run_has_no_remaining_time_but_the_logged_one() -> None:
    plan = event(EventKind.PLANNED, 200)
    assert eta_seconds(told(plan, rows([50], {SECONDS: [2.0]}), event(EventKind.FINISHED))) is None
    assert eta_seconds(told(plan, rows([50], {ETA: [7.0]}), event(EventKind.FINISHED))) == 7


def test_progress_is_never_beyond_the_end() -> None:
    ratio = progress_ratio(told(event(EventKind.PLANNED, 10), rows([50])))
    assert ratio == 1.0
    assert not math.isnan(ratio)
