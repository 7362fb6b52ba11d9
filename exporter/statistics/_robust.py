"""Medians. Not from the standard library's `statistics`, whose import costs a megabyte that an idle daemon keeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def median(values: Iterable[float]) -> float:
    """The middle value, or the mean of the two middle ones, of at least one."""
    return _middle(sorted(values))


def median_and_deviation(values: Iterable[float]) -> tuple[float, float]:
    """The median of at least one value, and the median of their distances from it.

    In the order of the values the distances fall, then rise: two runs, which the sort only has to merge.
    """
    ordered = sorted(values)
    centre = _middle(ordered)
    return centre, median([abs(value - centre) for value in ordered])


def _middle(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else ordered[half - 1] / 2 + ordered[half] / 2
