"""Logs in, one published snapshot out: real files, real state, a clock that the test moves."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exporter.app._pipeline import FAILED_S, Pipeline
from exporter.app._sources import SLICE_BYTES
from exporter.checkpoints import DATABASE, Checkpoints
from exporter.clock import SystemClock
from exporter.config import RunConfig
from exporter.formats import AnyFormat, discover_formats
from exporter.formats.detectron2 import Detectron2
from exporter.gpu import Device, Inventory, Memory, Sampler
from exporter.model import Chunk, GpuReading, Run
from tests.support.training_logs import (
    DARKNET_START,
    darknet,
    detectron2,
    detectron2_end,
    detectron2_json,
    detectron2_out_of_memory,
    detectron2_start,
    write,
)

RESCAN_S = 5.0
A, B = "GPU-aaaa", "GPU-bbbb"


@dataclass
class Still:
    """Two devices that do not change."""

    uuids: tuple[str, ...] = (A, B)

    def inventory(self) -> Inventory:
        return Inventory(devices=tuple(Device(index=i, uuid=uuid, name="x") for i, uuid in enumerate(self.uuids)))

    def read(self, now: float) -> tuple[GpuReading, ...]:
        return tuple(GpuReading(index=i, uuid=uuid, name="x", at=now) for i, uuid in enumerate(self.uuids))

    def read_memory(self, now: float) -> Mapping[str, Memory]:
        return dict.fromkeys(self.uuids, Memory(used=int(now)))

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class PlayedClock:
    at: float

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


@dataclass
class Played:
    """A pipeline and its time."""

    pipeline: Pipeline
    clock: PlayedClock
    sampler: Sampler | None

    def step(self, seconds: float = RESCAN_S) -> dict[str, Run]:
        """Lets time pass, and gives each log one turn."""
        self.clock.at += seconds
        if self.sampler is not None:
            self.sampler.tick()
        self.pipeline.step(self.clock.at)
        return {run.name: run for run in self.pipeline.snapshot.runs}

    def read(self) -> dict[str, Run]:
        """Gives the logs turns until they are read."""
        runs = self.step()
        while self.pipeline.step(self.clock.at):
            runs = {run.name: run for run in self.pipeline.snapshot.runs}
        return {**runs, **{run.name: run for run in self.pipeline.snapshot.runs}}


@dataclass
class Stage:
    """Starts pipelines, one after another, on one state."""

    folder: Path
    opened: list[tuple[Pipeline, Checkpoints]] = field(default_factory=list)

    def start(
        self, *runs: RunConfig | Path, gpus: Still | None = None, formats: tuple[AnyFormat, ...] | None = None
    ) -> Played:
        self.close()
        clock, checkpoints = PlayedClock(SystemClock().now()), Checkpoints(self.folder)
        sampler = None if gpus is None else Sampler(gpus, clock)
        pipeline = Pipeline(
            tuple(run if isinstance(run, RunConfig) else RunConfig(log=str(run)) for run in runs),
            formats=discover_formats() if formats is None else formats,
            checkpoints=checkpoints,
            sampler=sampler,
            health=lambda health: health,
            now=clock.at,
        )
        self.opened.append((pipeline, checkpoints))
        return Played(pipeline, clock, sampler)

    def close(self) -> None:
        while self.opened:
            pipeline, checkpoints = self.opened.pop()
            pipeline.close()
            checkpoints.close()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path / "state")
    yield stage
    stage.close()


def rows(first: int, last: int) -> list[str]:
    now = SystemClock().now()
    return [detectron2(iteration, now) for iteration in range(first, last + 1, 20)]


def iteration(run: Run) -> int | None:
    return None if run.state is None else run.state.iteration


# One log's trouble is its own.


def test_a_path_that_is_no_text_is_followed_and_shown_as_text(stage: Stage, tmp_path: Path) -> None:
    strange = Path(os.fsdecode(os.fsencode(tmp_path) + b"/logs/\xff\xfe/log.txt"))
    write(strange, rows(19, 59))
    write(tmp_path / "logs" / "plain" / "log.txt", rows(19, 79))
    runs = stage.start(tmp_path / "logs" / "*" / "log.txt").read()
    assert {name: iteration(run) for name, run in runs.items()} == {"plain": 79, "\ufffd\ufffd": 59}
    shown = f"{tmp_path}/logs/\ufffd\ufffd/log.txt"
    assert (runs["\ufffd\ufffd"].paths, runs["\ufffd\ufffd"].logs[0].path) == ((shown,), shown)
    write(strange, rows(79, 99))
    again = stage.start(tmp_path / "logs" / "*" / "log.txt").read()["\ufffd\ufffd"]
    assert again.state is not None
    assert (again.state.lines.parsed, again.logs[0].bytes_read) == (5, len("".join(rows(79, 99))) + 2)


class Brittle(Detectron2):
    """Cannot read one line."""

    def parse(self, chunk: Chunk, carry: object) -> object:  # type: ignore[override]
        if any(b"poison" in frame for frame in chunk.frames):
            raise RuntimeError("poison")
        return super().parse(chunk, carry)  # type: ignore[arg-type]


def test_a_log_that_cannot_be_parsed_is_told_once_and_the_others_go_on(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = tmp_path / "bad" / "log.txt", tmp_path / "good" / "log.txt"
    write(bad, rows(19, 39))
    write(good, rows(19, 39))
    played = stage.start(tmp_path / "bad" / "log.txt", good, formats=(Brittle(),))  # type: ignore[arg-type]
    played.read()
    for last in (59, 79):
        write(bad, [*rows(last, last), "poison"])
        write(good, rows(last, last))
        runs = played.read()
        assert (runs["bad"].logs[0].readable, runs["good"].logs[0].readable) == (False, True)
        assert (iteration(runs["bad"]), iteration(runs["good"])) == (39, last)
    assert caplog.text.count("state=failing") == 1
    write(bad, rows(99, 99))
    runs = played.read()
    assert (iteration(runs["bad"]), runs["bad"].logs[0].readable) == (99, True)


def test_what_could_not_be_stored_is_stored_when_it_can_be(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log, database = tmp_path / "run" / "log.txt", tmp_path / "state" / DATABASE
    caplog.set_level(logging.INFO)
    write(log, rows(19, 39))
    played = stage.start(log)
    played.read()
    execute(database, "ALTER TABLE checkpoints RENAME TO away")
    write(log, rows(59, 59))
    played.read()
    played.step()
    assert caplog.text.count("state=unwritable") == 1
    execute(database, "ALTER TABLE away RENAME TO checkpoints")
    played.step()
    assert caplog.text.count("state=writable") == 1
    run = stage.start(log).read()["run"]
    assert (iteration(run), run.logs[0].bytes_read) == (59, 0)


def execute(database: Path, statement: str) -> None:
    connection = sqlite3.connect(database)
    connection.execute(statement)
    connection.commit()
    connection.close()


# What is a run.


def test_what_no_format_claims_in_a_folder_is_no_run_and_breaks_none(stage: Stage, tmp_path: Path) -> None:
    folder = tmp_path / "exp"
    write(folder / "log.txt", rows(19, 59))
    write(folder / "metrics.json", [detectron2_json(19), detectron2_json(59)])
    for noise in ("args.json", "requirements.txt", "labels.csv"):
        write(folder / noise, [json.dumps({"lr": 0.1})])
    played = stage.start(folder)
    runs = played.read()
    assert {name: run.paths for name, run in runs.items()} == {"exp": (f"{folder}/log.txt", f"{folder}/metrics.json")}
    assert played.pipeline.ready
    write(folder / "requirements.txt", [detectron2_start(SystemClock().now()), *rows(19, 99)])
    assert {name: iteration(run) for name, run in played.read().items()} == {"exp": 59, "requirements": 99}


def test_two_text_logs_of_a_folder_are_two_runs(stage: Stage, tmp_path: Path) -> None:
    write(tmp_path / "exp" / "lr1.txt", rows(19, 59))
    write(tmp_path / "exp" / "lr2.txt", rows(19, 79))
    write(tmp_path / "exp" / "notes.txt", ["lr2 looks better"])
    assert {name: iteration(run) for name, run in stage.start(tmp_path / "exp").read().items()} == {
        "lr1": 59,
        "lr2": 79,
    }


def test_a_file_that_is_named_is_a_run_whatever_is_in_it(stage: Stage, tmp_path: Path) -> None:
    write(tmp_path / "exp" / "notes.txt", ["nothing"])
    played = stage.start(tmp_path / "exp" / "notes.txt", tmp_path / "exp" / "later.txt")
    assert {name: run.format for name, run in played.read().items()} == {"notes": "", "later": ""}


def test_words_that_find_no_log_say_so_until_they_do(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "exp"
    write(folder / "notes.txt", ["nothing"])
    played = stage.start(folder)
    assert played.read() == {}
    assert played.pipeline.problems == (
        f"{folder}: no log of a known format yet in 1 file; `training-exporter formats` lists what can be read",
    )
    played.step()
    assert caplog.text.count("no log of a known format yet") == 1
    write(folder / "notes.txt", [DARKNET_START, darknet(1)])
    assert list(played.read()) == ["notes"]
    assert not played.pipeline.problems


def test_a_run_stays_published_while_a_long_log_joins_it(stage: Stage, tmp_path: Path) -> None:
    folder = tmp_path / "exp"
    write(folder / "log.txt", rows(19, 59))
    played = stage.start(folder)
    played.read()
    record = detectron2_json(59)
    write(folder / "metrics.json", [record] * (2 * SLICE_BYTES // len(record)))
    steps = [played.step(RESCAN_S), played.step(0.5), played.step(0.5)]
    assert [list(runs) for runs in steps] == [["exp"]] * 3
    assert [len(runs["exp"].logs) for runs in steps] == [2, 2, 2]
    parsed = [runs["exp"].state.lines.parsed for runs in steps if runs["exp"].state is not None]
    assert parsed[0] == 3
    assert parsed[-1] > SLICE_BYTES // len(record)


def test_a_format_that_is_forced_reads_anew_what_another_one_read(stage: Stage, tmp_path: Path) -> None:
    log = tmp_path / "run" / "log.txt"
    write(log, rows(19, 59))
    assert stage.start(log).read()["run"].format == "detectron2"
    config = RunConfig(log=str(log), format="darknet")
    forced = stage.start(config).read()["run"]
    assert (forced.format, iteration(forced), forced.logs[0].bytes_read) == ("darknet", None, log.stat().st_size)
    again = stage.start(config).read()["run"]
    assert (again.format, again.logs[0].bytes_read) == ("darknet", 0)


def test_a_format_that_is_forced_makes_no_run_of_what_it_gets_nothing_from(stage: Stage, tmp_path: Path) -> None:
    write(tmp_path / "exp" / "log.txt", rows(19, 59))
    write(tmp_path / "exp" / "args.txt", ["batch: 2"])
    played = stage.start(RunConfig(log=str(tmp_path / "exp"), format="detectron2"))
    assert {name: iteration(run) for name, run in played.read().items()} == {"exp": 59}


# In turns.


def test_a_long_log_does_not_hold_up_the_others(stage: Stage, tmp_path: Path) -> None:
    live, long = tmp_path / "live" / "log.txt", tmp_path / "a" / "log.txt"
    write(live, rows(19, 39))
    played = stage.start(tmp_path / "*" / "log.txt")
    played.read()
    row = rows(19, 19)[0]
    write(long, [row] * (3 * SLICE_BYTES // len(row)))
    seen = []
    for last in range(59, 120, 20):
        write(live, rows(last, last))
        runs = played.step(RESCAN_S)
        seen.append((iteration(runs["live"]), "a" in runs))
    assert seen == [(59, False), (79, False), (99, False), (119, True)]


def test_it_is_ready_when_the_backlog_is_read(stage: Stage, tmp_path: Path) -> None:
    log, row = tmp_path / "run" / "log.txt", rows(19, 19)[0]
    write(log, [row] * (SLICE_BYTES * 3 // 2 // len(row)))
    played = stage.start(log)
    assert (played.step(), played.pipeline.ready) == ({}, False)
    assert (list(played.step()), played.pipeline.ready) == (["run"], True)


# Devices.


def test_only_runs_that_are_not_over_make_the_device_unsure(stage: Stage, tmp_path: Path) -> None:
    now = SystemClock().now()
    write(tmp_path / "old" / "log.txt", [*rows(19, 59), *detectron2_end(now)])
    write(tmp_path / "new" / "log.txt", rows(19, 59))
    played = stage.start(tmp_path / "*" / "log.txt", gpus=Still())
    assert {name: run.gpus for name, run in played.read().items()} == {"new": (A, B), "old": ()}
    write(tmp_path / "next" / "log.txt", rows(19, 59))
    runs = played.read()
    assert {name: run.gpus for name, run in runs.items()} == {"new": (A, B), "next": (), "old": ()}
    assert (runs["next"].gpu_seconds, runs["old"].gpu_seconds) == (None, None)
    write(tmp_path / "new" / "log.txt", detectron2_end(now))
    assert played.read()["next"].gpus == (A, B)


def test_a_run_that_failed_makes_the_device_unsure_for_a_while(stage: Stage, tmp_path: Path) -> None:
    now = SystemClock().now()
    write(tmp_path / "failed" / "log.txt", [*rows(19, 59), *detectron2_out_of_memory(now)])
    write(tmp_path / "next" / "log.txt", rows(19, 59))
    played = stage.start(tmp_path / "*" / "log.txt", gpus=Still())
    assert played.read()["next"].gpus == ()
    played.clock.at += FAILED_S
    write(tmp_path / "next" / "log.txt", rows(79, 99))
    assert {name: run.gpus for name, run in played.read().items()} == {"failed": (), "next": (A, B)}


def test_a_device_that_is_not_there_is_said_once(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / "run" / "log.txt"
    write(log, rows(19, 59))
    played = stage.start(RunConfig(log=str(log), gpus=("1", "9")), gpus=Still())
    for _ in range(3):
        runs = played.read()
    assert runs["run"].gpus == (B,)
    assert played.pipeline.missing_gpus(runs["run"].name) == ("9",)
    assert caplog.text.count("run=run gpus=9 reason='no such device'") == 1
