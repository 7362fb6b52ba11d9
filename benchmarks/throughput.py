"""Whole programs on whole logs, in turn: `training-exporter inspect --json`, `mtail --one_shot`; and the stages within.

Before anything is timed, both have to report what the generator says it wrote.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.generate import Written, generate
from benchmarks.process import CACHE, Cost, Spread, output, paired
from exporter.formats import Decoded, decode, discover_formats
from exporter.model import Chunk, RunState, SourcePath
from exporter.runs import reduce
from exporter.tail import Tail

PROGRAMS: Final = Path(__file__).parent / "mtail"
COMPARED: Final = (
    ("detectron2", "detectron2"),
    ("detectron2", "detectron2_any"),
    ("darknet", "darknet"),
    ("noise", "detectron2"),
)
"""A log, and mtail's program for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One log by both programs, as often as each other."""

    log: str
    program: str
    written: Written
    ours: list[Cost]
    theirs: list[Cost]

    @property
    def ratio(self) -> Spread:
        """How much more CPU time mtail takes, pair by pair."""
        return Spread.of([b.cpu_s / a.cpu_s for a, b in zip(self.ours, self.theirs, strict=True)])

    @property
    def wall_ratio(self) -> Spread:
        """The same of the wall time."""
        return Spread.of([b.wall_s / a.wall_s for a, b in zip(self.ours, self.theirs, strict=True)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """CPU seconds of each stage over a whole log, without start-up."""

    written: Written
    framing: float
    decoding: float
    reducing: float


def logs(megabytes: float) -> dict[str, tuple[Path, Written]]:
    """The generated logs."""
    CACHE.mkdir(parents=True, exist_ok=True)
    size = int(megabytes * 1e6)
    paths = {kind: CACHE / f"{kind}.log" for kind in ("detectron2", "darknet", "noise")}
    return {kind: (path, generate(kind, path, size)) for kind, path in paths.items()}


def compare(made: dict[str, tuple[Path, Written]], pairs: int) -> Iterator[Comparison]:
    """Every log by both programs.

    Raises:
        ValueError: one of them did not find what the log holds.
    """
    for log, program in COMPARED:
        path, written = made[log]
        ours = (str(Path(sys.executable).with_name("training-exporter")), "inspect", "--json", str(path))
        theirs = ("mtail", "--one_shot", "--one_shot_format", "prometheus", "--logs", str(path),
                  "--progs", str(PROGRAMS / f"{program}.mtail"))  # fmt: skip
        _verify(json.loads(output(ours)), output(theirs), written, program)
        costs = paired(ours, theirs, pairs)
        yield Comparison(log=log, program=program, written=written, ours=costs[0], theirs=costs[1])


def _verify(ours: dict[str, Any], theirs: str, written: Written, program: str) -> None:
    """Both read all of it: lines with values, none unread, and the last iteration."""
    lines, iteration = ours["lines"], re.search(r"^iteration\{.*\} (\d+)", theirs, re.MULTILINE)
    found = (lines["total"], lines["parsed"], lines["unparsed"], ours["iteration"])
    if found != (written.lines, written.valued, 0, written.iteration):
        raise ValueError(f"training-exporter found {found} in {written}")
    if written.iteration is not None and (iteration is None or int(iteration[1]) != written.iteration):
        raise ValueError(f"mtail's {program} found iteration {iteration and iteration[1]} in {written}")


def stages(path: Path, written: Written, rounds: int = 3) -> Stages:
    """The best of some rounds: what the code costs, not what else the machine does."""
    timed = [_stages(path) for _ in range(rounds)]
    framing, decoding, reducing = (min(times) for times in zip(*timed, strict=True))
    return Stages(written=written, framing=framing, decoding=decoding, reducing=reducing)


def _stages(path: Path) -> tuple[float, float, float]:
    clock, formats, now = time.process_time, discover_formats(), path.stat().st_mtime + 1
    began = clock()
    chunks: list[Chunk] = list(Tail(SourcePath(str(path))).read(now))
    framed = clock()
    state, decoded = None, list[Decoded]()
    for chunk in chunks:
        one, state = decode(chunk, state, formats)
        decoded.append(one)
    read = clock()
    run: RunState | None = None
    for chunk, one in zip(chunks, decoded, strict=True):
        run = reduce(run, one, chunk)
    return framed - began, read - framed, clock() - read
