"""Medians. Not from the standard library's `statistics`, whose import costs a megabyte that an idle daemon keeps."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence


def median(values: Iterable[float]) -> float:
    """The middle value, or the mean of the two middle ones, of at least one."""
    return _middle(sorted(values))


def median_and_deviation(values: Iterable[float]) -> tuple[float, float]:
    """The median of at least one value, and the median of their distances from it."""
    ordered = sorted(values)
    centre = _middle(ordered)
    half = len(ordered) // 2
    upper = _radius(ordered, centre, half + 1)
    return centre, upper if len(ordered) % 2 else _radius(ordered, centre, half) / 2 + upper / 2


def _radius(ordered: Sequence[float], centre: float, count: int) -> float:
    """The distance from the centre within which `count` of the values lie: neighbours, so there is nothing to sort."""

    def is_left_nearer(start: int) -> int:
        return centre - ordered[start] <= ordered[start + count] - centre

    start = bisect_left(range(len(ordered) - count), 1, key=is_left_nearer)
    return max(centre - ordered[start], ordered[start + count - 1] - centre)


def _middle(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else ordered[half - 1] / 2 + ordered[half] / 2
