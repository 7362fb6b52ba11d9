"""Functions of change: `rate`, `increase`, `delta` with their extrapolation, `irate`, and trends."""

from __future__ import annotations

from array import array
from itertools import pairwise
from typing import Final

from ..errors import EvaluationError
from ..labelset import name_of
from ..node import Compiler, Elements, Frame, Node, RangeVector, VectorNode, naming
from ..numeric import linear_regression
from ..tree import Call
from ..value import Annotations
from ._build import Builder, Sampled, Table, of_samples, over_samples

EXTRAPOLATION_LIMIT: Final = 1.1
"""Extrapolates to a bound no farther than this many mean intervals away; Prometheus' extrapolationThreshold."""

COUNTER_SUFFIXES: Final = ("_total", "_sum", "_count", "_bucket")
"""Names that Prometheus takes for counters."""


def _increase(values: array[float]) -> float:
    """How much a counter grew; after a reset it grew from zero."""
    result = values[-1] - values[0]
    for earlier, later in pairwise(values):
        if later < earlier:
            result += earlier
    return result


def _extrapolated(*, counter: bool, per_second: bool) -> Sampled:
    """The change over the whole range, from that between its first and last sample; none for fewer than two."""

    def compute(span: RangeVector, times: array[int], values: array[float]) -> float | None:
        if len(times) < 2:  # noqa: PLR2004 - a change needs two
            return None
        change = _increase(values) if counter else values[-1] - values[0]
        sampled = (times[-1] - times[0]) / 1000
        mean_interval = sampled / (len(times) - 1)
        limit = mean_interval * EXTRAPOLATION_LIMIT
        to_start, to_end = (times[0] - span.start_ms) / 1000, (span.end_ms - times[-1]) / 1000
        if to_start >= limit:
            to_start = mean_interval / 2
        if counter and change > 0 and values[0] >= 0:
            # A counter is never below zero: no extrapolation beyond where it would have been that.
            to_start = min(to_start, sampled * (values[0] / change))
        if to_end >= limit:
            to_end = mean_interval / 2
        factor = (sampled + to_start + to_end) / sampled
        if per_second:
            factor /= (span.end_ms - span.start_ms) / 1000
        return change * factor

    return compute


def _last_change(values: array[float], *, counter: bool) -> float:
    earlier, later = values[-2], values[-1]
    return later if counter and later < earlier else later - earlier


def _idelta(_: RangeVector, times: array[int], values: array[float]) -> float | None:
    return _last_change(values, counter=False) if len(times) > 1 else None


def _irate(_: RangeVector, times: array[int], values: array[float]) -> float | None:
    if len(times) < 2:  # noqa: PLR2004 - a change needs two
        return None
    return _last_change(values, counter=True) / ((times[-1] - times[-2]) / 1000)


def _deriv(_: RangeVector, times: array[int], values: array[float]) -> float | None:
    return linear_regression(times, values, times[0])[0] if len(times) > 1 else None


def _of_counter(compute: Sampled) -> Builder:
    """A function that makes sense of counters only, and says so of other names."""

    def build(compiler: Compiler, call: Call) -> Node:
        operand, names, position = compiler.range(call.args[0]), naming(compiler.options), call.args[0].position

        def run(frame: Frame) -> Elements:
            windows = operand(frame)
            if frame.annotations is not None:
                _doubt_counters(frame.annotations, windows, position)
            return over_samples(names, windows, compute)

        return VectorNode(run)

    return build


def _doubt_counters(annotations: Annotations, operand: RangeVector, position: int) -> None:
    for labels, _, _, times, _ in operand.windows:
        name = name_of(labels)
        if name and len(times) > 1 and not name.endswith(COUNTER_SUFFIXES):
            annotations.inform(
                "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "
                f'"{name}" (1:{position})'
            )


def _predict_linear(compiler: Compiler, call: Call) -> Node:
    operand, ahead_of, names = compiler.range(call.args[0]), compiler.scalar(call.args[1]), naming(compiler.options)

    def run(frame: Frame) -> Elements:
        ahead = ahead_of(frame)

        def predict(_: RangeVector, times: array[int], values: array[float]) -> float | None:
            if len(times) < 2:  # noqa: PLR2004 - a line needs two
                return None
            slope, intercept = linear_regression(times, values, frame.at_ms)
            return slope * ahead + intercept

        return over_samples(names, operand(frame), predict)

    return VectorNode(run)


def _smoothing(compiler: Compiler, call: Call) -> Node:
    """Holt's linear method: level and trend, each exponentially smoothed."""
    operand, names = compiler.range(call.args[0]), naming(compiler.options)
    smoothing_of, trend_of = compiler.scalar(call.args[1]), compiler.scalar(call.args[2])

    def run(frame: Frame) -> Elements:
        windows, smoothing, trend = operand(frame), smoothing_of(frame), trend_of(frame)
        for name, factor in (("smoothing", smoothing), ("trend", trend)):
            if windows.windows and not 0 < factor < 1:
                raise EvaluationError(f"invalid {name} factor: expected more than 0 and less than 1, got {factor}")
        return over_samples(names, windows, lambda _, __, values: _smoothed(values, smoothing, trend))

    return VectorNode(run)


def _smoothed(values: array[float], smoothing: float, trend: float) -> float | None:
    if len(values) < 2:  # noqa: PLR2004 - a trend needs two
        return None
    slope = values[1] - values[0]
    before, level = values[0], smoothing * values[1] + (1 - smoothing) * (values[0] + slope)
    for value in values[2:]:
        slope = trend * (level - before) + (1 - trend) * slope
        before, level = level, smoothing * value + (1 - smoothing) * (level + slope)
    return level


TABLE: Final[Table] = {
    "delta": of_samples(_extrapolated(counter=False, per_second=False)),
    "deriv": of_samples(_deriv),
    "double_exponential_smoothing": _smoothing,
    "idelta": of_samples(_idelta),
    "increase": _of_counter(_extrapolated(counter=True, per_second=False)),
    "irate": of_samples(_irate),
    "predict_linear": _predict_linear,
    "rate": _of_counter(_extrapolated(counter=True, per_second=True)),
}
