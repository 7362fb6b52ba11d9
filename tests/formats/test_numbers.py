"""Numbers and durations as they are printed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.formats._numbers import duration, durations, finite, number, numbers


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0:14:11", 851.0),
        ("13:02:11", 46931.0),
        ("1 day, 2:03:04", 93784.0),
        ("12 days, 0:00:00", 1036800.0),
        ("-1 day, 23:59:59", -1.0),
        ("soon", None),
        ("1:2:3", None),
        ("", None),
    ],
)
def test_a_duration_in_seconds(text: str, seconds: float | None) -> None:
    assert duration(text) == seconds


@given(st.lists(st.timedeltas().map(lambda each: str(each).partition(".")[0])))
def test_many_durations_are_as_one(texts: list[str]) -> None:
    assert durations(texts) == [duration(text) for text in texts]


@pytest.mark.parametrize("text", ["nan", "-nan", "NaN", "-nan(ind)", "nan(ind)", "1.#QNAN0", "-1.#IND00"])
def test_every_spelling_of_nan(text: str) -> None:
    value = number(text)
    assert value is not None
    assert math.isnan(value)
    assert finite(text) is None


@pytest.mark.parametrize(
    ("text", "value"), [("inf", math.inf), ("-inf", -math.inf), ("1.#INF00", math.inf), ("x", None)]
)
def test_infinities_and_what_is_no_number(text: str, value: float | None) -> None:
    assert number(text) == value
    assert finite(text) is None


@given(st.lists(st.floats().map(lambda value: f"{value:.4g}")))
def test_a_column_is_read_as_each_number_of_it(texts: list[str]) -> None:
    assert numbers(texts) == pytest.approx([float(text) for text in texts], rel=0, abs=0, nan_ok=True)


@pytest.mark.parametrize("texts", [["1", "x"], ["1,2"], ["1]"], ["null"], [""], ["1\n2"]])
def test_a_column_that_holds_no_number_is_refused(texts: list[str]) -> None:
    with pytest.raises(ValueError, match="could not convert"):
        numbers(texts)
