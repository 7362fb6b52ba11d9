"""Reads figures off the statistics of a loss: what the advice's rules compare."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import pi, sqrt

from ..model import LossStatistics, Point
from ._control import persistence
from .trend import mann_kendall_z, theil_sen_slope

RECENT = 0.8
"""The recent trend looks at the last fifth of the run: replay of 3,601 AlgoPerf runs."""
BURN_IN = 0.1
"""The range begins after the first tenth: Darknet begins at losses of thousands, of which any gain is nothing; on three
AlgoPerf workloads this costs a tenth of the saving of the plateau rule and lessens its harm."""
LATER = 0.5
"""The long trend looks at the second half: same replay, overfitting rule."""
TREND_POINTS = 64
"""At most, because the test is quadratic; neighbours are averaged before."""
TREND_LEAST = 8
"""Points below which there is no trend to test: the normal approximation holds from 8 to 10 (Kendall 1975)."""
OPTIMISM = 1.5
"""Further gain in units of the linear extrapolation: 95 % of the AlgoPerf runs that reached their target needed at
most 1.44 of it from half their length on."""
HORIZON = 1.1
"""A run may go on a tenth beyond its plan: same replay."""
PROGRESS_LEAST = 0.3
"""Of the planned length, seen since the last restart: before, the loss often falls more than extrapolated (up to 3.8
times there), and a resumed run that has not yet regained its best seems to stand still."""
GAIN_WINDOWS = ((1.0, 0.8), (1.0, 0.5), (0.8, 0.64))
"""Stretches of the run so far whose gain is extrapolated; the largest counts: same replay."""
MEAN_DISTANCE_TO_SD = sqrt(pi / 2)
"""Mean absolute deviation of a normal distribution to its standard deviation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LossFigures:
    """The figures of one split, in the loss's unit unless said; finite, None where not enough is known."""

    split: str
    observations: int
    smoothed: float
    noise: float
    """Standard deviation around the smoothed loss."""
    trend_z: float | None
    """Mann-Kendall z over the last fifth of the run."""
    long_trend_z: float | None
    """Mann-Kendall z over the second half of the run."""
    baseline: float | None
    out_of_control: int
    """Consecutive losses above the limit."""
    persistence: float
    range: float
    """How far the smoothed loss has fallen from the end of the first tenth of the run to its lowest; 0 or more."""
    expected_gain: float | None
    """Optimistic further fall until a tenth beyond the planned end; None before enough of a known length is done."""


def describe(statistics: LossStatistics, planned: float | None) -> LossFigures:
    """The figures at this time; `planned` is the length in iterations, None where it is not known.

    Costs a fraction of a millisecond, so it is done once a scrape, not once a row.
    """
    control = statistics.control
    points = statistics.curve.points
    return LossFigures(
        split=statistics.split,
        observations=statistics.observations,
        smoothed=statistics.smoothed,
        noise=MEAN_DISTANCE_TO_SD * statistics.deviation,
        trend_z=_trend(_tail(points, RECENT)),
        long_trend_z=_trend(_tail(points, LATER)),
        baseline=control.baseline,
        out_of_control=control.excursion.observations,
        persistence=persistence(control.excursion),
        range=_range(points),
        expected_gain=_expected_gain(points, planned),
    )


def _tail(points: Sequence[Point], share: float) -> Sequence[Point]:
    """The points after this share of the iterations so far."""
    if not points:
        return points
    first, last = points[0].iteration, points[-1].iteration
    return points[bisect_right(points, first + share * (last - first), key=_iteration) :]


def _iteration(point: Point) -> int:
    return point.iteration


def _trend(points: Sequence[Point]) -> float | None:
    if len(points) < TREND_LEAST:
        return None
    group = -(-len(points) // TREND_POINTS)
    means = [point.mean for point in points]
    return mann_kendall_z([sum(means[i : i + group]) / group for i in range(len(means) % group, len(means), group)])


def _range(points: Sequence[Point]) -> float:
    if not points:
        return 0.0
    first, last = points[0].iteration, points[-1].iteration
    begin = bisect_left(points, first + BURN_IN * (last - first), key=_iteration)
    return points[begin].smoothed - min(point.smoothed for point in points)


def _expected_gain(points: Sequence[Point], planned: float | None) -> float | None:
    if planned is None or len(points) < TREND_LEAST:
        return None
    first, last = points[0].iteration, points[-1].iteration
    done = last - first
    if done <= 0 or done < PROGRESS_LEAST * planned:
        return None
    ahead = (HORIZON * planned - last) / done
    return OPTIMISM * _gain_rate(points) * max(0.0, ahead)


def _gain_rate(points: Sequence[Point]) -> float:
    """The largest recent fall of the loss, extrapolated over as many iterations as were done; never negative."""
    first, last = points[0].iteration, points[-1].iteration
    lowest = list(accumulate((point.smoothed for point in points), min))

    def best_at(share: float) -> float:
        index = bisect_left(points, first + share * (last - first), key=_iteration)
        return lowest[min(index, len(lowest) - 1)]

    rates = [(best_at(early) - best_at(late)) / (late - early) for late, early in GAIN_WINDOWS]
    recent = _tail(points, RECENT)
    slope = theil_sen_slope([((point.iteration - first) / (last - first), point.mean) for point in recent])
    return max(0.0, -slope, *rates)
