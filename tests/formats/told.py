"""What a log said, flat and comparable: one dictionary per row, event and unread line."""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from exporter.formats import AnyFormat, Decoded, DecoderState, decode, discover_formats, dump_state, load_state
from exporter.model import Batch, Chunk, Event, SourcePath

HERE = Path(__file__).parent
FORMATS = discover_formats()
SAMPLES = tuple(sorted(HERE.glob("*/*.log")))
WRITTEN = time.mktime((2024, 3, 2, 12, 0, 0, 0, 0, -1))
"""When the samples were last written; their log times have no year."""

Fact = dict[str, Any]


def format_named(name: str) -> AnyFormat:
    return next(each for each in FORMATS if each.name == name)


def lines_of(path: Path) -> tuple[bytes, ...]:
    return tuple(path.read_bytes().removesuffix(b"\n").split(b"\n"))


def chunk(frames: Sequence[bytes], *, line: int = 1, after: float | None = None, before: float = WRITTEN) -> Chunk:
    return Chunk(
        source=SourcePath("log.txt"),
        offset=0,
        line=line,
        frames=tuple(frames),
        read_at=before,
        written_after=after,
        written_before=before,
        live=False,
    )


def decoded(frames: Sequence[bytes], cuts: Sequence[int] = (), state: DecoderState | None = None) -> list[Decoded]:
    """The frames as chunks that are cut at these places; the state goes through its stored form after each."""
    places = sorted({0, len(frames), *(cut % (len(frames) + 1) for cut in cuts)})
    answers = []
    for start, end in itertools.pairwise(places):
        answer, state = decode(chunk(frames[start:end], line=start + 1), state, FORMATS)
        state = load_state(dump_state(state), FORMATS)
        answers.append(answer)
    return answers


def told(frames: Sequence[bytes], cuts: Sequence[int] = (), state: DecoderState | None = None) -> list[Fact]:
    """Every fact, in the order of the log, and at last the counts."""
    answers = decoded(frames, cuts, state)
    facts = [fact for answer in answers for item in answer.items for fact in _facts(item)]
    unread = [{"line": each.line, "unparsed": each.text} for answer in answers for each in answer.unparsed]
    counts = {
        "format": answers[-1].format if answers else None,
        "total": sum(answer.lines_total for answer in answers),
        "parsed": sum(answer.lines_parsed for answer in answers),
        "ignored": sum(answer.lines_ignored for answer in answers),
        "unparsed": sum(len(answer.unparsed) for answer in answers),
    }
    return [*facts, *unread, counts]


def rows(facts: Sequence[Fact]) -> list[Fact]:
    return [fact for fact in facts if "values" in fact]


def events(facts: Sequence[Fact], kind: str) -> list[Fact]:
    return [fact for fact in facts if fact.get("event") == kind]


def as_lines(facts: Sequence[Fact]) -> str:
    return "".join(json.dumps(fact, ensure_ascii=False, allow_nan=False) + "\n" for fact in facts)


def _facts(item: Batch | Event) -> Iterator[Fact]:
    if isinstance(item, Event):
        known = {"iteration": item.iteration, "at": _clock(item.at), "detail": item.detail}
        yield {"line": item.line, "event": item.kind.value} | {
            key: value for key, value in known.items() if value not in (None, "")
        }
        return
    assert all(len(column) == len(item.lines) for column in item.columns.values())
    assert len(item.iterations) == len(item.at) == len(item.lines)
    names = {key: ":".join(filter(None, (key.quantity.value, key.split, key.name))) for key in item.columns}
    for row, line in enumerate(item.lines):
        values = {names[key]: _plain(column[row]) for key, column in item.columns.items()}
        yield {
            "line": line,
            "iteration": item.iterations[row],
            "at": _clock(item.at[row]),
            "values": dict(sorted(values.items())),
        }


def _plain(value: float) -> float | str:
    assert isinstance(value, float)
    if math.isfinite(value):
        return float(f"{value:.12g}")
    return "NaN" if math.isnan(value) else f"{value:+}".capitalize().replace("+inf", "+Inf").replace("-inf", "-Inf")


def _clock(at: float | None) -> str | None:
    return None if at is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
