"""Numbers, durations and curves as people read them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.human import condense, duration, number, sparkline


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (0.4, "0 s"),
        (45, "45 s"),
        (61, "1 min 1 s"),
        (599, "9 min 59 s"),
        (600, "10 min"),
        (725, "12 min"),
        (12_000, "3 h 20 min"),
        (3600, "1 h"),
        (86_400, "1 d"),
        (86_400 + 300, "1 d"),
        (187_200, "2 d 4 h"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (12.0, "12"),
        (0.523123, "0.523"),
        (2.5e-05, "2.5e-5"),
        (1e-12, "1e-12"),
        (999.4, "999"),
        (999.9, "1,000"),
        (12_345.6, "12,346"),
        (-40_000.0, "-40,000"),
        (2.5e12, "2.5e12"),
        (math.nan, "NaN"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text


def test_a_curve_falls_from_the_highest_bar_to_the_lowest() -> None:
    assert sparkline((8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0), 24) == "█▇▆▅▄▃▂▁"


def test_a_flat_curve_is_flat_and_a_point_is_none() -> None:
    assert sparkline((1.0, 1.0, 1.0), 24) == "▁▁▁"
    assert sparkline((1.0,), 24) == ""


def test_condensed_points_are_means_of_neighbours() -> None:
    assert condense((1.0, 3.0, 5.0, 7.0, 9.0, 11.0), 3) == (2.0, 6.0, 10.0)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=100), st.integers(1, 30))
def test_any_finite_curve_is_one_line_within_the_width(values: list[float], width: int) -> None:
    line = sparkline(values, width)
    assert len(line) <= width
    assert set(line) <= set("▁▂▃▄▅▆▇█")
