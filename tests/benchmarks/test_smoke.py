"""The benchmarks' logs are what they say, and the program reads all of them; nothing here is timed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from benchmarks.generate import KINDS, generate
from benchmarks.process import paired
from benchmarks.throughput import COMPARED, compare, stages
from exporter.app.inspect import Inspection, inspect
from exporter.formats import discover_formats
from exporter.model import SourcePath

SIZE = 200_000


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_writes_the_same_log(kind: str, tmp_path: Path) -> None:
    one, again, other = (tmp_path / name for name in ("one", "again", "other"))
    assert generate(kind, one, SIZE, seed=3) == generate(kind, again, SIZE, seed=3)
    generate(kind, other, SIZE, seed=4)
    assert one.read_bytes() == again.read_bytes() != other.read_bytes()
    assert SIZE <= one.stat().st_size < SIZE * 1.2


@pytest.mark.parametrize(("kind", "size"), [("detectron2", 4_000_000), ("darknet", 4_000_000), ("noise", SIZE)])
def test_all_that_was_written_is_read(kind: str, size: int, tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    written = generate(kind, path, size)
    found = inspect(SourcePath(str(path)), discover_formats())
    assert isinstance(found, Inspection)
    state = found.state
    assert found.lines_total == path.read_bytes().count(b"\n") == written.lines
    assert (state.lines.parsed, state.lines.unparsed, found.unparsed) == (written.valued, 0, ())
    assert (state.iteration, state.restarts) == (written.iteration, written.restarts)
    assert sum(error.count for error in state.errors) == 0


@pytest.mark.real("mtail", optional=True)
def test_mtails_programs_find_what_was_written(tmp_path: Path) -> None:
    made = {kind: (tmp_path / f"{kind}.log", generate(kind, tmp_path / f"{kind}.log", SIZE)) for kind in KINDS}
    compared = list(compare(made, pairs=1))
    assert [(each.log, each.program) for each in compared] == list(COMPARED)
    assert all(cost.cpu_s > 0 for each in compared for cost in (*each.ours, *each.theirs))


def test_stages_take_time(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    timed = stages(path, generate("darknet", path, SIZE), rounds=1)
    assert min(timed.framing, timed.decoding, timed.reducing) > 0


def test_a_program_that_fails_is_no_figure() -> None:
    false, true = shutil.which("false"), shutil.which("true")
    assert false
    assert true
    with pytest.raises(RuntimeError, match="ended with 1"):
        paired((true,), (false,), pairs=1)
    ours, theirs = paired((sys.executable, "-c", "pass"), (true,), pairs=2)
    assert len(ours) == len(theirs) == 2
