"""Detectron2's `metrics.json`: an object per line, with an iteration, to rows of losses, scores and scalars.

Strict JSON first (`msgspec`, whole chunks at once), then Python's own decoder for the bare `NaN` and `Infinity` that
`json.dumps` writes. The file holds nothing else, so every line that begins an object carries the mark: one that is cut
in the middle counts as unparsed, the last one of a file too. `eta_seconds` is exactly 0 only after the last iteration
of the plan (`CommonMetricPrinter._get_eta`): the end of training.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

import msgspec

from ..model import Chunk, Event, EventKind
from ._detectron2 import Column, column, is_score, is_training
from ._errors import error_event
from ._items import Items, Keys, excerpt
from ._numbers import MAX_ITERATION
from ._protocol import LogFormat, Parsed

# `{"data_time": 0.0043, "eta_seconds": 99.8, "iteration": 19, …}`, `{"bbox/AP": 3.07, …, "iteration": 499}`
_MARK = re.compile(
    rb'^\{"(?=[^\n]*"iteration": \d)(?=[^\n]*"(?:eta_seconds|rank_data_time|data_time|total_loss|[^"\n]*/AP(?:50)?)": )'
    rb'(?![^\n]*"(?:mode|epoch|step)": )',
    re.MULTILINE,
)

_ITERATION = "iteration"
_ETA = "eta_seconds"
_ROWS = msgspec.json.Decoder(dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """What a later line's meaning depends on."""

    iteration: int | None = None


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the keys of an object say before its values are looked at."""

    names: tuple[str, ...]
    """Without the iteration."""
    columns: tuple[Column, ...]
    keys: Keys
    scores: frozenset[str]
    """The names of evaluation scores."""
    plain: bool
    """Whether it is a line of the training loop whose values go into their columns as they are."""
    training: bool
    """Whether the training loop wrote it, so that its iteration is how far training is."""


@lru_cache(maxsize=256)
def _layout(keys: tuple[str, ...]) -> _Layout:
    names = tuple(key for key in keys if key != _ITERATION)
    columns = tuple(column(name) for name in names)
    training = any(map(is_training, names))
    return _Layout(
        names=names,
        columns=columns,
        keys=tuple(each.key for each in columns),
        scores=frozenset(filter(is_score, names)),
        plain=training and all(each.scale == 1.0 for each in columns),
        training=training,
    )


class Detectron2Json:
    """The file of metrics."""

    name = "detectron2_json"
    framework = "detectron2"
    title = "Detectron2 metrics.json"
    rank = 10
    carry_type = Carry

    def claims(self, frames: tuple[bytes, ...]) -> bool:
        """Whether a line is an object with an iteration and a key that Detectron2's writer puts beside it."""
        return _MARK.search(b"\n".join(frames)) is not None

    def parse(self, chunk: Chunk, carry: Carry | None) -> Parsed[Carry]:
        """Reads whole lines."""
        reader = _Reader(carry or Carry())
        objects = _decode_all(chunk.frames)
        if objects is None:
            reader.lines(chunk.frames, chunk.line)
        else:
            reader.objects(objects, chunk.line)
        return reader.result()


def _decode_all(frames: Sequence[bytes]) -> list[dict[str, float]] | None:
    """All lines as objects of numbers; None where one is not strictly that."""
    try:
        objects = _ROWS.decode_lines(b"\n".join(frames))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return objects if len(objects) == len(frames) else None


def _decode(frame: bytes) -> dict[str, float] | None:
    """One line as an object; values that are no numbers are left out; None where it is no object."""
    try:
        value = json.loads(frame.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    return {key: float(each) for key, each in value.items() if _is_number(each)}


def _is_number(value: object) -> bool:
    return isinstance(value, float) or (type(value) is int and abs(value) <= sys.float_info.max)


def _is_iteration(value: float) -> bool:
    return value.is_integer() and 0 <= value <= MAX_ITERATION


class _Reader:
    """Reads the lines of one chunk, in order."""

    def __init__(self, carry: Carry) -> None:
        self._items = Items()
        self._carry = carry

    def result(self) -> Parsed[Carry]:
        """What the lines said."""
        items = self._items
        return Parsed(items=items.finish(), unparsed=tuple(items.unparsed), parsed=items.parsed, carry=self._carry)

    def objects(self, objects: Sequence[Mapping[str, float]], first_line: int) -> None:
        """Objects, one per line; neighbours with the same keys at once, unless a line means more than its values."""
        lines = enumerate(objects, first_line)
        for keys, group in groupby(lines, key=lambda numbered: _group(numbered[1])):
            if keys is None:
                for line, each in group:
                    self._object(each, line)
            else:
                self._alike(_layout(keys), list(group))

    def lines(self, frames: Sequence[bytes], first_line: int) -> None:
        """The same, line by line."""
        for line, frame in enumerate(frames, first_line):
            found = _decode(frame)
            if found is not None:
                self._object(found, line)
            elif frame.lstrip().startswith(b"{"):
                self._items.unread(line, frame.decode("utf-8", "replace"))
            else:
                event = error_event(frame.decode("utf-8", "replace"), line, iteration=self._carry.iteration)
                if event:
                    self._items.event(event)

    def _alike(self, layout: _Layout, numbered: Sequence[tuple[int, Mapping[str, float]]]) -> None:
        """Lines of the training loop with the same keys."""
        columns = dict(zip(numbered[0][1], zip(*(each.values() for _, each in numbered), strict=True), strict=True))
        iterations = list(map(int, columns.pop(_ITERATION)))
        lines = [line for line, _ in numbered]
        self._items.rows(iterations, [None] * len(lines), lines, layout.keys, list(columns.values()))
        self._items.parsed += len(lines)
        self._carry = replace(self._carry, iteration=iterations[-1])

    def _object(self, values: Mapping[str, float], line: int) -> None:
        """One line; a score that is NaN does not apply."""
        logged = values.get(_ITERATION, math.nan)
        if not _is_iteration(logged) or len(values) == 1:
            return
        layout = _layout(tuple(values))
        last = self._carry.iteration
        # A validation hook's values may be written after a later training line: that is no step back.
        iteration = int(logged) if layout.training or last is None else max(int(logged), last)
        self._carry = replace(self._carry, iteration=iteration)
        if layout.scores:
            self._event(EventKind.EVALUATED, line, iteration, ", ".join(sorted(layout.scores)))
        cells = [
            (each.key, values[name] * each.scale)
            for name, each in zip(layout.names, layout.columns, strict=True)
            if not (name in layout.scores and math.isnan(values[name]))
        ]
        self._items.row(iteration, None, line, cells)
        self._items.parsed += bool(cells)
        if values.get(_ETA) == 0.0:
            self._event(EventKind.FINISHED, line, iteration, f"eta_seconds 0.0 at iteration {iteration}")

    def _event(self, kind: EventKind, line: int, iteration: int, detail: str) -> None:
        self._items.event(Event(kind=kind, line=line, iteration=iteration, detail=excerpt(detail)))


def _group(values: Mapping[str, float]) -> tuple[str, ...] | None:
    """The keys of a line that is nothing but a row of the training loop, else None."""
    keys = tuple(values)
    layout = _layout(keys)
    plain = layout.plain and values.get(_ETA) != 0.0 and _is_iteration(values.get(_ITERATION, math.nan))
    return keys if plain else None


FORMAT: LogFormat[Carry] = Detectron2Json()
