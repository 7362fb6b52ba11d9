"""Functions of dates in UTC: `hour`, `day_of_week` and their kin, of the values or else of the evaluation's time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

from ..node import Compiler, Node, VectorNode
from ..tree import Call
from ._build import Builder, Table, of_value

_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _days_in_month(date: time.struct_time) -> int:
    year = date.tm_year
    leap = date.tm_mon == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)  # noqa: PLR2004 - the calendar
    return _DAYS[date.tm_mon - 1] + leap


def _of_date(part: Callable[[time.struct_time], int]) -> Builder:
    """A part of a date; NaN where the value is no time that a calendar knows."""

    def compute(value: float) -> float:
        try:
            return float(part(time.gmtime(int(value))))
        except (OverflowError, ValueError, OSError):
            return math.nan

    of_values = of_value(compute)

    def build(compiler: Compiler, call: Call) -> Node:
        if call.args:
            return of_values(compiler, call)
        return VectorNode(lambda frame: [((), compute(frame.at_ms // 1000), False)])

    return build


TABLE: Final[Table] = {
    "day_of_month": _of_date(lambda date: date.tm_mday),
    "day_of_week": _of_date(lambda date: (date.tm_wday + 1) % 7),
    "day_of_year": _of_date(lambda date: date.tm_yday),
    "days_in_month": _of_date(_days_in_month),
    "hour": _of_date(lambda date: date.tm_hour),
    "minute": _of_date(lambda date: date.tm_min),
    "month": _of_date(lambda date: date.tm_mon),
    "year": _of_date(lambda date: date.tm_year),
}
