"""Rows that a strict pattern has proved to be well-formed, as columns that become numbers when somebody looks at them.

Of most columns of a log only the last value is of interest; making every number of every line costs as much as finding
the lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, overload

from ..model import FiniteColumn

Read: TypeAlias = Callable[[Sequence[str]], Sequence[Sequence[float]]]
"""Texts of rows to columns; never fails on the rows that it is used for."""


class DeferredRows:
    """Texts of rows, and what was read of them so far."""

    __slots__ = ("_at", "_columns", "_last", "_read", "_texts")

    def __init__(self, texts: Sequence[str], read: Read) -> None:
        self._texts = texts
        self._read = read
        self._columns: Sequence[Sequence[float]] | None = None
        self._at = -1
        self._last: Sequence[Sequence[float]] = ()

    def columns(self) -> Sequence[Sequence[float]]:
        """All of them, read once."""
        if self._columns is None:
            self._columns = self._read(self._texts)
        return self._columns

    def value(self, row: int, column: int) -> float:
        """One number; those beside it, which are asked for next, are read with it."""
        if row != self._at:
            self._last = self._read((self._texts[row],))
            self._at = row
        return self._last[column][0]


class DeferredColumn(FiniteColumn):
    """Some rows of one column."""

    __slots__ = ("_column", "_places", "_rows")

    def __init__(self, rows: DeferredRows, column: int, places: range) -> None:
        self._rows = rows
        self._column = column
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> DeferredColumn: ...
    def __getitem__(self, index: int | slice) -> float | DeferredColumn:
        if isinstance(index, slice):
            return DeferredColumn(self._rows, self._column, self._places[index])
        return self._rows.value(self._places[index], self._column)

    def __iter__(self) -> Iterator[float]:
        values = self._rows.columns()[self._column]
        return map(values.__getitem__, self._places)
