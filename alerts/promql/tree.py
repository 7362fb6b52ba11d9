"""PromQL as our own closed tree: what `parse` makes of a text and `compile` turns into closures. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, assert_never

from .value import ValueType


class MatchOp(Enum):
    """How a label is compared."""

    EQUAL = "="
    NOT_EQUAL = "!="
    MATCHES = "=~"
    NOT_MATCHES = "!~"


class BinaryOp(Enum):
    """An operator between two operands."""

    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "/"
    MOD = "%"
    POW = "^"
    ATAN2 = "atan2"
    EQ = "=="
    NE = "!="
    GT = ">"
    LT = "<"
    GE = ">="
    LE = "<="
    AND = "and"
    OR = "or"
    UNLESS = "unless"


COMPARISONS = frozenset({BinaryOp.EQ, BinaryOp.NE, BinaryOp.GT, BinaryOp.LT, BinaryOp.GE, BinaryOp.LE})
SET_OPERATORS = frozenset({BinaryOp.AND, BinaryOp.OR, BinaryOp.UNLESS})


class AggregateOp(Enum):
    """How a group of series becomes fewer."""

    SUM = "sum"
    MIN = "min"
    MAX = "max"
    AVG = "avg"
    COUNT = "count"
    GROUP = "group"
    STDDEV = "stddev"
    STDVAR = "stdvar"
    TOPK = "topk"
    BOTTOMK = "bottomk"
    LIMITK = "limitk"
    QUANTILE = "quantile"
    COUNT_VALUES = "count_values"


class Anchor(Enum):
    """A time that the query brings along."""

    START = "start()"
    END = "end()"


class Cardinality(Enum):
    """How many elements of each side may share a match group; `MANY` is the side that keeps its labels."""

    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "group_left"
    ONE_TO_MANY = "group_right"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition of a selector."""

    label: str
    op: MatchOp
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """`offset` and `@`: which time a selector looks at. `at` is Unix milliseconds; None: the evaluation's time."""

    offset_ms: int = 0
    at: int | Anchor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Which labels pair the elements of two vectors: those in `labels` (`on`) or all but those (`ignoring`)."""

    cardinality: Cardinality = Cardinality.ONE_TO_ONE
    on: bool = False
    labels: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    """What `group_left` and `group_right` copy from the one side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number, or a duration in seconds."""

    value: float
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A string."""

    value: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSelector:
    """The newest value of each series within the lookback."""

    name: str | None
    """None: any name, or the name is among the matchers with another operator than `=`."""
    matchers: tuple[Matcher, ...]
    """Without the one that sets `name`."""
    when: When
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixSelector:
    """All values of each series within a range that is open on the left."""

    selector: VectorSelector
    range_ms: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subquery:
    """An expression evaluated at every step of a range; `step_ms` None: the evaluator's default."""

    expr: Expr
    range_ms: int
    step_ms: int | None
    when: When
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation:
    """Unary minus."""

    expr: Expr
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """An operator between two operands."""

    op: BinaryOp
    left: Expr
    right: Expr
    return_bool: bool
    matching: Matching
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """An aggregation over groups: by the labels of `grouping`, or by all but those (`without`)."""

    op: AggregateOp
    expr: Expr
    parameter: Expr | None
    grouping: tuple[str, ...]
    without: bool
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function and its arguments; `returns` as Prometheus' signature of it says."""

    function: str
    args: tuple[Expr, ...]
    returns: ValueType
    position: int


Expr: TypeAlias = Number | Text | VectorSelector | MatrixSelector | Subquery | Negation | Binary | Aggregate | Call
"""`position` of each is where it begins in the text, in characters from 1; 0 where that is not known."""


def type_of(expr: Expr) -> ValueType:  # noqa: PLR0911 - one return for each variant
    """What the expression yields."""
    match expr:
        case Number():
            return ValueType.SCALAR
        case Text():
            return ValueType.STRING
        case VectorSelector() | Aggregate():
            return ValueType.VECTOR
        case MatrixSelector() | Subquery():
            return ValueType.MATRIX
        case Negation():
            return type_of(expr.expr)
        case Binary():
            both = (type_of(expr.left), type_of(expr.right))
            return ValueType.SCALAR if both == (ValueType.SCALAR, ValueType.SCALAR) else ValueType.VECTOR
        case Call():
            return expr.returns
        case _:
            assert_never(expr)


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions right below, in the order of the text."""
    match expr:
        case Number() | Text() | VectorSelector():
            return ()
        case MatrixSelector():
            return (expr.selector,)
        case Subquery() | Negation():
            return (expr.expr,)
        case Binary():
            return (expr.left, expr.right)
        case Aggregate():
            return (expr.expr,) if expr.parameter is None else (expr.parameter, expr.expr)
        case Call():
            return expr.args
        case _:
            assert_never(expr)
