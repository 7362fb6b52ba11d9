"""The few shapes that nearly all functions have, each as a maker of builders."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import TypeAlias

from ..node import Compiler, Elements, Naming, Node, RangeVector, VectorNode, naming
from ..tree import Call

Builder: TypeAlias = Callable[[Compiler, Call], Node]
"""Compiles a call of one function."""

Table: TypeAlias = dict[str, Builder]

Reducer: TypeAlias = Callable[["array[float]"], float]
"""From the values of a window, at least one, to a result."""


def of_value(function: Callable[[float], float]) -> Builder:
    """A function of each value by itself; the metric name goes."""

    def build(compiler: Compiler, call: Call) -> Node:
        operand, names = compiler.vector(call.args[0]), naming(compiler.options)
        strip, drop, checked = names.strip, names.drop, names.checked
        return VectorNode(
            lambda frame: checked([(strip(labels), function(value), drop) for labels, value, _ in operand(frame)])
        )

    return build


def of_window(reduce: Reducer) -> Builder:
    """A function of the values of each window; the metric name goes."""

    def build(compiler: Compiler, call: Call) -> Node:
        operand, names = compiler.range(call.args[0]), naming(compiler.options)
        return VectorNode(lambda frame: over_windows(names, operand(frame), reduce))

    return build


def over_windows(names: Naming, operand: RangeVector, reduce: Reducer) -> Elements:
    """One result for each window."""
    drop = names.drop
    results = [(stripped, reduce(values), drop) for _, stripped, _, _, values in operand.windows]
    return results if operand.one_name else names.checked(results)


Sampled: TypeAlias = Callable[[RangeVector, "array[int]", "array[float]"], float | None]
"""From the bounds, the times and the values of a window to a result, None for none."""


def of_samples(compute: Sampled) -> Builder:
    """A function of the times and values of each window; the metric name goes."""

    def build(compiler: Compiler, call: Call) -> Node:
        operand, names = compiler.range(call.args[0]), naming(compiler.options)
        return VectorNode(lambda frame: over_samples(names, operand(frame), compute))

    return build


def over_samples(names: Naming, operand: RangeVector, compute: Sampled) -> Elements:
    """One result for each window that has one."""
    drop = names.drop
    results = [
        (stripped, result, drop)
        for _, stripped, _, times, values in operand.windows
        if (result := compute(operand, times, values)) is not None
    ]
    return results if operand.one_name else names.checked(results)
