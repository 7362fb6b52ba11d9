"""The statistics of a loss, as its rows arrive."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model import LossStatistics
from exporter.statistics import LossAccumulator, describe

NAN, INF = float("nan"), float("inf")


def reduced(values: Sequence[float], cuts: Sequence[int] = ()) -> LossStatistics:
    statistics = LossStatistics(split="train")
    for start, stop in pairwise([0, *cuts, len(values)]):
        accumulator = LossAccumulator(statistics)
        accumulator.add(range(start, stop), values[start:stop])
        statistics = accumulator.freeze()
    return statistics


def noisy(count: int, seed: int = 1, level: float = 1.0, noise: float = 0.05) -> list[float]:
    """A falling loss with noise."""
    source = random.Random(seed)  # noqa: S311 - no secret
    return [level + 2.0 * (1 + row / 50) ** -0.7 + source.gauss(0, noise) for row in range(count)]


def numbers(value: object) -> Iterator[float]:
    """All numbers in a tree of values."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from numbers(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from numbers(inner)
    elif isinstance(value, int | float):
        yield float(value)


@given(st.lists(st.floats(0, 3) | st.floats(), max_size=120), st.integers(1, 40))
def test_rows_give_the_same_statistics_however_they_are_cut(values: list[float], size: int) -> None:
    whole = reduced(values)
    assert reduced(values, range(1, len(values))) == whole
    assert reduced(values, range(size, len(values), size)) == whole


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_long_log_gives_the_same_statistics_however_it_is_cut(size: int) -> None:
    values = noisy(3000) + [5.0 + loss for loss in noisy(400)] + noisy(600)
    values[100] = values[2000] = NAN
    assert reduced(values, range(size, len(values), size)) == reduced(values)


@given(st.lists(st.floats() | st.sampled_from([1e308, -1e308, 5e-324]), max_size=120), st.integers(1, 500))
def test_statistics_and_figures_are_finite_whatever_is_logged(values: list[float], planned: int) -> None:
    statistics = reduced(values)
    figures = describe(statistics, float(planned))
    assert all(math.isfinite(number) for number in numbers(msgspec.to_builtins(statistics)))
    assert all(math.isfinite(number) for number in numbers(msgspec.to_builtins(figures)))
    assert statistics.observations == sum(math.isfinite(value) for value in values)
    assert figures.range >= 0
    assert 0 <= figures.persistence <= 1
    assert figures.expected_gain is None or figures.expected_gain >= 0


def test_memory_does_not_grow_with_the_log() -> None:
    sizes = [len(msgspec.msgpack.encode(reduced(noisy(count)))) for count in (2_000, 20_000, 60_000)]
    assert max(sizes) < 12_000
    assert len(reduced(noisy(60_000)).curve.points) < 240


def test_the_smoothed_loss_follows_and_the_noise_is_its_standard_deviation() -> None:
    source = random.Random(3)  # noqa: S311 - no secret
    figures = describe(reduced([4.0 + source.gauss(0, 0.2) for _ in range(5000)]), None)
    assert figures.smoothed == pytest.approx(4.0, abs=0.1)
    assert figures.noise == pytest.approx(0.2, rel=0.25)


def test_a_single_spike_moves_neither_noise_nor_baseline() -> None:
    values = noisy(2000)
    spiked = [*values[:1500], 1e6, *values[1501:]]
    calm, struck = describe(reduced(values), None), describe(reduced(spiked), None)
    assert struck.noise == pytest.approx(calm.noise, rel=0.2)
    assert struck.baseline == pytest.approx(calm.baseline, rel=0.01)
    assert struck.out_of_control == 0


def test_a_loss_in_control_counts_nothing() -> None:
    figures = describe(reduced(noisy(4000)), None)
    assert (figures.out_of_control, figures.persistence) == (0, 0.0)


def test_two_losses_above_the_limit_are_over_with_the_next_below() -> None:
    calm = noisy(500)
    assert describe(reduced([*calm, 9.0, 9.0]), None).out_of_control == 2
    assert describe(reduced([*calm, 9.0, 9.0, calm[-1]]), None).out_of_control == 0


def test_an_excursion_of_three_ends_with_three_in_a_row_below_the_limit() -> None:
    calm = noisy(500)
    away = [*calm, 9.0, 9.0, 9.0, calm[-1], calm[-1]]
    assert describe(reduced(away), None).out_of_control == 5
    assert describe(reduced([*away, 9.0]), None).out_of_control == 6
    assert describe(reduced([*away, calm[-1]]), None).out_of_control == 0


def test_a_divergence_persists_and_does_not_become_the_baseline() -> None:
    calm = noisy(1000)
    figures = describe(reduced([*calm, *(loss + 4.0 for loss in noisy(600, seed=2))]), None)
    assert figures.out_of_control == 600
    assert figures.persistence > 0.7
    assert figures.baseline == describe(reduced(calm), None).baseline


def test_a_spike_that_decays_does_not_persist() -> None:
    away = [1.2 + 5.0 * math.exp(-row / 60) for row in range(160)]
    figures = describe(reduced([*noisy(1000), *away]), None)
    assert figures.out_of_control > 150
    assert figures.persistence < 0.3


def test_a_loss_logged_with_few_digits_is_not_out_of_control_by_its_last_digit() -> None:
    assert describe(reduced([2.001] * 500 + [2.002] * 200), None).out_of_control == 0


def test_a_plateau_has_no_gain_ahead_and_no_trend() -> None:
    source = random.Random(5)  # noqa: S311 - no secret
    values = [0.5 + 3.0 * math.exp(-row / 40) + source.gauss(0, 0.001) for row in range(2000)]
    figures = describe(reduced(values), 3000.0)
    assert figures.expected_gain is not None
    assert figures.expected_gain < 0.01 * figures.range
    assert figures.trend_z is not None
    assert abs(figures.trend_z) < 3


def test_a_loss_that_falls_steadily_is_expected_to_go_on_at_one_and_a_half_times_its_pace() -> None:
    figures = describe(reduced([10.0 - row / 1000 for row in range(2000)]), 4000.0)
    assert figures.expected_gain == pytest.approx(1.5 * (1.1 * 4000 - 2000) / 1000, rel=0.05)
    assert figures.trend_z is not None
    assert figures.trend_z < -5


def test_there_is_no_expectation_without_a_plan_nor_early_in_it() -> None:
    statistics = reduced(noisy(1000))
    assert describe(statistics, None).expected_gain is None
    assert describe(statistics, 10_000.0).expected_gain is None
    assert describe(statistics, 3000.0).expected_gain is not None


def test_the_range_leaves_out_a_wild_beginning() -> None:
    values = [2000.0 * math.exp(-row / 20) + loss for row, loss in enumerate(noisy(4000))]
    assert describe(reduced(values), None).range < 3


def test_few_losses_have_no_trend() -> None:
    figures = describe(reduced([3.0, 2.0, 1.0]), 4.0)
    assert (figures.trend_z, figures.long_trend_z, figures.expected_gain, figures.baseline) == (None, None, None, None)
    assert dataclasses.asdict(figures)["smoothed"] < 3
