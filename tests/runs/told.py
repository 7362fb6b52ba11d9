"""Builds what a format would make of a log: rows and events in chunks, old or live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.model import Batch, Chunk, ColumnKey, Event, EventKind, Quantity, RunState, SourcePath, Unparsed
from exporter.runs import reduce

TRAIN = ColumnKey(Quantity.LOSS, "train", "total")
VAL = ColumnKey(Quantity.LOSS, "val", "total")
AP = ColumnKey(Quantity.SCORE, "val", "bbox/AP")
SECONDS = ColumnKey(Quantity.ITERATION_SECONDS)
ETA = ColumnKey(Quantity.ETA_SECONDS)

WRITTEN = 2_000_000_000.0
"""When an old file was last written."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a format made of a chunk."""

    items: tuple[Batch | Event, ...]
    unparsed: tuple[Unparsed, ...] = ()
    lines_parsed: int = 0
    lines_ignored: int = 0


def rows(
    iterations: Sequence[int | None],
    columns: Mapping[ColumnKey, Sequence[float]] | None = None,
    *,
    at: Sequence[float | None] | None = None,
    line: int = 1,
) -> Batch:
    count = len(iterations)
    return Batch(
        iterations=iterations,
        at=at or [None] * count,
        lines=range(line, line + count),
        columns=columns or {TRAIN: [1.0] * count},
    )


def event(kind: EventKind, iteration: int | None = None, *, at: float | None = None, line: int = 1) -> Event:
    return Event(kind=kind, line=line, iteration=iteration, at=at)


def old(line: int = 1, lines: int = 1) -> Chunk:
    """Of any age: read from a file that was there before."""
    return _chunk(line, lines, None, WRITTEN, live=False)


def live(at: float, line: int = 1, lines: int = 1) -> Chunk:
    """Written within the last second."""
    return _chunk(line, lines, at - 1.0, at, live=True)


def _chunk(line: int, lines: int, after: float | None, before: float, *, live: bool) -> Chunk:
    return Chunk(
        source=SourcePath("log.txt"),
        offset=100 * (line - 1),
        line=line,
        frames=(b"",) * lines,
        read_at=before,
        written_after=after,
        written_before=before,
        live=live,
    )


def told(*items: Batch | Event, state: RunState | None = None, chunk: Chunk | None = None) -> RunState:
    """The state after one chunk, old unless said."""
    return reduce(state, Told(items), chunk or old())
