"""How far back a query looks: the store keeps just that."""

from __future__ import annotations

import pytest

from alerts.promql import ValueType, compile_query
from alerts.store import Retention, Store

MINUTE = 60_000


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("1 + time()", {}),
        ("x", {"x": 5}),
        ("x offset 1h", {"x": 65}),
        ("x offset -1h", {"x": 5}),
        ("rate(x[10m] offset 1m)", {"x": 11}),
        ("x > on(run) avg_over_time(x[2h])", {"x": 120}),
        ("max_over_time(rate(x[5m])[30m:1m] offset 2m)", {"x": 37}),
        ("max_over_time(y[30m:])", {"y": 35}),
        ("max_over_time((rate(x[5m]) + y @ end())[30m:])", {"x": 35, "y": 5}),
        ('{run="a"} or {__name__=~"x.*"}', {None: 5}),
        ('{__name__="x", run="a"}', {"x": 5}),
        ("topk(scalar(k), x) and count_values('v', z)", {"k": 5, "x": 5, "z": 5}),
    ],
)
def test_a_query_needs_ranges_offsets_subqueries_and_the_lookback(text: str, needs: dict[str | None, int]) -> None:
    query = compile_query(text)
    assert dict(query.needs) == {name: minutes * MINUTE for name, minutes in needs.items()}
    assert query.metric_names == {name for name in needs if name is not None}
    assert query.lookback_ms == max(needs.values(), default=0) * MINUTE


@pytest.mark.parametrize(
    ("text", "fixed"),
    [("x @ 100", True), ("rate(x[5m] @ 100)", True), ("x @ end()", False), ("max_over_time(x[5m:] @ 9)", True)],
)
def test_a_fixed_time_is_told(text: str, fixed: bool) -> None:  # noqa: FBT001 - a table
    assert compile_query(text).has_fixed_time is fixed


@pytest.mark.parametrize(
    "text",
    [
        "avg_over_time(x[10m])",
        "x offset 9m",
        "max_over_time(sum_over_time(x[2m])[8m:30s])",
        "increase(x[1m] offset 9m)",
    ],
)
def test_a_store_that_keeps_what_is_needed_gives_the_same_as_one_that_keeps_all(text: str) -> None:
    query = compile_query(text)
    bounded, whole = Store(Retention.covering(query.needs.items())), Store(Retention(default_ms=10**12))
    for at in range(0, 60 * MINUTE, 15_000):
        for store in (bounded, whole):
            store.append((("__name__", "x"),), at, float(at % 7000))
            store.expire(at)
        assert query.instant(bounded, at) == query.instant(whole, at)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1", ValueType.SCALAR),
        ("x", ValueType.VECTOR),
        ("x[5m]", ValueType.MATRIX),
        ("'a'", ValueType.STRING),
        ("-time()", ValueType.SCALAR),
    ],
)
def test_the_type_is_known_before_evaluation(text: str, kind: ValueType) -> None:
    assert compile_query(text).type is kind
