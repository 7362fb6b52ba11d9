"""Functions of labels: `label_replace` and `label_join`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...model import Labels
from ...store import METRIC_NAME
from ..errors import ParseError
from ..labelset import get, replaced
from ..node import Compiler, Elements, Frame, Node, VectorNode, distinct
from ..patterns import replacer
from ..tree import Call
from ._build import Table


def _relabelled(compiler: Compiler, call: Call, target: str, value_of: Callable[[Labels], str | None]) -> Node:
    """Sets a label to what `value_of` says, None: leaves the element as it is."""
    if not target:
        raise ParseError(f"invalid destination label name in {call.function}(): {target!r}")
    operand = compiler.vector(call.args[0])

    def run(frame: Frame) -> Elements:
        elements: Elements = []
        for element in operand(frame):
            labels, value, drop = element
            text = value_of(labels)
            if text is None:
                elements.append(element)
            else:
                elements.append((replaced(labels, [(target, text)]), value, drop and target != METRIC_NAME))
        return distinct(elements)

    return VectorNode(run)


def _label_replace(compiler: Compiler, call: Call) -> Node:
    target, template, source, pattern = [compiler.text(arg) for arg in call.args[1:]]
    replace = replacer(pattern, template)
    return _relabelled(compiler, call, target, lambda labels: replace(get(labels, source)))


def _label_join(compiler: Compiler, call: Call) -> Node:
    target, separator, *sources = [compiler.text(arg) for arg in call.args[1:]]
    if "" in sources:
        raise ParseError("invalid source label name in label_join(): ''")
    return _relabelled(
        compiler, call, target, lambda labels: separator.join([get(labels, source) for source in sources])
    )


TABLE: Final[Table] = {"label_join": _label_join, "label_replace": _label_replace}
