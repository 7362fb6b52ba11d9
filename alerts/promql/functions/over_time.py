"""Functions of the values in a range: `avg_over_time` and its kin, `changes`, `resets`."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from ..aggregate import warn_of_quantile
from ..node import Compiler, Elements, Frame, Node, RangeVector, VectorNode, naming
from ..numeric import deviation_of, maximum_of, mean_of, minimum_of, quantile_of, sum_of, variance_of
from ..selectors import absent_labels
from ..tree import Call, MatrixSelector
from ._build import Builder, Sampled, Table, of_samples, of_window, over_windows


def _changes(values: array[float]) -> float:
    # NaN after NaN is no change: `both are NaN` is what neither equality sees.
    return float(
        sum(a != b and (a == a or b == b) for a, b in pairwise(values))  # noqa: PLR0124
    )


def _resets(values: array[float]) -> float:
    return float(sum(later < earlier for earlier, later in pairwise(values)))


def _mad(values: array[float]) -> float:
    """The median distance from the median; NaN if one value is."""
    if any(map(math.isnan, values)):
        return math.nan
    median = quantile_of(0.5, values)
    return quantile_of(0.5, [abs(value - median) for value in values])


def _time_of(better: Callable[[float, float], bool]) -> Sampled:
    """When the best value was; the last of equal ones."""

    def compute(_: RangeVector, times: array[int], values: array[float]) -> float:
        best = 0
        for index, value in enumerate(values):
            if better(value, values[best]) or values[best] != values[best]:
                best = index
        return times[best] / 1000

    return compute


def _named(pick: Callable[[array[float]], float]) -> Builder:
    """A function that acts like an offset and so keeps the metric name."""

    def build(compiler: Compiler, call: Call) -> Node:
        operand = compiler.range(call.args[0])
        return VectorNode(
            lambda frame: [(labels, pick(values), drop) for labels, _, drop, _, values in operand(frame).windows]
        )

    return build


def _quantile(compiler: Compiler, call: Call) -> Node:
    q_of, operand, names = compiler.scalar(call.args[0]), compiler.range(call.args[1]), naming(compiler.options)

    def run(frame: Frame) -> Elements:
        q, windows = q_of(frame), operand(frame)
        if windows.windows:
            warn_of_quantile(frame, q, call.args[0])
        return over_windows(names, windows, lambda values: quantile_of(q, values))

    return VectorNode(run)


def _absent(compiler: Compiler, call: Call) -> Node:
    operand, arg = compiler.range(call.args[0]), call.args[0]
    labels = absent_labels(arg.selector) if isinstance(arg, MatrixSelector) else ()
    return VectorNode(lambda frame: [] if operand(frame).windows else [(labels, 1.0, False)])


TABLE: Final[Table] = {
    "absent_over_time": _absent,
    "avg_over_time": of_window(mean_of),
    "changes": of_window(_changes),
    "count_over_time": of_window(lambda values: float(len(values))),
    "first_over_time": _named(lambda values: values[0]),
    "last_over_time": _named(lambda values: values[-1]),
    "mad_over_time": of_window(_mad),
    "max_over_time": of_window(maximum_of),
    "min_over_time": of_window(minimum_of),
    "present_over_time": of_window(lambda _: 1.0),
    "quantile_over_time": _quantile,
    "resets": of_window(_resets),
    "stddev_over_time": of_window(deviation_of),
    "stdvar_over_time": of_window(variance_of),
    "sum_over_time": of_window(sum_of),
    "ts_of_first_over_time": of_samples(lambda _, times, __: times[0] / 1000),
    "ts_of_last_over_time": of_samples(lambda _, times, __: times[-1] / 1000),
    "ts_of_max_over_time": of_samples(_time_of(lambda value, best: value >= best)),
    "ts_of_min_over_time": of_samples(_time_of(lambda value, best: value <= best)),
}
