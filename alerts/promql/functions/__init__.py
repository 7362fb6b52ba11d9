"""Every function that this evaluator has, by name. A function is a row in the table of its module."""

from __future__ import annotations

from typing import Final

from . import calendar, counters, elementwise, histogram, labels, over_time, vectors
from ._build import Builder, Table

FUNCTIONS: Final[Table] = {
    **calendar.TABLE,
    **counters.TABLE,
    **elementwise.TABLE,
    **histogram.TABLE,
    **labels.TABLE,
    **over_time.TABLE,
    **vectors.TABLE,
}

__all__ = ["FUNCTIONS", "Builder"]
