"""The arithmetic: equal to the step-by-step definitions, and total where Python's is not."""

from __future__ import annotations

import math
import struct
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.gofloat import plain
from alerts.promql.numeric import (
    add_compensated,
    compensated_sum,
    divide,
    linear_regression,
    maximum_of,
    mean_of,
    minimum_of,
    modulo,
    power,
    quantile_of,
    sum_of,
    variance_of,
)

floats = st.floats(width=64)
finite = st.floats(-1e9, 1e9)


def bits(value: float) -> bytes:
    return b"nan" if math.isnan(value) else struct.pack("<d", value)


@given(st.lists(floats))
def test_the_fast_sum_is_bit_for_bit_the_one_step_by_step(values: list[float]) -> None:
    total, compensation = 0.0, 0.0
    for value in values:
        total, compensation = add_compensated(value, total, compensation)
    fast = compensated_sum(values)
    assert (bits(fast[0]), bits(fast[1] + 0.0)) == (bits(total), bits(compensation + 0.0))


@given(st.lists(finite, min_size=1))
def test_sums_means_and_variances_are_those_of_exact_arithmetic(values: list[float]) -> None:
    exact = math.fsum(values)
    scale = math.fsum(map(abs, values)) or 1.0
    assert sum_of(array("d", values)) == pytest.approx(exact, abs=scale * 1e-15)
    assert mean_of(values) == pytest.approx(exact / len(values), abs=scale * 1e-15)
    mean = exact / len(values)
    spread = math.fsum((value - mean) ** 2 for value in values) / len(values)
    assert variance_of(values) == pytest.approx(spread, rel=1e-6, abs=scale**2 * 1e-15)


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        ([1e308] * 4, 1e308),
        ([1e308, 1e308, -1e308], 1e308 / 3),
        ([math.inf, 1.0], math.inf),
        ([1.0, -math.inf], -math.inf),
    ],
)
def test_a_mean_exists_where_the_sum_overflows(values: list[float], mean: float) -> None:
    assert mean_of(values) == pytest.approx(mean)


@given(st.lists(floats, min_size=1))
def test_extremes_skip_nan(values: list[float]) -> None:
    numbers = [value for value in values if not math.isnan(value)]
    assert bits(minimum_of(values)) == bits(min(numbers, default=math.nan))
    assert bits(maximum_of(values)) == bits(max(numbers, default=math.nan))


@given(st.floats(0, 1), st.lists(finite, min_size=1))
def test_a_quantile_lies_between_its_neighbours(q: float, values: list[float]) -> None:
    ordered = sorted(values)
    rank = q * (len(ordered) - 1)
    low, high = ordered[math.floor(rank)], ordered[math.ceil(rank)]
    margin = 1e-12 * (abs(low) + abs(high))
    assert low - margin <= quantile_of(q, values) <= high + margin


@pytest.mark.parametrize(("q", "expected"), [(-0.1, -math.inf), (1.1, math.inf), (math.nan, math.nan)])
def test_a_quantile_outside_0_to_1_is_infinite(q: float, expected: float) -> None:
    assert bits(quantile_of(q, [1.0])) == bits(expected)


@given(st.floats(-1e3, 1e3), st.floats(-1e6, 1e6), st.lists(st.integers(1, 100_000), min_size=2, max_size=30))
def test_a_regression_finds_the_line_that_its_samples_lie_on(slope: float, start: float, gaps: list[int]) -> None:
    times = [sum(gaps[: index + 1]) for index in range(len(gaps))]
    values = [start + slope * at / 1000 for at in times]
    found, intercept = linear_regression(times, values, times[0])
    assert found == pytest.approx(slope, rel=1e-3, abs=1e-3)
    assert intercept == pytest.approx(values[0], rel=1e-6, abs=1e-3)


@given(floats, floats)
def test_arithmetic_never_raises_and_follows_ieee(left: float, right: float) -> None:
    for compute in (divide, modulo, power):
        assert isinstance(compute(left, right), float)
    if right:
        assert bits(divide(left, right)) == bits(left / right)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (divide(1.0, 0.0), math.inf),
        (divide(1.0, -0.0), -math.inf),
        (divide(0.0, 0.0), math.nan),
        (modulo(5.0, 0.0), math.nan),
        (modulo(-5.0, 3.0), -2.0),
        (power(-8.0, 1 / 3), math.nan),
        (power(0.0, -1.0), math.inf),
        (power(-0.0, -1.0), -math.inf),
        (power(-10.0, 999.0), -math.inf),
        (power(10.0, 999.0), math.inf),
    ],
)
def test_the_edges_of_arithmetic_are_those_of_go(value: float, expected: float) -> None:
    assert bits(value) == bits(expected)


@given(floats)
def test_a_float_is_written_without_exponent_and_reads_back(value: float) -> None:
    text = plain(value)
    assert "e" not in text.lower()
    assert bits(float(text)) == bits(value) or (value == 0 and float(text) == 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (1e23, "1" + "0" * 23), (-1.5e-7, "-0.00000015"), (math.inf, "+Inf"), (math.nan, "NaN"), (0.1, "0.1")],
)
def test_a_float_is_written_as_go_does(value: float, text: str) -> None:
    assert plain(value) == text
