"""Functions between types and orders: `absent`, `scalar`, `vector`, `time`, `timestamp`, `sort` and its kin."""

from __future__ import annotations

import math
import re
from functools import cmp_to_key
from typing import Final

from ...model import Labels
from ..labelset import get
from ..node import Compiler, Element, Frame, Node, ScalarNode, VectorNode, naming
from ..selectors import absent_labels, compile_vector
from ..tree import Call, VectorSelector
from ._build import Builder, Table

# run10b: run, 10, b
_CHUNKS: Final = re.compile(r"\d+|\D+")


def _absent(compiler: Compiler, call: Call) -> Node:
    operand, arg = compiler.vector(call.args[0]), call.args[0]
    labels = absent_labels(arg) if isinstance(arg, VectorSelector) else ()
    return VectorNode(lambda frame: [] if operand(frame) else [(labels, 1.0, False)])


def _scalar(compiler: Compiler, call: Call) -> Node:
    operand = compiler.vector(call.args[0])

    def run(frame: Frame) -> float:
        elements = operand(frame)
        return elements[0][1] if len(elements) == 1 else math.nan

    return ScalarNode(run)


def _vector(compiler: Compiler, call: Call) -> Node:
    operand = compiler.scalar(call.args[0])
    return VectorNode(lambda frame: [((), operand(frame), False)])


def _time(_compiler: Compiler, _call: Call) -> Node:
    return ScalarNode(lambda frame: frame.at_ms / 1000)


def _timestamp(compiler: Compiler, call: Call) -> Node:
    """Of a selector, when its sample was; of anything else, the time of the evaluation."""
    arg, names = call.args[0], naming(compiler.options)
    strip, drop = names.strip, names.drop
    if isinstance(arg, VectorSelector):
        times = compile_vector(compiler, arg, timestamps=True)
        return VectorNode(lambda frame: names.checked([(strip(labels), at, drop) for labels, at, _ in times(frame)]))
    operand = compiler.vector(arg)
    return VectorNode(
        lambda frame: names.checked([(strip(labels), frame.at_ms / 1000, drop) for labels, _, _ in operand(frame)])
    )


def _sort(sign: float) -> Builder:
    """By value; NaN comes last either way."""

    def build(compiler: Compiler, call: Call) -> Node:
        operand = compiler.vector(call.args[0])
        return VectorNode(lambda frame: sorted(operand(frame), key=lambda e: (math.isnan(e[1]), sign * e[1])))

    return build


def _sort_by_label(*, descending: bool) -> Builder:
    """By labels in natural order (`run2` before `run10`), then by all labels."""

    def build(compiler: Compiler, call: Call) -> Node:
        operand = compiler.vector(call.args[0])
        names = [compiler.text(arg) for arg in call.args[1:]]

        def compare(left: Element, right: Element) -> int:
            for name in names:
                if (a := get(left[0], name)) != (b := get(right[0], name)):
                    return -1 if _naturally_before(a, b) else 1
            return _compare(left[0], right[0])

        key = cmp_to_key(compare)
        return VectorNode(lambda frame: sorted(operand(frame), key=key, reverse=descending))

    return build


def _compare(left: Labels, right: Labels) -> int:
    return (left > right) - (left < right)


def _naturally_before(left: str, right: str) -> bool:
    for a, b in zip(_CHUNKS.findall(left), _CHUNKS.findall(right), strict=False):
        if a.isdecimal() and b.isdecimal():
            if int(a) != int(b):
                return int(a) < int(b)
        elif a != b:
            return bool(a < b)
    return len(left) < len(right)


TABLE: Final[Table] = {
    "absent": _absent,
    "scalar": _scalar,
    "sort": _sort(1.0),
    "sort_by_label": _sort_by_label(descending=False),
    "sort_by_label_desc": _sort_by_label(descending=True),
    "sort_desc": _sort(-1.0),
    "time": _time,
    "timestamp": _timestamp,
    "vector": _vector,
}
