from __future__ import annotations

import math

import pytest

from alerts.ruletest.notation import NotationError, parse_metric, parse_values
from alerts.store import is_stale


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1 2 3", (1, 2, 3)),
        ("1x2", (1, 1, 1)),
        ("0+10x3", (0, 10, 20, 30)),
        ("5-2.5x2", (5, 2.5, 0)),
        ("-1-1x1", (-1, -2)),
        ("0+0.1x3", (0, 0.1, 0.2, 0.30000000000000004)),
        ("_ _x2 1", (None, None, None, 1)),
        ("+1e3 -2.E-1 .5", (1000, -0.2, 0.5)),
        ("Inf -inf", (math.inf, -math.inf)),
        ("1\n  2", (1, 2)),
        ("", ()),
    ],
)
def test_reads_values(text: str, values: tuple[float | None, ...]) -> None:
    assert parse_values(text) == values


def test_reads_the_two_kinds_of_nan() -> None:
    nan, stale = parse_values("NaN stale")
    assert nan is not None
    assert stale is not None
    assert math.isnan(nan)
    assert not is_stale(nan)
    assert is_stale(stale)


@pytest.mark.parametrize("text", ["x", "1+1", "1x", "stalex3", "1xx2", "1,2", "{{schema:1}}", "0x1f", "_x"])
def test_refuses_what_is_no_value(text: str) -> None:
    with pytest.raises(NotationError, match="is no value"):
        parse_values(text)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("up", (("__name__", "up"),)),
        ('up{b="2",a="1\\n"}', (("__name__", "up"), ("a", "1\n"), ("b", "2"))),
        ('{__name__="up", a=""}', (("__name__", "up"),)),
        ('{a="1"}', (("a", "1"),)),
        ("{}", ()),
        ("", ()),
    ],
)
def test_reads_the_labels_of_a_series(text: str, labels: tuple[tuple[str, str], ...]) -> None:
    assert parse_metric(text) == labels
