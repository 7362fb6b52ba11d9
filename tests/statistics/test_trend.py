"""Mann-Kendall and Theil-Sen against their definitions."""

from __future__ import annotations

import random
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.statistics import mann_kendall_z, theil_sen_slope

few = st.lists(st.integers(-5, 5).map(float), max_size=40)


def z_by_definition(values: list[float]) -> float:
    n = len(values)
    score = sum((b > a) - (b < a) for i, a in enumerate(values) for b in values[i + 1 :])
    groups = [values.count(value) for value in set(values)]
    variance = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in groups)) / 18
    return 0.0 if score == 0 or n < 3 else (score - (1 if score > 0 else -1)) / sqrt(variance)


@given(few)
def test_the_trend_is_that_of_the_definition_with_ties(values: list[float]) -> None:
    assert mann_kendall_z(values) == pytest.approx(z_by_definition(values), abs=1e-12)


@given(few)
def test_a_mirrored_series_has_the_opposite_trend(values: list[float]) -> None:
    assert mann_kendall_z([-value for value in values]) == -mann_kendall_z(values)
    assert mann_kendall_z(values[::-1]) == -mann_kendall_z(values)


def test_a_published_example() -> None:
    # Ten rising values: S = 45, variance 125, z = 44/√125.
    assert mann_kendall_z([float(x) for x in range(10)]) == pytest.approx(44 / sqrt(125))


def test_noise_alone_rarely_has_a_trend() -> None:
    source = random.Random(7)  # noqa: S311 - no secret
    found = [abs(mann_kendall_z([source.gauss(0, 1) for _ in range(48)])) > 1.96 for _ in range(400)]
    assert 0.02 < sum(found) / 400 < 0.08


def test_the_slope_of_a_line_survives_outliers() -> None:
    points = [(float(x), 2.0 * x + (500.0 if x % 7 == 3 else 0.0)) for x in range(40)]
    assert theil_sen_slope(points) == pytest.approx(2.0)


def test_points_at_one_place_have_no_slope() -> None:
    assert theil_sen_slope([(1.0, 1.0), (1.0, 2.0)]) == 0.0
    assert theil_sen_slope([]) == 0.0
