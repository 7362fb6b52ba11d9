"""Text to tree: the one door to `promql_parser`, whose tree is walked once and then forgotten.

What the parser accepts and the tree has no place for is refused here, by name and with the expression.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NoReturn

import promql_parser as parser

from ..store import METRIC_NAME
from .errors import ParseError, UnsupportedError
from .positions import call_sites
from .tree import (
    Aggregate,
    AggregateOp,
    Anchor,
    Binary,
    BinaryOp,
    Call,
    Cardinality,
    Expr,
    Matcher,
    Matching,
    MatchOp,
    MatrixSelector,
    Negation,
    Number,
    Subquery,
    Text,
    VectorSelector,
    When,
)
from .value import ValueType

# The parser's enumerations have neither hash nor value: their names are what can be looked up.
_MATCH_OPS: Final = {
    "MatchOp.Equal": MatchOp.EQUAL,
    "MatchOp.NotEqual": MatchOp.NOT_EQUAL,
    "MatchOp.Re": MatchOp.MATCHES,
    "MatchOp.NotRe": MatchOp.NOT_MATCHES,
}
_CARDINALITIES: Final = {
    "VectorMatchCardinality.ManyToOne": Cardinality.MANY_TO_ONE,
    "VectorMatchCardinality.OneToMany": Cardinality.ONE_TO_MANY,
}
_VALUE_TYPES: Final = {f"ValueType.{kind.name.title()}": kind for kind in ValueType}
_AGGREGATES: Final = {op.value: op for op in AggregateOp}
_BINARIES: Final = {op.value: op for op in BinaryOp}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def parse(text: str) -> Expr:
    """The tree of an expression; raises `ParseError` and `UnsupportedError`."""
    try:
        return _Converter(text).convert(parser.parse(text), 1 + len(text) - len(text.lstrip()))
    except (ValueError, OverflowError) as error:
        raise ParseError(str(error), text) from None
    except BaseException as error:
        # Numbers that its types cannot hold, such as `offset 1e400`, make the parser panic, and that is no Exception.
        if type(error).__name__ == "PanicException":
            raise ParseError(f"the parser gave up: {error}", text) from None
        raise


class _Converter:
    """Walks the parser's tree in the order of the text, so that the places of calls can be told off one by one."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._sites: Iterator[tuple[int, ...]] = iter(call_sites(text))

    def convert(self, node: parser.Expr, position: int) -> Expr:
        """One node and all below it."""
        match node:
            case parser.ParenExpr():
                return self.convert(node.expr, 0)
            case parser.NumberLiteral():
                return Number(value=node.val, position=position)
            case parser.StringLiteral():
                return Text(value=node.val, position=position)
            case parser.VectorSelector() | parser.MatrixSelector() | parser.SubqueryExpr():
                return self._selection(node, position)
            case _:
                return self._compound(node, position)

    def _compound(self, node: parser.Expr, position: int) -> Expr:
        match node:
            case parser.UnaryExpr():
                return Negation(expr=self.convert(node.expr, 0), position=position)
            case parser.BinaryExpr():
                return self._binary(node, position)
            case parser.AggregateExpr():
                return self._aggregate(node, position)
            case parser.Call():
                return self._call(node, position)
            case _:
                return self._refuse(type(node).__name__)

    def _selection(
        self, node: parser.VectorSelector | parser.MatrixSelector | parser.SubqueryExpr, position: int
    ) -> VectorSelector | MatrixSelector | Subquery:
        match node:
            case parser.VectorSelector():
                return self._selector(node, position)
            case parser.MatrixSelector():
                selector = self._selector(node.vector_selector, position)
                return MatrixSelector(selector=selector, range_ms=_milliseconds(node.range), position=position)
            case _:
                return self._subquery(node, position)

    def _selector(self, node: parser.VectorSelector, position: int) -> VectorSelector:
        if node.matchers.or_matchers:
            self._refuse("'or' between label matchers")
        matchers = [Matcher(m.name, _MATCH_OPS[str(m.op)], m.value) for m in node.matchers.matchers]
        name = node.name
        if name is None:
            named = next((m for m in matchers if m.label == METRIC_NAME and m.op is MatchOp.EQUAL), None)
            if named is not None:
                matchers.remove(named)
                name = named.value
        return VectorSelector(name=name, matchers=tuple(matchers), when=self._when(node), position=position)

    def _subquery(self, node: parser.SubqueryExpr, position: int) -> Subquery:
        return Subquery(
            expr=self.convert(node.expr, 0),
            range_ms=_milliseconds(node.range),
            step_ms=_milliseconds(node.step) or None,
            when=self._when(node),
            position=position,
        )

    def _when(self, node: parser.VectorSelector | parser.SubqueryExpr) -> When:
        offset = _milliseconds(node.offset)
        if node.at is None:
            return When(offset_ms=offset)
        match str(node.at.type):
            case "AtModifierType.Start":
                return When(offset_ms=offset, at=Anchor.START)
            case "AtModifierType.End":
                return When(offset_ms=offset, at=Anchor.END)
            case _:
                at = node.at.at or self._refuse("an @ modifier without a time")
                return When(offset_ms=offset, at=(at - _EPOCH) // _MILLISECOND)

    def _binary(self, node: parser.BinaryExpr, position: int) -> Binary:
        op = _BINARIES.get(str(node.op))
        if op is None:
            self._refuse(f"the operator {node.op}")
        modifier = node.modifier
        return Binary(
            op=op,
            left=self.convert(node.lhs, position),
            right=self.convert(node.rhs, 0),
            return_bool=modifier is not None and modifier.return_bool,
            matching=Matching() if modifier is None else self._matching(modifier),
            position=position,
        )

    def _matching(self, modifier: parser.BinModifier) -> Matching:
        fill = modifier.fill_values
        if fill.lhs is not None or fill.rhs is not None:
            self._refuse("fill(), fill_left() or fill_right()")
        labels = modifier.matching
        return Matching(
            cardinality=_CARDINALITIES.get(str(modifier.card), Cardinality.ONE_TO_ONE),
            on=labels is not None and labels.type == parser.LabelModifierType.Include,
            labels=() if labels is None else tuple(labels.labels),
            include=tuple(modifier.group_labels or ()),
        )

    def _aggregate(self, node: parser.AggregateExpr, position: int) -> Aggregate:
        op = _AGGREGATES.get(str(node.op))
        if op is None:
            self._refuse(f"the aggregation {node.op}")
        places = [*next(self._sites, ()), 0, 0]
        modifier = node.modifier
        return Aggregate(
            op=op,
            parameter=None if node.param is None else self.convert(node.param, places.pop(0)),
            expr=self.convert(node.expr, places[0]),
            grouping=() if modifier is None else tuple(modifier.labels),
            without=modifier is not None and modifier.type == parser.AggModifierType.Without,
            position=position,
        )

    def _call(self, node: parser.Call, position: int) -> Call:
        places = next(self._sites, ())
        places += (0,) * (len(node.args) - len(places))
        return Call(
            function=node.func.name,
            args=tuple([self.convert(arg, place) for arg, place in zip(node.args, places, strict=True)]),
            returns=_VALUE_TYPES[str(node.func.return_type)],
            position=position,
        )

    def _refuse(self, construct: str) -> NoReturn:
        raise UnsupportedError(f"{construct} is not supported", self._text)


def _milliseconds(duration: timedelta | None) -> int:
    return 0 if duration is None else duration // _MILLISECOND
