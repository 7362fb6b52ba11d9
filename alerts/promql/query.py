"""A PromQL text to a `Query` that evaluates itself on a store, at one time or over a range.

Everything that can be refused is refused when the query is compiled. A query holds no samples; one that is kept is
evaluated faster the second time, since its selectors and projections remember the series.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, assert_never

from ..model import Labels, Sample
from ..store import Store
from .compile import compile_expr
from .errors import EvaluationError, PromqlError
from .labelset import without_name
from .needs import has_fixed_time, needs
from .node import Budget, Elements, Frame, Node, Options, RangeNode, ScalarNode, TextNode, VectorNode, distinct
from .parse import parse
from .tree import Expr, type_of
from .value import Annotations, Matrix, Range, Value, ValueType, Vector

_DEFAULTS: Final = Options()


class Query:
    """A compiled expression."""

    def __init__(self, text: str, expr: Expr, options: Options = _DEFAULTS) -> None:
        self.text = text
        self.expr = expr
        self.options = options
        self._node = _compiled(expr, options, text)

    @property
    def type(self) -> ValueType:
        """What it yields."""
        return type_of(self.expr)

    @property
    def needs(self) -> Mapping[str | None, int]:
        """How many milliseconds of samples it looks at by metric name, None for selectors without a name."""
        return needs(self.expr, self.options)

    @property
    def metric_names(self) -> frozenset[str]:
        """The names it selects; selectors without a name are not among them."""
        return frozenset(name for name in self.needs if name is not None)

    @property
    def lookback_ms(self) -> int:
        """How far back it looks at most: offsets, ranges, subqueries and the lookback."""
        return max(self.needs.values(), default=0)

    @property
    def has_fixed_time(self) -> bool:
        """Whether it looks at a fixed time (`@ 1700000000`), which a bounded store cannot keep."""
        return has_fixed_time(self.expr)

    def instant(self, store: Store, at_ms: int, annotations: Annotations | None = None) -> Value:
        """The value at a time in Unix milliseconds; `EvaluationError` where Prometheus' query would fail."""
        with self._named():
            return self._value(self._frame(store, at_ms, at_ms, annotations))

    def vector(self, store: Store, at_ms: int) -> Vector:
        """The value as a rule takes it: a number is one sample without labels. Not for matrices and strings."""
        with self._named():
            return _samples(self._elements(self._frame(store, at_ms, at_ms, None)))

    def range(
        self, store: Store, start_ms: int, end_ms: int, step_ms: int, annotations: Annotations | None = None
    ) -> Matrix:
        """The vector or number at every step from start to end, both included, as series sorted by labels."""
        frame = self._frame(store, start_ms, end_ms, annotations)
        rows: dict[Labels, list[tuple[int, float]]] = {}
        with self._named():
            for at in range(start_ms, end_ms + 1, step_ms):
                frame.budget.spend(1)
                for labels, value, _ in self._elements(frame.moved(at)):
                    rows.setdefault(labels, []).append((at, value))
        return tuple([Range(labels, tuple(rows[labels])) for labels in sorted(rows)])

    def _frame(self, store: Store, start_ms: int, end_ms: int, annotations: Annotations | None) -> Frame:
        return Frame(store, start_ms, start_ms, end_ms, Budget(self.options.max_samples), annotations)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Lets an error of evaluation name the expression."""
        try:
            yield
        except EvaluationError as error:
            raise EvaluationError(error.reason, self.text) from None

    def _value(self, frame: Frame) -> Value:
        node = self._node
        match node:
            case ScalarNode():
                return node.run(frame)
            case TextNode():
                return node.value
            case VectorNode():
                return _samples(self._elements(frame))
            case RangeNode():
                windows = sorted(node.run(frame).windows)
                return tuple([Range(row[0], tuple(zip(row[3], row[4], strict=True))) for row in windows])
            case _:
                assert_never(node)

    def _elements(self, frame: Frame) -> Elements:
        """The result as a vector, names that were still to be dropped now gone."""
        node = self._node
        if isinstance(node, ScalarNode):
            return [((), node.run(frame), False)]
        if not isinstance(node, VectorNode):
            raise EvaluationError(f"a vector or a number is due here, not a {self.type.value}")
        elements = node.run(frame)
        if not self.options.delayed_name_removal:
            return elements
        return distinct([(without_name(labels) if drop else labels, value, False) for labels, value, drop in elements])


def _samples(elements: Elements) -> Vector:
    return tuple([Sample(labels, value) for labels, value, _ in elements])


def _compiled(expr: Expr, options: Options, text: str) -> Node:
    try:
        return compile_expr(expr, options, text)
    except PromqlError as error:
        raise type(error)(error.reason, text) from None


def compile_query(text: str, options: Options = _DEFAULTS) -> Query:
    """The text as a query; raises `ParseError` or `UnsupportedError`, with what is wrong and the expression."""
    return Query(text, parse(text), options)
