"""Tree to closures, once for each expression: what then runs at every evaluation looks nothing up any more."""

from __future__ import annotations

from typing import NoReturn, assert_never

from .aggregate import compile_aggregate
from .binary import compile_binary
from .errors import UnsupportedError
from .functions import FUNCTIONS
from .node import (
    Node,
    Options,
    RangeFn,
    RangeNode,
    ScalarFn,
    ScalarNode,
    TextNode,
    VectorFn,
    VectorNode,
    naming,
)
from .selectors import compile_range, compile_subquery, compile_vector
from .tree import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    Negation,
    Number,
    Subquery,
    Text,
    VectorSelector,
)


def compile_expr(expr: Expr, options: Options, text: str) -> Node:
    """The expression as a closure; raises `UnsupportedError`, with the text, for what this evaluator lacks."""
    return _Compiler(options, text).node(expr)


class _Compiler:
    def __init__(self, options: Options, text: str) -> None:
        self.options = options
        self._text = text

    def node(self, expr: Expr) -> Node:  # noqa: PLR0911 - one return for each variant
        match expr:
            case Number(value=value):
                return ScalarNode(lambda _: value)
            case Text():
                return TextNode(expr.value)
            case VectorSelector():
                return VectorNode(compile_vector(self, expr))
            case MatrixSelector():
                return RangeNode(compile_range(self, expr))
            case Subquery():
                return RangeNode(compile_subquery(self, expr))
            case Negation():
                return self._negation(expr)
            case Binary():
                return compile_binary(self, expr)
            case Aggregate():
                return VectorNode(compile_aggregate(self, expr))
            case Call():
                return self._call(expr)
            case _:
                assert_never(expr)

    def vector(self, expr: Expr) -> VectorFn:
        """The operand as a vector."""
        node = self.node(expr)
        if not isinstance(node, VectorNode):
            self.unsupported(f"{type(node).__name__} where a vector is due")
        return node.run

    def scalar(self, expr: Expr) -> ScalarFn:
        """The operand as a number."""
        node = self.node(expr)
        if not isinstance(node, ScalarNode):
            self.unsupported(f"{type(node).__name__} where a number is due")
        return node.run

    def range(self, expr: Expr) -> RangeFn:
        """The operand as a range vector."""
        node = self.node(expr)
        if not isinstance(node, RangeNode):
            self.unsupported(f"{type(node).__name__} where a range vector is due")
        return node.run

    def text(self, expr: Expr) -> str:
        """The operand as a string."""
        if not isinstance(expr, Text):
            self.unsupported(f"{type(expr).__name__} where a string is due")
        return expr.value

    def unsupported(self, construct: str) -> NoReturn:
        """Refuses the construct by name."""
        raise UnsupportedError(f"{construct} is not supported", self._text)

    def _call(self, expr: Call) -> Node:
        build = FUNCTIONS.get(expr.function)
        if build is None:
            self.unsupported(f"the function {expr.function}()")
        return build(self, expr)

    def _negation(self, expr: Negation) -> Node:
        operand = self.node(expr.expr)
        match operand:
            case ScalarNode(run=number):
                return ScalarNode(lambda frame: -number(frame))
            case VectorNode(run=vector):
                names = naming(self.options)
                strip, drop = names.strip, names.drop
                return VectorNode(
                    lambda frame: names.checked([(strip(labels), -value, drop) for labels, value, _ in vector(frame)])
                )
            case RangeNode() | TextNode():
                return self.unsupported("minus before a range vector or a string")
