"""promtool's notation of series to values: `up{job="a"}` and `1 _x3 0+5x10 stale`.

Source: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate, repeat
from typing import Final

from ..model import AlertsError, Labels
from ..promql import PromqlError, compile_query
from ..promql.tree import MatchOp, VectorSelector
from ..store import METRIC_NAME, STALE

_NUMBER: Final = r"[-+]?(?:nan|inf|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)"
# Matches `1`, `-2.5x3`, `0+10x100`, `100-1x5`.
_VALUES: Final = re.compile(
    rf"(?P<first>{_NUMBER})(?:(?P<step>[-+]{_NUMBER.removeprefix('[-+]?')})?x(?P<times>\d+))?", re.IGNORECASE
)
# Matches `_` and `_x5`.
_BLANK: Final = re.compile(r"_(?:x(?P<times>\d+))?")
# Matches `{}` and nothing at all.
_NO_LABELS: Final = re.compile(r"\s*(?:\{\s*\})?\s*")


class NotationError(AlertsError):
    """A series or its values are not written as promtool reads them."""


def parse_metric(text: str) -> Labels:
    """The labels of a series, its name among them. Raises `NotationError`."""
    if _NO_LABELS.fullmatch(text):
        return ()
    try:
        expr = compile_query(text).expr
    except PromqlError as error:
        raise NotationError(f"{text!r} is no series: {error.reason}") from error
    if not isinstance(expr, VectorSelector) or any(matcher.op is not MatchOp.EQUAL for matcher in expr.matchers):
        raise NotationError(f'{text!r} is no series; write it like up{{job="a"}}')
    labels = {matcher.label: matcher.value for matcher in expr.matchers}
    if expr.name is not None:
        labels[METRIC_NAME] = expr.name
    return tuple(sorted((name, value) for name, value in labels.items() if value))


def parse_values(text: str) -> tuple[float | None, ...]:
    """The values of a series, None where it has no sample. Raises `NotationError`."""
    return tuple(value for item in text.split() for value in _expanded(item))


def _expanded(item: str) -> Iterator[float | None]:
    if item == "stale":
        return iter((STALE,))
    if blank := _BLANK.fullmatch(item):
        return repeat(None, int(blank["times"] or 1))
    found = _VALUES.fullmatch(item)
    if found is None:
        shown = (
            "native histograms are not supported" if item.startswith("{{") else "write it like 1, 0+5x10, _x3, stale"
        )
        raise NotationError(f"{item!r} is no value of a series; {shown}")
    first, step = float(found["first"]), float(found["step"] or 0)
    # Added up step by step, as promtool does it: 0.1 ten times is not 1.
    return accumulate(repeat(step, int(found["times"] or 0)), initial=first)
