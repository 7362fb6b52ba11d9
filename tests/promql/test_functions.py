"""The vocabulary: every stable function and aggregation is there, names and labels go where Prometheus puts them."""

from __future__ import annotations

import math

import pytest

from alerts.model import Labels
from alerts.promql import Annotations, EvaluationError, Options, compile_query
from alerts.promql.functions import FUNCTIONS
from alerts.promql.tree import AggregateOp
from alerts.store import Store

STABLE = """abs absent absent_over_time acos acosh asin asinh atan atanh avg_over_time ceil changes clamp clamp_max
clamp_min cos cosh count_over_time day_of_month day_of_week day_of_year days_in_month deg delta deriv exp floor
histogram_quantile hour idelta increase irate label_join label_replace last_over_time ln log10 log2 max_over_time
min_over_time minute month pi predict_linear present_over_time quantile_over_time rad rate resets round scalar sgn sin
sinh sort sort_desc sqrt stddev_over_time stdvar_over_time sum_over_time tan tanh time timestamp vector year"""
"""Prometheus 3's functions without a feature flag, but for those of native histograms."""


def store_of(values: dict[str, float], at_ms: int = 0) -> Store:
    store = Store()
    for text, value in values.items():
        pairs = [pair.split("=") for pair in text.split()]
        store.append(tuple(sorted((name, label) for name, label in pairs)), at_ms, value)
    return store


STORE = {"__name__=x run=run2": 2.0, "__name__=x run=run10": 10.0, "__name__=x run=run1": math.nan}


def labels_of(text: str, values: dict[str, float], options: Options | None = None) -> list[dict[str, str]]:
    query = compile_query(text, options or Options())
    return [dict(sample.labels) for sample in query.vector(store_of(values), 0)]


def test_every_stable_function_is_there() -> None:
    assert set(STABLE.split()) <= FUNCTIONS.keys()


@pytest.mark.parametrize("op", list(AggregateOp))
def test_every_aggregation_compiles(op: AggregateOp) -> None:
    parameter = {AggregateOp.COUNT_VALUES: '"v", '}.get(op, "")
    if op in (AggregateOp.TOPK, AggregateOp.BOTTOMK, AggregateOp.LIMITK, AggregateOp.QUANTILE):
        parameter = "1, "
    assert len(labels_of(f"{op.value} by (run) ({parameter}x)", STORE)) == 3


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("sort(x)", ["run2", "run10", "run1"]),
        ("sort_desc(x)", ["run10", "run2", "run1"]),
        ('sort_by_label(x, "run")', ["run1", "run2", "run10"]),
        ('sort_by_label_desc(x, "run")', ["run10", "run2", "run1"]),
        ("topk(2, x)", ["run10", "run2"]),
        ("bottomk(5, x)", ["run2", "run10", "run1"]),
    ],
)
def test_an_order_is_kept_and_nan_comes_last(text: str, runs: list[str]) -> None:
    assert [labels["run"] for labels in labels_of(text, STORE)] == runs


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("x", True),
        ("x > 1", True),
        ("x > bool 1", False),
        ("x + 1", False),
        ("-x", False),
        ("abs(x)", False),
        ("last_over_time(x[1m])", True),
        ("max_over_time(x[1m])", False),
        ("x and x", True),
        ("x * x", False),
        ("topk(1, x)", True),
        ('label_replace(abs(x), "__name__", "y", "", "")', True),
    ],
)
def test_a_metric_name_goes_with_its_meaning_at_once_or_at_the_end(text: str, named: bool) -> None:  # noqa: FBT001 - a table
    for delayed in (False, True):
        found = labels_of(text, {"__name__=x run=a": 2.0}, Options(delayed_name_removal=delayed))
        assert [("__name__" in labels) for labels in found] == [named]


def test_a_name_that_goes_at_the_end_can_still_be_grouped_by() -> None:
    values = {"__name__=x run=a": 2.0, "__name__=y run=a": 3.0}
    text = 'sum by (__name__) (abs({run="a"}))'
    delayed = Options(delayed_name_removal=True)
    with pytest.raises(EvaluationError, match="same labelset"):
        compile_query(text).vector(store_of(values), 0)
    assert labels_of(f'label_replace({text}, "n", "$1", "__name__", "(.*)")', values, delayed) == [
        {"n": "x"},
        {"n": "y"},
    ]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ('absent(nothing{a="1", b=~"x", c!="2"})', (("a", "1"),)),
        ('absent(nothing{a="1", a="2"})', ()),
        ("absent(sum(nothing))", ()),
        ('absent_over_time(nothing{a="1"}[5m])', (("a", "1"),)),
    ],
)
def test_absent_tells_the_labels_that_are_certain(text: str, labels: Labels) -> None:
    assert compile_query(text).vector(Store(), 0) == ((labels, 1.0),)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            "histogram_quantile(0.8, x)",
            'bucket label "le" is missing or has a malformed value of "" for metric name "x" (1:25)',
        ),
        ("1 + sum(quantile_over_time(1.5, x[1m]))", "quantile value should be between 0 and 1, got 1.5 (1:28)"),
        ("quantile by (a) ( 2, x)", "quantile value should be between 0 and 1, got 2 (1:19)"),
        (
            'label_join(quantile(-1, x{a!="(,"} or x), "a", "", "b")',
            "quantile value should be between 0 and 1, got -1 (1:21)",
        ),
    ],
)
def test_a_warning_points_at_the_argument_that_it_is_about(text: str, warning: str) -> None:
    notes = Annotations()
    store = store_of({"__name__=x run=a": 2.0})
    compile_query(text).instant(store, 0, notes)
    assert list(notes.warnings) == [f"PromQL warning: {warning}"]


def test_a_rate_of_what_may_be_no_counter_is_told() -> None:
    store = store_of({"__name__=x": 1.0, "__name__=x_total": 1.0})
    store.extend(((("__name__", name),), 1000, 2.0) for name in ("x", "x_total"))
    notes = Annotations()
    compile_query("rate(x[1m]) or rate(x_total[1m])").instant(store, 1000, notes)
    assert [text.count('"x"') for text in notes.infos] == [1]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("scalar(x) + 1", math.nan),
        ("hour()", 0.0),
        ("time()", 0.0),
        ("days_in_month(vector(1709200000))", 29.0),
        ("day_of_week(vector(1709200000))", 4.0),
        ("ln(vector(0))", -math.inf),
        ("sqrt(vector(-1))", math.nan),
        ("exp(vector(1000))", math.inf),
        ("round(vector(2.5))", 3.0),
        ("clamp(vector(5), 1, 3)", 3.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("-1 ^ 2", -1.0),
        ("5 % -3", 2.0),
        ("sgn(vector(-0.1))", -1.0),
    ],
)
def test_a_value_is_that_of_prometheus(text: str, value: float) -> None:
    ((_, found),) = compile_query(text).vector(store_of(STORE), 0)
    assert found == value or (math.isnan(found) and math.isnan(value))
