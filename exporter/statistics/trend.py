"""Is a short series of numbers rising or falling, beyond what chance does, and how fast? O(n²), for n ≤ 64."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from math import sqrt

from ._robust import median


def mann_kendall_z(values: Sequence[float]) -> float:
    """The Mann-Kendall trend test's z: below -1.96 falling, above 1.96 rising, at 5 %.

    Corrected for ties and for continuity (Kendall 1975, Rank Correlation Methods, §4). 0 for fewer than three values
    and where all are equal.
    """
    n = len(values)
    rising = sum(map(_less, combinations(values, 2)))
    ties = [count for count in Counter(values).values() if count > 1]
    tied = sum(count * (count - 1) // 2 for count in ties)
    score = 2 * rising + tied - n * (n - 1) // 2
    variance = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    if n < 3 or score == 0 or variance <= 0:  # noqa: PLR2004 - two points have no trend
        return 0.0
    return (score - 1 if score > 0 else score + 1) / sqrt(variance)


def _less(pair: tuple[float, float]) -> bool:
    return pair[0] < pair[1]


def theil_sen_slope(points: Sequence[tuple[float, float]]) -> float:
    """The median slope over all pairs of (x, y): robust to 29 % outliers (Sen 1968). 0 where no two x differ."""
    slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x1 != x2]
    return median(slopes) if slopes else 0.0
