"""Selectors and subqueries to closures: which samples of the store an expression sees at a time."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable
from typing import assert_never

from ..model import Labels
from ..store import METRIC_NAME, LabelTest, Selector, is_stale
from .labelset import without_name
from .node import Compiler, Elements, Frame, RangeFn, RangeVector, VectorFn, Window
from .patterns import matcher
from .tree import Anchor, Matcher, MatchOp, MatrixSelector, Subquery, VectorSelector, When


def clock(when: When) -> Callable[[Frame], int]:
    """The time that a selector looks at, in Unix milliseconds."""
    offset = when.offset_ms
    match when.at:
        case None:
            return lambda frame: frame.at_ms - offset
        case Anchor.START:
            return lambda frame: frame.start_ms - offset
        case Anchor.END:
            return lambda frame: frame.end_ms - offset
        case int(at):
            return lambda _: at - offset
        case _:
            assert_never(when.at)


def compile_vector(compiler: Compiler, expr: VectorSelector, *, timestamps: bool = False) -> VectorFn:
    """The newest sample of each series within the lookback, unless it is a staleness marker; or its time in seconds."""
    select, time_of, lookback = _selector(expr), clock(expr.when), compiler.options.lookback_ms

    def run(frame: Frame) -> Elements:
        found: Elements = []
        at = time_of(frame)
        oldest = at - lookback
        for series in frame.store.select(select):
            times = series.times
            # The newest sample is nearly always the one: a search only where it is not.
            index = len(times) - 1 if times[-1] <= at else bisect_right(times, at) - 1
            if index >= 0 and times[index] > oldest:
                value = series.values[index]
                if not series.stale_markers or not is_stale(value):
                    found.append((series.labels, times[index] / 1000 if timestamps else value, False))
        frame.budget.spend(len(found))
        return found

    return run


def compile_range(compiler: Compiler, expr: MatrixSelector) -> RangeFn:
    """The samples of each series within the range, staleness markers left out."""
    select, time_of, span = _selector(expr.selector), clock(expr.selector.when), expr.range_ms
    keep_name, one_name = compiler.options.delayed_name_removal, expr.selector.name is not None

    def run(frame: Frame) -> RangeVector:
        end = time_of(frame)
        start = end - span
        windows: list[Window] = []
        samples = 0
        for series in frame.store.select(select):
            times = series.times
            first = bisect_right(times, start)
            last = len(times) if times[-1] <= end else bisect_right(times, end)
            if first == last:
                continue
            samples += last - first
            seen, values = times[first:last], series.values[first:last]
            if series.stale_markers:
                seen, values = _without_stale(seen, values)
                if not seen:
                    continue
            windows.append((series.labels, series.labels if keep_name else series.unnamed, False, seen, values))
        frame.budget.spend(samples)
        return RangeVector(start, end, windows, one_name=one_name)

    return run


def compile_subquery(compiler: Compiler, expr: Subquery) -> RangeFn:
    """The operand at every multiple of the step within the range."""
    operand, time_of, span = compiler.vector(expr.expr), clock(expr.when), expr.range_ms
    step = expr.step_ms or compiler.options.subquery_step_ms
    keep_name = compiler.options.delayed_name_removal

    def run(frame: Frame) -> RangeVector:
        end = time_of(frame)
        start = end - span
        rows: dict[tuple[Labels, bool], tuple[array[int], array[float]]] = {}
        moments = range(start // step * step + step, end + 1, step)
        frame.budget.spend(len(moments))
        for at in moments:
            for labels, value, drop in operand(frame.moved(at)):
                row = rows.get((labels, drop))
                if row is None:
                    row = rows[labels, drop] = (array("q"), array("d"))
                row[0].append(at)
                row[1].append(value)
        windows: list[Window] = [
            (labels, labels if keep_name else without_name(labels), drop, times, values)
            for (labels, drop), (times, values) in rows.items()
        ]
        return RangeVector(start, end, windows, one_name=False)

    return run


def _without_stale(times: array[int], values: array[float]) -> tuple[array[int], array[float]]:
    kept = [index for index, value in enumerate(values) if not is_stale(value)]
    return array("q", [times[index] for index in kept]), array("d", [values[index] for index in kept])


def _selector(expr: VectorSelector) -> Selector:
    return Selector(expr.name, tuple(LabelTest(m.label, _accepts(m)) for m in expr.matchers))


def _accepts(condition: Matcher) -> Callable[[str], bool]:
    expected = condition.value
    match condition.op:
        case MatchOp.EQUAL:
            return lambda value: value == expected
        case MatchOp.NOT_EQUAL:
            return lambda value: value != expected
        case MatchOp.MATCHES:
            return matcher(expected)
        case MatchOp.NOT_MATCHES:
            accepts = matcher(expected)
            return lambda value: not accepts(value)
        case _:
            assert_never(condition.op)


def absent_labels(expr: VectorSelector) -> Labels:
    """What `absent` can say of a series that is not there: labels that exactly one `=` names."""
    found: dict[str, str] = {}
    named: set[str] = set()
    for condition in expr.matchers:
        if condition.label == METRIC_NAME:
            continue
        if condition.op is MatchOp.EQUAL and condition.label not in named:
            found[condition.label] = condition.value
            named.add(condition.label)
        else:
            found.pop(condition.label, None)
    return tuple(sorted((name, value) for name, value in found.items() if value))
