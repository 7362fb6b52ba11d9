"""Floats as Prometheus computes them: compensated sums in its order, and arithmetic that never raises.

Go's arithmetic yields infinities and NaN where Python raises; every function here follows Go (IEEE 754).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

NAN = math.nan
INF = math.inf


def divide(left: float, right: float) -> float:
    """Quotient; by zero it is an infinity, or NaN for 0/0."""
    try:
        return left / right
    except ZeroDivisionError:
        if left == 0 or left != left:  # noqa: PLR0124 - NaN
            return NAN
        return math.copysign(INF, left) * math.copysign(1.0, right)


def modulo(left: float, right: float) -> float:
    """Remainder with the sign of the dividend; NaN for an infinite dividend or a zero divisor."""
    try:
        return math.fmod(left, right)
    except ValueError:
        return NAN


def power(base: float, exponent: float) -> float:
    """Power; NaN for a root of a negative base, infinite on overflow and for a negative power of zero."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -INF if base < 0 and exponent % 2 == 1 else INF
    except ValueError:
        if base != 0:
            return NAN
        return math.copysign(INF, base) if exponent % 2 == 1 else INF


def clamped(value: float, low: float, high: float) -> float:
    """Go's `Max(low, Min(high, value))`: an infinity wins against NaN, NaN against numbers."""
    return _maximum(low, -_maximum(-high, -value))


def _maximum(left: float, right: float) -> float:
    if INF in (left, right):
        return INF
    if left != left or right != right:  # noqa: PLR0124
        return NAN
    return max(left, right)


def total(function: Callable[[float], float]) -> Callable[[float], float]:
    """The function with NaN outside its domain and an infinity of the argument's sign where it overflows."""

    def safe(value: float) -> float:
        try:
            return function(value)
        except ValueError:
            return NAN
        except OverflowError:
            return math.copysign(INF, value)

    return safe


def add_compensated(term: float, total_: float, compensation: float) -> tuple[float, float]:
    """One step of Kahan's summation in Neumaier's variant: the new sum and compensation.

    An infinite sum forgets its compensation, as in Prometheus' util/kahansum.
    """
    new = total_ + term
    if math.isinf(new):
        return new, 0.0
    if abs(total_) >= abs(term):
        return new, compensation + ((total_ - new) + term)
    return new, compensation + ((term - new) + total_)


def compensated_sum(values: Sequence[float]) -> tuple[float, float]:
    """Sum and compensation, added in order.

    The loop takes each rounding error by Knuth's branch-free TwoSum, which equals Neumaier's exactly unless something
    is not finite; then it begins again step by step. This is the hottest loop of the evaluator.
    """
    total_ = compensation = 0.0
    for term in values:
        new = total_ + term
        back = new - total_
        compensation += (total_ - (new - back)) + (term - back)
        total_ = new
    if math.isfinite(total_) and math.isfinite(compensation):
        return total_, compensation
    total_ = compensation = 0.0
    for term in values:
        total_, compensation = add_compensated(term, total_, compensation)
    return total_, compensation


def sum_of(values: Sequence[float]) -> float:
    """The sum."""
    total_, compensation = compensated_sum(values)
    return total_ + compensation


def mean_of(values: Sequence[float]) -> float:
    """The mean of at least one value: directly, or incrementally once the sum would overflow."""
    total_, compensation = compensated_sum(values)
    if not math.isfinite(total_):
        return _incremental_mean(values)
    count = len(values)
    return total_ / count + compensation / count


def _incremental_mean(values: Sequence[float]) -> float:
    mean, compensation, count, incremental = values[0], 0.0, 1, False
    for count, value in enumerate(values[1:], start=2):
        if not incremental:
            new, new_compensation = add_compensated(value, mean, compensation)
            if not math.isinf(new):
                mean, compensation = new, new_compensation
                continue
            incremental = True
            mean /= count - 1
            compensation /= count - 1
        kept = (count - 1) / count
        mean, compensation = add_compensated(value / count, kept * mean, kept * compensation)
    return mean + compensation if incremental else mean / count + compensation / count


def variance_of(values: Sequence[float]) -> float:
    """The population variance of at least one value (Welford's algorithm, compensated)."""
    mean = mean_c = squares = squares_c = 0.0
    for count, value in enumerate(values, start=1):
        delta = value - (mean + mean_c)
        mean, mean_c = add_compensated(delta / count, mean, mean_c)
        squares, squares_c = add_compensated(delta * (value - (mean + mean_c)), squares, squares_c)
    return (squares + squares_c) / len(values)


def deviation_of(values: Sequence[float]) -> float:
    """The population standard deviation of at least one value."""
    return math.sqrt(variance_of(values))


def minimum_of(values: Sequence[float]) -> float:
    """The least of at least one value; NaN only if all are."""
    return min(_numbers(values), default=NAN)


def maximum_of(values: Sequence[float]) -> float:
    """The greatest of at least one value; NaN only if all are."""
    return max(_numbers(values), default=NAN)


def _numbers(values: Sequence[float]) -> Sequence[float]:
    # Only as a quick test for NaN, which a sum keeps: the sum itself is not used.
    if not math.isnan(sum(values)):
        return values
    return [value for value in values if value == value]  # noqa: PLR0124 - leaves NaN out


def ascending(value: float) -> tuple[bool, float]:
    """Sort key with NaN before every number, as Prometheus' heaps have it."""
    return (value == value, value)  # noqa: PLR0124


def quantile_of(q: float, values: Sequence[float]) -> float:
    """The q-quantile, interpolated; infinite for q outside 0 to 1, NaN for a NaN q."""
    if not values or q != q:  # noqa: PLR0124
        return NAN
    if q < 0:
        return -INF
    if q > 1:
        return INF
    ordered = sorted(values, key=ascending)
    rank = q * (len(ordered) - 1)
    lower = math.floor(rank)
    weight = rank - lower
    upper = min(lower + 1, len(ordered) - 1)
    return ordered[lower] * (1 - weight) + ordered[upper] * weight


def linear_regression(times: Sequence[int], values: Sequence[float], origin_ms: int) -> tuple[float, float]:
    """Slope per second, and the value at `origin_ms`, of the least-squares line through at least two samples."""
    first = values[0]
    if all(map(first.__eq__, values)):
        return (NAN, NAN) if math.isinf(first) else (0.0, first)
    count = float(len(values))
    x = [(at - origin_ms) / 1e3 for at in times]
    sum_x, sum_y = sum_of(x), sum_of(values)
    sum_xy = sum_of([a * b for a, b in zip(x, values, strict=True)])
    sum_xx = sum_of([a * a for a in x])
    slope = divide(sum_xy - sum_x * sum_y / count, sum_xx - sum_x * sum_x / count)
    return slope, sum_y / count - slope * sum_x / count
