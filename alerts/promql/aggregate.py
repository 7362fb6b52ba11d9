"""Aggregations: groups of elements to fewer, as `sum by (run) (...)`; the order within a group is the operand's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from ..gofloat import general, plain
from ..model import Labels
from ..store import METRIC_NAME
from .errors import EvaluationError, ParseError
from .labelset import dropping, keeping, replaced
from .node import Compiler, Elements, Frame, VectorFn
from .numeric import maximum_of, mean_of, minimum_of, quantile_of, sum_of
from .tree import Aggregate, AggregateOp, Expr

Builder: TypeAlias = Callable[[Compiler, Aggregate], VectorFn]
Projection: TypeAlias = Callable[[Labels], Labels]
Groups: TypeAlias = dict[Labels, Elements]

INT64_LIMIT: Final = 2.0**63
"""`topk(k, ...)` takes k as a 64-bit integer and refuses more."""


def compile_aggregate(compiler: Compiler, expr: Aggregate) -> VectorFn:
    """The aggregation as a closure."""
    return _BUILDERS[expr.op](compiler, expr)


def _reducing(reduce: Callable[[Sequence[float]], float]) -> Builder:
    """One value for each group, from its values in order."""

    def build(compiler: Compiler, expr: Aggregate) -> VectorFn:
        operand, group_of = compiler.vector(expr.expr), _grouping(expr)
        return lambda frame: _reduced(_grouped(operand(frame), group_of), reduce)

    return build


def _grouping(expr: Aggregate) -> Projection:
    return dropping((*expr.grouping, METRIC_NAME)) if expr.without else keeping(expr.grouping)


def _grouped(elements: Elements, group_of: Projection) -> Groups:
    groups: Groups = {}
    for element in elements:
        groups.setdefault(group_of(element[0]), []).append(element)
    return groups


def _reduced(groups: Groups, reduce: Callable[[Sequence[float]], float]) -> Elements:
    return [
        (labels, reduce([element[1] for element in members]), any(element[2] for element in members))
        for labels, members in groups.items()
    ]


def _variance(values: Sequence[float]) -> float:
    mean, squares = values[0], 0.0 if math.isfinite(values[0]) else math.nan
    for count, value in enumerate(values[1:], start=2):
        delta = value - mean
        mean += delta / count
        squares += delta * (value - mean)
    return squares / len(values)


def _choosing(order: Callable[[Elements], Elements]) -> Builder:
    """The first k elements of each group in this order, labels and all."""

    def build(compiler: Compiler, expr: Aggregate) -> VectorFn:
        operand, group_of = compiler.vector(expr.expr), _grouping(expr)
        count_of = compiler.scalar(_parameter(compiler, expr))

        def run(frame: Frame) -> Elements:
            groups = _grouped(operand(frame), group_of)
            count = _whole(count_of(frame))
            return [element for members in groups.values() for element in order(members)[:count]]

        return run

    return build


def _whole(count: float) -> int:
    """How many `topk` and its kin take: none for less than one."""
    if math.isnan(count):
        raise EvaluationError("Parameter value is NaN")
    if count >= INT64_LIMIT:
        raise EvaluationError(f"Scalar value {general(count)} overflows int64")
    return int(max(count, 0.0))


def _descending(members: Elements) -> Elements:
    return sorted(members, key=lambda element: (math.isnan(element[1]), -element[1]))


def _ascending(members: Elements) -> Elements:
    return sorted(members, key=lambda element: (math.isnan(element[1]), element[1]))


def _parameter(compiler: Compiler, expr: Aggregate) -> Expr:
    return expr.parameter or compiler.unsupported(f"{expr.op.value} without a parameter")


def _quantile(compiler: Compiler, expr: Aggregate) -> VectorFn:
    operand, group_of, parameter = compiler.vector(expr.expr), _grouping(expr), _parameter(compiler, expr)
    q_of = compiler.scalar(parameter)

    def run(frame: Frame) -> Elements:
        q = q_of(frame)
        warn_of_quantile(frame, q, parameter)
        return _reduced(_grouped(operand(frame), group_of), lambda values: quantile_of(q, values))

    return run


def warn_of_quantile(frame: Frame, q: float, parameter: Expr) -> None:
    """Annotates a quantile outside 0 to 1, which yields an infinity or NaN."""
    if frame.annotations is not None and not 0 <= q <= 1:
        frame.annotations.warn(f"quantile value should be between 0 and 1, got {general(q)} (1:{parameter.position})")


def _count_values(compiler: Compiler, expr: Aggregate) -> VectorFn:
    """How often each value is there, the value as a label; `by` keeps that label, `without` may name it."""
    label, operand = compiler.text(_parameter(compiler, expr)), compiler.vector(expr.expr)
    if not label:
        raise ParseError('invalid label name "" in count_values()')
    group_of = _grouping(expr if expr.without else replace(expr, grouping=(*expr.grouping, label)))

    def run(frame: Frame) -> Elements:
        counts: dict[Labels, int] = {}
        for labels, value, _ in operand(frame):
            group = group_of(replaced(labels, [(label, plain(value))]))
            counts[group] = counts.get(group, 0) + 1
        return [(labels, float(count), False) for labels, count in counts.items()]

    return run


_BUILDERS: Final[dict[AggregateOp, Builder]] = {
    AggregateOp.AVG: _reducing(mean_of),
    AggregateOp.BOTTOMK: _choosing(_ascending),
    AggregateOp.COUNT: _reducing(lambda values: float(len(values))),
    AggregateOp.COUNT_VALUES: _count_values,
    AggregateOp.GROUP: _reducing(lambda _: 1.0),
    AggregateOp.LIMITK: _choosing(lambda members: members),
    AggregateOp.MAX: _reducing(maximum_of),
    AggregateOp.MIN: _reducing(minimum_of),
    AggregateOp.QUANTILE: _quantile,
    AggregateOp.STDDEV: _reducing(lambda values: math.sqrt(_variance(values))),
    AggregateOp.STDVAR: _reducing(_variance),
    AggregateOp.SUM: _reducing(sum_of),
    AggregateOp.TOPK: _choosing(_descending),
}
