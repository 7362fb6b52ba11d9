"""Operators between two operands: arithmetic, comparison, sets, and the matching of vectors by labels."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar

from ..model import Labels
from ..store import METRIC_NAME
from .errors import EvaluationError
from .labelset import dropping, get, keeping, remembered, replaced, show
from .node import Compiler, Element, Elements, Frame, Node, ScalarFn, ScalarNode, VectorFn, VectorNode, naming
from .numeric import divide, modulo, power
from .tree import COMPARISONS, SET_OPERATORS, Binary, BinaryOp, Cardinality, Matching, type_of
from .value import ValueType

ResultT = TypeVar("ResultT")

Arithmetic: TypeAlias = Callable[[float, float], float]
Test: TypeAlias = Callable[[float, float], bool]

Pair: TypeAlias = tuple[Labels, float, float]
"""The labels of a result, and the values of the left and the right operand."""

_ARITHMETIC: Final[dict[BinaryOp, Arithmetic]] = {
    BinaryOp.ADD: operator.add,
    BinaryOp.SUB: operator.sub,
    BinaryOp.MUL: operator.mul,
    BinaryOp.DIV: divide,
    BinaryOp.MOD: modulo,
    BinaryOp.POW: power,
    BinaryOp.ATAN2: math.atan2,
}

_COMPARISON: Final[dict[BinaryOp, Test]] = {
    BinaryOp.EQ: operator.eq,
    BinaryOp.NE: operator.ne,
    BinaryOp.GT: operator.gt,
    BinaryOp.LT: operator.lt,
    BinaryOp.GE: operator.ge,
    BinaryOp.LE: operator.le,
}


def compile_binary(compiler: Compiler, expr: Binary) -> Node:
    """Compiles by the types of the operands."""
    scalars = (type_of(expr.left) is ValueType.SCALAR, type_of(expr.right) is ValueType.SCALAR)
    if scalars == (True, True):
        return ScalarNode(_between_scalars(compiler, expr))
    if True in scalars:
        return VectorNode(_with_scalar(compiler, expr, scalar_left=scalars[0]))
    left, right = compiler.vector(expr.left), compiler.vector(expr.right)
    checked = naming(compiler.options).checked
    if expr.op in SET_OPERATORS:
        combine = _set_operator(expr.op, _signature(expr.matching))
    else:
        combine = _Join(expr, delayed=compiler.options.delayed_name_removal).combine
    return VectorNode(lambda frame: checked(combine(left(frame), right(frame))))


def _between_scalars(compiler: Compiler, expr: Binary) -> ScalarFn:
    left, right, compute = compiler.scalar(expr.left), compiler.scalar(expr.right), _computation(expr.op)
    return lambda frame: compute(left(frame), right(frame))


def _with_scalar(compiler: Compiler, expr: Binary, *, scalar_left: bool) -> VectorFn:
    scalar = compiler.scalar(expr.left if scalar_left else expr.right)
    vector = compiler.vector(expr.right if scalar_left else expr.left)
    names = naming(compiler.options)
    strip, drop = names.strip, names.drop

    if expr.op in COMPARISONS and not expr.return_bool:
        holds = _swapped(_COMPARISON[expr.op]) if scalar_left else _COMPARISON[expr.op]

        def filtered(frame: Frame) -> Elements:
            other = scalar(frame)
            return [element for element in vector(frame) if holds(element[1], other)]

        return filtered

    compute = _swapped(_computation(expr.op)) if scalar_left else _computation(expr.op)

    def computed(frame: Frame) -> Elements:
        other = scalar(frame)
        return names.checked([(strip(labels), compute(value, other), drop) for labels, value, _ in vector(frame)])

    return computed


def _computation(op: BinaryOp) -> Arithmetic:
    """The operator as a number, a comparison as 1 or 0."""
    if op in _ARITHMETIC:
        return _ARITHMETIC[op]
    holds = _COMPARISON[op]
    return lambda left, right: 1.0 if holds(left, right) else 0.0


def _swapped(function: Callable[[float, float], ResultT]) -> Callable[[float, float], ResultT]:
    return lambda left, right: function(right, left)


def _signature(matching: Matching) -> Callable[[Labels], Labels]:
    """What two elements must have in common; `ignoring` always ignores the metric name as well."""
    return keeping(matching.labels) if matching.on else dropping((*matching.labels, METRIC_NAME))


def _set_operator(op: BinaryOp, signature: Callable[[Labels], Labels]) -> Callable[[Elements, Elements], Elements]:
    def both(left: Elements, right: Elements) -> Elements:
        present = {signature(element[0]) for element in right}
        return [element for element in left if signature(element[0]) in present]

    def either(left: Elements, right: Elements) -> Elements:
        present = {signature(element[0]) for element in left}
        return left + [element for element in right if signature(element[0]) not in present]

    def unless(left: Elements, right: Elements) -> Elements:
        present = {signature(element[0]) for element in right}
        return [element for element in left if signature(element[0]) not in present]

    return {BinaryOp.AND: both, BinaryOp.OR: either, BinaryOp.UNLESS: unless}[op]


class _Join:
    """Pairs the elements of two vectors and computes. The `one` side has each match group at most once."""

    def __init__(self, expr: Binary, *, delayed: bool) -> None:
        self._signature = _signature(expr.matching)
        self._cardinality = expr.matching.cardinality
        self._swap = self._cardinality is Cardinality.ONE_TO_MANY
        forgets_name = expr.op in _ARITHMETIC or (expr.return_bool and not delayed)
        self._result = _result_labels(expr.matching, forgets_name=forgets_name)
        self._may_collide = forgets_name or bool(expr.matching.include)
        self._evaluate = _evaluator(expr.op, return_bool=expr.return_bool, drop=expr.return_bool and delayed)

    def combine(self, left: Elements, right: Elements) -> Elements:
        """The result; `EvaluationError` where a match is ambiguous. Nothing pairs with an empty vector."""
        if not left or not right:
            return []
        if self._cardinality is Cardinality.ONE_TO_ONE:
            return self._evaluate(self._one_to_one(left, self._groups(right)))
        if self._swap:
            pairs = self._many_to_one(right, self._groups(left))
            return self._evaluate([(labels, one, many) for labels, many, one in pairs])
        return self._evaluate(self._many_to_one(left, self._groups(right)))

    def _groups(self, elements: Elements) -> dict[Labels, Element]:
        signature = self._signature
        groups: dict[Labels, Element] = {}
        for element in elements:
            key = signature(element[0])
            if key in groups:
                self._refuse_duplicate(key, element[0], groups[key][0])
            groups[key] = element
        return groups

    def _refuse_duplicate(self, key: Labels, first: Labels, second: Labels) -> None:
        side = "left" if self._swap else "right"
        first, second = sorted((first, second))
        raise EvaluationError(
            f"found duplicate series for the match group {show(key)} on the {side} hand-side of the operation: "
            f"[{show(first)}, {show(second)}]"
            ";many-to-many matching not allowed: matching labels must be unique on one side"
        )

    def _one_to_one(self, left: Elements, groups: dict[Labels, Element]) -> list[Pair]:
        signature, find, result = self._signature, groups.get, self._result
        matched: set[Labels] = set()
        pairs: list[Pair] = []
        for labels, value, _ in left:
            key = signature(labels)
            partner = find(key)
            if partner is None:
                continue
            if key in matched:
                raise EvaluationError(
                    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
                )
            matched.add(key)
            pairs.append((result(labels, partner[0]), value, partner[1]))
        return pairs

    def _many_to_one(self, many: Elements, groups: dict[Labels, Element]) -> list[Pair]:
        signature, find, result = self._signature, groups.get, self._result
        pairs: list[Pair] = []
        keys: list[Labels] = []
        for labels, value, _ in many:
            key = signature(labels)
            partner = find(key)
            if partner is not None:
                pairs.append((result(labels, partner[0]), value, partner[1]))
                keys.append(key)
        if self._may_collide and len({(pair[0], key) for pair, key in zip(pairs, keys, strict=True)}) != len(pairs):
            raise EvaluationError("multiple matches for labels: grouping labels must ensure unique matches")
        return pairs


def _evaluator(op: BinaryOp, *, return_bool: bool, drop: bool) -> Callable[[list[Pair]], Elements]:
    if op in COMPARISONS and not return_bool:
        holds = _COMPARISON[op]
        return lambda pairs: [(labels, left, False) for labels, left, right in pairs if holds(left, right)]
    compute = _computation(op)
    return lambda pairs: [(labels, compute(left, right), drop) for labels, left, right in pairs]


def _result_labels(matching: Matching, *, forgets_name: bool) -> Callable[[Labels, Labels], Labels]:
    """The labels of a result, from those of the many side (or the left one) and of the one side."""
    if matching.cardinality is not Cardinality.ONE_TO_ONE:
        base = dropping((METRIC_NAME,) if forgets_name else ())
    elif matching.on:
        base = keeping([name for name in matching.labels if not (forgets_name and name == METRIC_NAME)])
    else:
        base = dropping((*matching.labels, METRIC_NAME) if forgets_name else matching.labels)
    include = matching.include
    if not include:
        return lambda many, _: base(many)

    def joined(pair: tuple[Labels, Labels]) -> Labels:
        many, one = pair
        return replaced(base(many), [(name, get(one, name)) for name in include])

    both = remembered(joined)
    return lambda many, one: both((many, one))
