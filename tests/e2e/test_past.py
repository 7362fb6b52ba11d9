"""A daemon that comes to old logs counts what is in them and says nothing about the past; what happens now it tells."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import pytest

from exporter.clock import SystemClock
from tests.support.daemon import DaemonProcess
from tests.support.slack import SlackServer
from tests.support.training_logs import (
    DARKNET_END,
    DARKNET_OUT_OF_MEMORY,
    DARKNET_START,
    PLANNED,
    STEP,
    darknet,
    detectron2,
    detectron2_end,
    detectron2_json,
    detectron2_out_of_memory,
    detectron2_start,
    write,
)
from tests.support.waiting import until

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
EVALUATIONS = 15
ROWS = 30


class Log(Enum):
    """Only the first has times in its lines."""

    DETECTRON2 = "log.txt"
    JSON = "metrics.json"
    DARKNET = "darknet.log"


class End(Enum):
    """How a story ends, and the alert that tells it where it happens now."""

    FINISHED = "TrainingFinished"
    OUT_OF_MEMORY = "TrainingFailed"
    TRACEBACK = "TrainingFailed "
    NOT_A_NUMBER = "TrainingLossNotFinite"
    KILLED = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """A log as the daemon finds it."""

    log: Log
    end: End
    age: float
    """Of the end, in seconds."""
    goes_on: bool = False
    """Whether the training went on after it, until now."""
    touched: bool = False
    """Whether the file says that it was written just now."""

    @property
    def run(self) -> str:
        words = (self.log.name, self.end.name, "goes on" if self.goes_on else "", "touched" if self.touched else "")
        return " ".join(filter(None, words)).lower().replace("_", " ")


def olds() -> Iterator[Old]:
    for log in Log:
        yield Old(log=log, end=End.FINISHED, age=DAY)
        yield Old(log=log, end=End.FINISHED, age=DAY, touched=True)
        yield Old(log=log, end=End.KILLED, age=7 * DAY)
        yield Old(log=log, end=End.NOT_A_NUMBER, age=HOUR)
        yield Old(log=log, end=End.NOT_A_NUMBER, age=HOUR, goes_on=True)
        if log is not Log.JSON:
            yield Old(log=log, end=End.OUT_OF_MEMORY, age=2 * DAY)
            yield Old(log=log, end=End.OUT_OF_MEMORY, age=2 * DAY, touched=True)
            yield Old(log=log, end=End.OUT_OF_MEMORY, age=2 * DAY, goes_on=True)
            yield Old(log=log, end=End.TRACEBACK, age=2 * DAY)


def test_nothing_is_said_about_the_past_and_the_same_is_told_when_it_happens_now(
    tmp_path: Path, slack: SlackServer, fast: Path
) -> None:
    now = SystemClock().now()
    cases = {case.run: case for case in olds()}
    for run, case in cases.items():
        make(tmp_path / "runs" / run / case.log.value, case, now)
    args = ("--config", str(fast), "--state", str(tmp_path / "state"), "--no-gpu", "--run", "{parent}")
    with DaemonProcess(tmp_path / "daemon", *args, str(tmp_path / "runs" / "*" / "*")) as process:
        assert process.get("/-/ready")[0] == 200
        metrics = process.metrics()
        for run, case in cases.items():
            assert counts(metrics, run) == expected(case), run
        until(lambda: evaluations(process) >= EVALUATIONS, why=process.output)
        assert slack.titles == []
        assert slack.received == []

        told = {run: case.end.value.strip() for run, case in cases.items() if case.end is not End.KILLED}
        for run in told:
            case = cases[run]
            write(tmp_path / "runs" / run / case.log.value, [*story(case, SystemClock().now()), *next_attempt(case)])
        until(lambda: all(f"{name} · {run}" in str(slack.titles) for run, name in told.items()), why=process.output)
        about = {title.rpartition(" · ")[2] for title in slack.titles}
        assert about == told.keys()
        assert [item.problems for item in slack.received if item.problems] == []


@pytest.mark.parametrize("killed", [False, True])
def test_what_happens_while_the_daemon_is_away_for_a_moment_is_told(
    tmp_path: Path, slack: SlackServer, fast: Path, *, killed: bool
) -> None:
    now = SystemClock().now()
    log, fire = tmp_path / "resnet" / "log.txt", tmp_path / "fire" / "train.log"
    write(log, rows(Log.DETECTRON2, now))
    write(fire, rows(Log.DARKNET, now))
    args = ("--config", str(fast), "--state", str(tmp_path / "state"), "--no-gpu", str(log), str(fire))
    with DaemonProcess(tmp_path / "daemon", *args) as process:
        assert process.get("/-/ready")[0] == 200
        assert process.stop(signal.SIGKILL if killed else signal.SIGTERM) == (-signal.SIGKILL if killed else 0)
    write(log, detectron2_out_of_memory(SystemClock().now()))
    write(fire, DARKNET_OUT_OF_MEMORY)
    with DaemonProcess(tmp_path / "daemon", *args) as process:
        expected = ("TrainingFailed · resnet", "TrainingFailed · fire")
        until(lambda: all(title in str(slack.titles) for title in expected), why=process.output)


def make(path: Path, case: Old, now: float) -> None:
    """Writes the old log."""
    write(path, story(case, now - case.age))
    if case.goes_on:
        write(path, rows(case.log, now, first=1000))
    write(path, (), modified_at=now if case.goes_on or case.touched else now - case.age)


def story(case: Old, at: float) -> list[str]:
    """A training from its start to its end at a time."""
    return [*rows(case.log, at), *end(case, at)]


def end(case: Old, at: float) -> tuple[str, ...]:
    match case.end:
        case End.FINISHED:
            last = row(case.log, PLANNED - 1, at)
            ends = {Log.DETECTRON2: detectron2_end(at), Log.DARKNET: DARKNET_END}
            return (
                (detectron2_json(PLANNED - 1).replace('"eta_seconds": 1.0', '"eta_seconds": 0.0'),)
                if case.log is Log.JSON
                else (last, *ends[case.log])
            )
        case End.NOT_A_NUMBER:
            return tuple(row(case.log, (ROWS + 1 + each) * STEP, at, float("nan")) for each in range(5))
        case End.OUT_OF_MEMORY:
            return detectron2_out_of_memory(at) if case.log is Log.DETECTRON2 else DARKNET_OUT_OF_MEMORY
        case End.TRACEBACK:
            return ("Traceback (most recent call last):", '  File "train.py", line 3, in <module>', "KeyError: 'boxes'")
        case End.KILLED:
            return ()


def next_attempt(case: Old) -> tuple[str, ...]:
    """A start right after a traceback, which shows at once that it ended the training."""
    starts = {Log.DETECTRON2: detectron2_start(SystemClock().now()), Log.DARKNET: DARKNET_START}
    return (starts[case.log],) if case.end is End.TRACEBACK else ()


def rows(log: Log, at: float, first: int = 0) -> list[str]:
    """A start and half an hour of rows until a time."""
    starts = {Log.DETECTRON2: [detectron2_start(at - ROWS * MINUTE)], Log.DARKNET: [DARKNET_START], Log.JSON: []}
    times = [at - (ROWS - each) * MINUTE for each in range(1, ROWS + 1)]
    return [*starts[log], *(row(log, (first + each) * STEP, time) for each, time in enumerate(times, 1))]


def row(log: Log, iteration: int, at: float, loss: float = 1.5) -> str:
    match log:
        case Log.DETECTRON2:
            return detectron2(iteration, at, loss=loss)
        case Log.JSON:
            return detectron2_json(iteration, loss=loss)
        case Log.DARKNET:
            return darknet(iteration, loss=loss)


def expected(case: Old) -> dict[str, float]:
    """What the counters and the state show of an old log."""
    return {
        "finished": case.end is End.FINISHED,
        "failed": case.end in {End.OUT_OF_MEMORY, End.TRACEBACK} and not case.goes_on,
        "running": case.goes_on,
        "oom": case.end is End.OUT_OF_MEMORY,
        "traceback": case.end is End.TRACEBACK or (case.end is End.OUT_OF_MEMORY and case.log is Log.DETECTRON2),
        "nonfinite": 5 * (case.end is End.NOT_A_NUMBER),
    }


def counts(metrics: dict[str, float], run: str) -> dict[str, float]:
    states = ("finished", "failed", "running")
    return {
        **{state: metrics[f'training_run_state{{run="{run}",state="{state}"}}'] for state in states},
        **{kind: metrics[f'training_errors_total{{kind="{kind}",run="{run}"}}'] for kind in ("oom", "traceback")},
        "nonfinite": metrics[f'training_nonfinite_total{{component="total",run="{run}"}}'],
    }


def evaluations(process: DaemonProcess) -> float:
    return process.metrics()['training_exporter_rule_evaluations_total{group="stop"}']
