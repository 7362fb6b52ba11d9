"""What is no PromQL, and what this evaluator lacks: refused when compiled, by name and with the expression."""

from __future__ import annotations

import pytest

from alerts.model import AlertsError
from alerts.promql import EvaluationError, Options, ParseError, PromqlError, UnsupportedError, compile_query
from alerts.store import Store

UNSUPPORTED = {
    "histogram_count(x)": "histogram_count",
    "histogram_fraction(0, 1, x)": "histogram_fraction",
    "sum(histogram_avg(x))": "histogram_avg",
    "info(x)": "info",
    "limit_ratio(0.5, x)": "limit_ratio",
    "a + fill(0) b": "fill",
    'x{a="1" or b="2"}': "'or' between label matchers",
    "x @ -1": "@ modifier",
    'label_replace(x, "a", "\\xe9", "b", "(.*)")': "byte escape",
    "rate(x[5m]) > step()": "step",
}

NO_PROMQL = {
    "sum(": "",
    "rate(x)": "expected type matrix",
    "nosuch(x)": "nosuch",
    "x{": "",
    "1 == 2": "BOOL",
    'x{a=~"("}': "regex",
    'label_replace(x, "a", "$1", "b", "(")': "regular expression",
    'label_replace(x, "", "$1", "b", "(.*)")': "destination label",
    'count_values("", x)': "label name",
    "x and 1": "set operator",
    "a + on(x) group_left(x) b": "ON and GROUP",
    "x[5m] anchored": "",
    "x @ 1e12": "out of range",
    "x offset 1e400": "the parser gave up",
    "": "",
}


@pytest.mark.parametrize("text", UNSUPPORTED)
def test_what_is_lacking_is_refused_by_name_at_compile_time(text: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        compile_query(text)
    assert UNSUPPORTED[text] in str(caught.value)
    assert text in str(caught.value)


@pytest.mark.parametrize("text", NO_PROMQL)
def test_what_is_no_promql_is_refused_with_the_reason_and_the_expression(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        compile_query(text)
    assert NO_PROMQL[text] in str(caught.value)
    assert text in str(caught.value)


def test_every_error_is_one_of_this_package() -> None:
    assert issubclass(PromqlError, AlertsError)
    assert all(issubclass(kind, PromqlError) for kind in (ParseError, UnsupportedError, EvaluationError))


def store_of(*names_and_runs: tuple[str, str, str]) -> Store:
    store = Store()
    for name, run, gpu in names_and_runs:
        store.append((("__name__", name), ("gpu", gpu), ("run", run)), 0, 1.0)
    return store


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a * on(run) b", "many-to-many matching not allowed"),
        ("b > on(run) a", "many-to-one matching must be explicit"),
        ("b * on(run) group_right a", "on the left hand-side"),
        ("b * on(run) group_left(gpu) a", "grouping labels must ensure unique matches"),
        ('rate({run="r"}[5m]) or abs({run="r"})', "same labelset"),
        ('label_replace(b, "gpu", "", "", "")', "same labelset"),
        ("topk(NaN, a)", "NaN"),
        ("topk(1e300, a)", "overflows int64"),
        ("double_exponential_smoothing(a[5m], 2, 0.5)", "smoothing factor"),
    ],
)
def test_a_query_that_prometheus_fails_fails_and_is_never_empty(text: str, reason: str) -> None:
    store = store_of(("a", "r", "0"), ("b", "r", "0"), ("b", "r", "1"))
    with pytest.raises(EvaluationError, match=reason) as caught:
        compile_query(text).instant(store, 0)
    assert text in str(caught.value)
    assert reason in caught.value.reason


def test_a_query_that_reads_too_much_fails_before_it_hurts() -> None:
    store = store_of(("a", "r", "0"))
    query = compile_query("max_over_time(a[10m:1s])", Options(max_samples=100))
    with pytest.raises(EvaluationError, match="more than 100 samples"):
        query.instant(store, 200_000)
    with pytest.raises(EvaluationError, match="more than 100 samples"):
        compile_query("absent_over_time(nothing[100000y:1s])", Options(max_samples=100)).instant(store, 0)
