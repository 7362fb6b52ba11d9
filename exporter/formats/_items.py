"""Rows and events in, batches and events out: neighbouring rows with the same columns share one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from ..model import Batch, ColumnKey, Event, Unparsed

Keys: TypeAlias = tuple[ColumnKey, ...]
Cells: TypeAlias = Sequence[tuple[ColumnKey, float]]
"""The values of one row."""

EXCERPT = 200
"""Characters of a line that an event or an unparsed line keeps: the limit that `exporter.model` states."""


def excerpt(text: str) -> str:
    """The line's own words, short enough for an event."""
    return text.strip()[:EXCERPT]


class Items:
    """Collects what the lines of one chunk said, in their order."""

    def __init__(self) -> None:
        self.unparsed: list[Unparsed] = []
        self.parsed = 0
        self._done: list[Batch | Event] = []
        self._keys: Keys = ()
        self._iterations: list[int | None] = []
        self._at: list[float | None] = []
        self._lines: list[int] = []
        self._columns: list[list[float]] = []

    def event(self, event: Event) -> None:
        """Adds an event after all rows so far."""
        self._close()
        self._done.append(event)

    def unread(self, line: int, text: str) -> None:
        """Notes a line that carries the mark and could not be read."""
        self.unparsed.append(Unparsed(line=line, text=excerpt(text)))

    def row(self, iteration: int | None, at: float | None, line: int, cells: Cells) -> None:
        """Adds one row; of two cells for one column the later one wins. A row without cells is none."""
        if not cells:
            return
        self._open(tuple([key for key, _ in cells]))
        self._iterations.append(iteration)
        self._at.append(at)
        self._lines.append(line)
        for column, (_, value) in zip(self._columns, cells, strict=True):
            column.append(value)

    def rows(
        self,
        iterations: Sequence[int | None],
        at: Sequence[float | None],
        lines: Sequence[int],
        keys: Keys,
        columns: Sequence[Sequence[float]],
    ) -> None:
        """Adds rows that have the same columns."""
        self._open(keys)
        self._iterations.extend(iterations)
        self._at.extend(at)
        self._lines.extend(lines)
        for mine, column in zip(self._columns, columns, strict=True):
            mine.extend(column)

    def finish(self) -> tuple[Batch | Event, ...]:
        """All items, in order."""
        self._close()
        return tuple(self._done)

    def _open(self, keys: Keys) -> None:
        if keys != self._keys:
            self._close()
            self._keys = keys
            self._columns = [[] for _ in keys]

    def _close(self) -> None:
        if self._lines:
            columns = dict(zip(self._keys, self._columns, strict=True))
            self._done.append(Batch(iterations=self._iterations, at=self._at, lines=self._lines, columns=columns))
        self._keys = ()
        self._iterations, self._at, self._lines, self._columns = [], [], [], []
