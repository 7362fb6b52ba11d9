"""Which samples a query may look at: for each metric how far back, for the store's retention."""

from __future__ import annotations

from collections.abc import Mapping

from .node import Options
from .tree import Expr, MatrixSelector, Subquery, VectorSelector, When, children


def needs(expr: Expr, options: Options) -> Mapping[str | None, int]:
    """Milliseconds before the evaluation by metric name; None stands for selectors without one.

    An `@` with a fixed time is not in it: no retention covers that. See `has_fixed_time`.
    """
    found: dict[str | None, int] = {}
    _collect(expr, 0, options, found)
    return found


def _collect(expr: Expr, before: int, options: Options, found: dict[str | None, int]) -> None:
    match expr:
        case VectorSelector():
            span = _start(expr.when, before) + options.lookback_ms
            found[expr.name] = max(found.get(expr.name, 0), span)
        case MatrixSelector():
            name = expr.selector.name
            found[name] = max(found.get(name, 0), _start(expr.selector.when, before) + expr.range_ms)
        case Subquery():
            _collect(expr.expr, _start(expr.when, before) + expr.range_ms, options, found)
        case _:
            for child in children(expr):
                _collect(child, before, options, found)


def _start(when: When, before: int) -> int:
    """How far back a selector begins; `@ start()` and `@ end()` of an instant query are the evaluation's own time."""
    return max(0, (before if when.at is None else 0) + when.offset_ms)


def has_fixed_time(expr: Expr) -> bool:
    """Whether a selector looks at a fixed time (`@ 1700000000`), which a bounded window forgets."""
    whens = [expr.when] if isinstance(expr, VectorSelector | Subquery) else []
    return any(isinstance(when.at, int) for when in whens) or any(has_fixed_time(child) for child in children(expr))
