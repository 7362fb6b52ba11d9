"""Functions of each value by itself: rounding, roots, logarithms, trigonometry, clamping."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from ..node import Compiler, Elements, Frame, Node, ScalarNode, VectorNode, naming
from ..numeric import INF, NAN, clamped, divide, total
from ..tree import Call
from ._build import Builder, Table, of_value


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    return lambda value: float(function(value)) if math.isfinite(value) else value


def _logarithm(function: Callable[[float], float]) -> Callable[[float], float]:
    safe = total(function)
    return lambda value: -INF if value == 0 else safe(value)


def _sign(value: float) -> float:
    return -1.0 if value < 0 else 1.0 if value > 0 else value


def _atanh(value: float) -> float:
    if abs(value) >= 1:
        return math.copysign(INF, value) if abs(value) == 1 else NAN
    return math.atanh(value)


def _cosh(value: float) -> float:
    try:
        return math.cosh(value)
    except OverflowError:
        return INF


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return INF


_FUNCTIONS: Final[dict[str, Callable[[float], float]]] = {
    "abs": abs,
    "acos": total(math.acos),
    "acosh": total(math.acosh),
    "asin": total(math.asin),
    "asinh": math.asinh,
    "atan": math.atan,
    "atanh": _atanh,
    "ceil": _whole(math.ceil),
    "cos": total(math.cos),
    "cosh": _cosh,
    "deg": lambda value: value * 180 / math.pi,
    "exp": _exp,
    "floor": _whole(math.floor),
    "ln": _logarithm(math.log),
    "log10": _logarithm(math.log10),
    "log2": _logarithm(math.log2),
    "rad": lambda value: value * math.pi / 180,
    "sgn": _sign,
    "sin": total(math.sin),
    "sinh": total(math.sinh),
    "sqrt": total(math.sqrt),
    "tan": total(math.tan),
    "tanh": math.tanh,
}


def _clamp(lower: int | None, upper: int | None) -> Builder:
    """Clamping by the arguments at these places."""

    def build(compiler: Compiler, call: Call) -> Node:
        operand, names = compiler.vector(call.args[0]), naming(compiler.options)
        least = compiler.scalar(call.args[lower]) if lower else lambda _: -INF
        greatest = compiler.scalar(call.args[upper]) if upper else lambda _: INF

        def run(frame: Frame) -> Elements:
            elements, low, high = operand(frame), least(frame), greatest(frame)
            if high < low:
                return []
            return names.checked(
                [(names.strip(labels), clamped(value, low, high), names.drop) for labels, value, _ in elements]
            )

        return VectorNode(run)

    return build


def _round(compiler: Compiler, call: Call) -> Node:
    """To the nearest multiple, ties up; by its inverse, which is more exact for 0.1 and the like."""
    operand, names = compiler.vector(call.args[0]), naming(compiler.options)
    nearest = compiler.scalar(call.args[1]) if len(call.args) > 1 else lambda _: 1.0
    floor = _whole(math.floor)

    def run(frame: Frame) -> Elements:
        inverse = divide(1.0, nearest(frame))
        return names.checked(
            [
                (names.strip(labels), divide(floor(value * inverse + 0.5), inverse), names.drop)
                for labels, value, _ in operand(frame)
            ]
        )

    return VectorNode(run)


TABLE: Final[Table] = {
    **{name: of_value(function) for name, function in _FUNCTIONS.items()},
    "clamp": _clamp(1, 2),
    "clamp_max": _clamp(None, 1),
    "clamp_min": _clamp(1, None),
    "pi": lambda _compiler, _call: ScalarNode(lambda _: math.pi),
    "round": _round,
}
