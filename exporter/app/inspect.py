"""`training-exporter inspect LOG …`: what the program makes of a file, as a table or as JSON."""

from __future__ import annotations

import argparse
import glob
import json
import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from .. import catalog
from ..catalog import Kind
from ..clock import SystemClock
from ..collectors import Reading
from ..collectors.training import COLLECTOR
from ..discovery import RunSpec, find, group, shown
from ..formats import AnyFormat, discover_formats
from ..model import LineCounts, Run, RunName, RunState, RunStatus, Snapshot, SourcePath
from ..page import human
from ._follower import Follower
from ._options import add_format_option

HELP = "say what it makes of a log: format, lines, state, last values"

_NOT_LOGGED: Final = (catalog.RUN_INFO, catalog.RUN_STATE, catalog.RUN_GPU, catalog.THRESHOLD, catalog.SILENCE_LIMIT)
"""Series that do not tell what the log says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What one file says."""

    path: SourcePath
    format: str
    run: RunName
    state: RunState
    lines_total: int
    unparsed: tuple[str, ...]
    """One sentence per line that carries the format's mark and could not be read."""
    readings: tuple[Reading, ...]


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("log", nargs="+", metavar="LOG", help="a file, a glob or a folder")
    parser.add_argument("--json", action="store_true", help="print JSON: an object, or a list for several files")
    add_format_option(parser)


def main(args: argparse.Namespace) -> int:
    """Prints what it found; 2 where a file cannot be read or a word names none."""
    problems: list[str] = []
    found: list[Inspection] = []
    formats = discover_formats()
    for path in tuple(dict.fromkeys(chain.from_iterable(_paths(word, problems) for word in args.log))):
        inspection = inspect(path, formats, args.format)
        if isinstance(inspection, str):
            problems.append(inspection)
        else:
            print(*inspection.unparsed, sep="\n", end="\n" if inspection.unparsed else "", file=sys.stderr)
            found.append(inspection)
    _show(found, as_json=args.json)
    for problem in problems:
        print(f"training-exporter: {problem}", file=sys.stderr)
    return 2 if problems else 0


def _show(found: list[Inspection], *, as_json: bool) -> None:
    if not found:
        return
    if as_json:
        objects = [_object(inspection) for inspection in found]
        json.dump(objects[0] if len(objects) == 1 else objects, sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        print("\n\n".join(map(_table, found)))


def inspect(path: SourcePath, formats: tuple[AnyFormat, ...], forced: str | None = None) -> Inspection | str:
    """Reads a whole file; a sentence where it cannot be read."""
    now = SystemClock().now()
    follower = Follower(path, formats, None, forced)
    unparsed = [
        f"{shown(path)}:{item.line}: cannot be read: {item.text}"
        for decoded in chain(follower.advance(now), follower.flush(now))
        for item in decoded.unparsed
    ]
    if follower.tail.problem is not None:
        return f"{shown(path)}: {follower.tail.problem}"
    state = follower.state or RunState()
    specs = (RunSpec(pattern=glob.escape(path)),)
    name = group(find(specs).files, specs).runs[0].name
    run = Run(name=name, format=follower.framework, paths=(shown(path),), state=state)
    readings = COLLECTOR.collect(Snapshot(at=now, runs=(run,)))
    lines = state.lines
    return Inspection(
        path=shown(path),
        format=follower.framework,
        run=name,
        state=state,
        lines_total=lines.parsed + lines.ignored + lines.unparsed,
        unparsed=tuple(unparsed),
        readings=tuple(reading for reading in readings if reading.metric not in _NOT_LOGGED),
    )


def _paths(word: str, problems: list[str]) -> Iterator[SourcePath]:
    """The files that a word names; a word that names none is a file that is missing."""
    path = Path(word)
    if path.is_dir() or (glob.has_magic(word) and not path.exists()):
        found = find((RunSpec(pattern=word),))
        problems += found.problems
        yield from (file.source for file in found.files)
    else:
        yield SourcePath(word)


def _object(found: Inspection) -> dict[str, object]:
    state = found.state
    return {
        "path": found.path,
        "format": found.format or None,
        "run": found.run,
        "lines": {"total": found.lines_total, **_lines(state.lines)},
        "state": _status(state).value,
        "iteration": state.iteration,
        "restarts": state.restarts,
        "errors": {error.kind.value: error.count for error in state.errors if error.count},
        "nonfinite": sum(item.count for item in state.nonfinite),
        "metrics": {_series(reading): _json_number(reading.value) for reading in found.readings},
    }


def _lines(lines: LineCounts) -> dict[str, int]:
    return {"parsed": lines.parsed, "ignored": lines.ignored, "unparsed": lines.unparsed}


def _status(state: RunState) -> RunStatus:
    """A log without an end mark tells no state: whether its writer lives is not in it."""
    return RunStatus.UNKNOWN if state.status is RunStatus.RUNNING else state.status


def _series(reading: Reading) -> str:
    labels = zip(reading.metric.labels, reading.labels, strict=True)
    inner = ",".join(
        f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in sorted(labels) if name != "run"
    )
    return f"{reading.metric.name}{{{inner}}}" if inner else reading.metric.name


def _json_number(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return value


def _table(found: Inspection) -> str:
    state, lines = found.state, found.state.lines
    errors = ", ".join(f"{error.count} {error.kind.value}" for error in state.errors if error.count)
    values, others = f"{lines.parsed:,} with values", f"{lines.ignored:,} without, {lines.unparsed:,} unreadable"
    rows = [
        ("format", found.format or "not recognised: `training-exporter formats` lists what it can read"),
        ("run", found.run),
        ("lines", f"{found.lines_total:,}: {values}, {others}"),
        ("state", _status(state).value),
        ("iteration", "none" if state.iteration is None else f"{state.iteration:,}"),
        ("restarts", str(state.restarts)),
        ("errors", errors or "none"),
        ("nonfinite", str(sum(item.count for item in state.nonfinite))),
    ]
    head = "\n".join(f"  {name:<10} {value}" for name, value in rows)
    return f"{found.path}\n{head}\n{''.join(_values(found.readings))}".rstrip()


def _values(readings: Iterable[Reading]) -> Iterator[str]:
    for reading in readings:
        if reading.metric.kind is not Kind.INFO:
            yield f"  {human.number(reading.value):>12}  {_series(reading)}\n"
