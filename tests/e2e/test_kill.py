"""Killed at any moment and started again, the program loses no line and no message, and says nothing three times."""

from __future__ import annotations

import contextlib
import random
import signal
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from exporter.clock import SystemClock
from tests.e2e.conftest import fast_config
from tests.support.daemon import DaemonProcess
from tests.support.slack import Reply, SlackServer
from tests.support.training_logs import (
    DARKNET_OUT_OF_MEMORY,
    DARKNET_START,
    STEP,
    darknet,
    detectron2,
    detectron2_json,
    detectron2_out_of_memory,
    detectron2_start,
    write,
)
from tests.support.waiting import until

NAN = float("nan")


def daemon(folder: Path, *args: str) -> DaemonProcess:
    return DaemonProcess(folder / "daemon", "--state", str(folder / "state"), "--no-gpu", *args)


def kill(process: DaemonProcess, after_s: float = 0.0) -> None:
    """SIGKILL, after a moment."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(after_s)
    assert process.stop(signal.SIGKILL) == -signal.SIGKILL, process.output()


# While it follows.

TURNS = 12
"""Kills while three logs are written."""
ROUNDS = 200
"""Starts of each training; each but the last ends in an error."""
ROWS = 4
"""Of each start: so few that most moments lie within what several lines say together."""


class Writer:
    """Writes a log piece by piece, lines torn anywhere, as a test asks for it."""

    def __init__(self, path: Path, text: str, chance: random.Random) -> None:
        self.path, self._text, self._chance, self._at = path, text.encode(), chance, 0
        path.parent.mkdir(parents=True)
        path.touch()

    @property
    def is_done(self) -> bool:
        return self._at == len(self._text)

    def write(self, most: int) -> None:
        piece = self._text[self._at : self._at + self._chance.randint(1, most)]
        self._at += len(piece)
        with self.path.open("ab") as file:
            file.write(piece)


def detectron2_story() -> Iterator[str]:
    now = SystemClock().now()
    for number in range(ROUNDS):
        yield detectron2_start(now)
        for each in range(1, ROWS + 1):
            yield detectron2(each * STEP, now, loss=NAN if number == 7 and each > 1 else 1.5)
        if number < ROUNDS - 1:
            yield from detectron2_out_of_memory(now)


def darknet_story() -> Iterator[str]:
    for number in range(ROUNDS):
        yield DARKNET_START
        for each in range(1, ROWS + 1):
            yield darknet(each, loss=NAN if number == 9 else 1.5)
        if number < ROUNDS - 1:
            yield from DARKNET_OUT_OF_MEMORY


def json_story() -> Iterator[str]:
    return (detectron2_json(each * STEP) for _ in range(ROUNDS) for each in range(1, ROWS + 1))


def test_no_line_is_lost_or_counted_twice_while_it_follows(tmp_path: Path) -> None:
    chance = random.Random(20)  # noqa: S311 - cuts lines
    stories = {"resnet": detectron2_story, "fire": darknet_story, "json": json_story}
    texts = {run: "".join(f"{line}\n" for line in story()) for run, story in stories.items()}
    writers = [Writer(tmp_path / "runs" / run / "train.log", text, chance) for run, text in texts.items()]
    logs = [str(writer.path) for writer in writers]
    piece = 2 * max(map(len, texts.values())) // (8 * TURNS)

    def writes(progressed: Callable[[], bool]) -> Callable[[], bool]:
        def turn() -> bool:
            for writer in writers:
                writer.write(piece)
            return progressed()

        return turn

    for turn in range(TURNS):
        with daemon(tmp_path, *logs, "--no-alerts") as process:
            if turn % 3 == 0:
                # Somewhere in its start.
                until(writes(lambda: True))
                kill(process, turn * 0.05)
                continue
            known = lines_read(process)
            until(writes(lambda: lines_read(process) > known), why=process.output)  # noqa: B023 - called in this turn
            kill(process, chance.random() * 0.6)
    for writer in writers:
        while not writer.is_done:
            writer.write(piece)
    with daemon(tmp_path, *logs, "--no-alerts") as process:
        lines = sum(text.count("\n") for text in texts.values())
        until(lambda: lines_read(process) >= lines, why=process.output)
        interrupted = counters(process.metrics())
    with daemon(tmp_path / "uninterrupted", *logs, "--no-alerts") as process:
        assert process.get("/-/ready")[0] == 200
        assert interrupted == counters(process.metrics())
    assert interrupted['training_iterations_total{run="resnet"}'] == ROUNDS * ROWS * STEP
    # Darknet does not say at which iteration it starts again, so the first row of a restart adds nothing.
    assert interrupted['training_iterations_total{run="fire"}'] == ROWS + (ROUNDS - 1) * (ROWS - 1)
    assert {interrupted[f'training_restarts_total{{run="{run}"}}'] for run in texts} == {ROUNDS - 1}
    assert interrupted['training_errors_total{kind="oom",run="resnet"}'] == ROUNDS - 1
    assert interrupted['training_errors_total{kind="oom",run="fire"}'] == ROUNDS - 1
    assert interrupted['training_nonfinite_total{component="total",run="resnet"}'] == 3
    assert interrupted['training_nonfinite_total{component="total",run="fire"}'] == 4


def lines_read(process: DaemonProcess) -> float:
    names = process.metrics().items()
    return sum(value for name, value in names if name.startswith("training_exporter_log_lines_total"))


def counters(metrics: dict[str, float]) -> dict[str, float]:
    """What depends on the lines alone, not on when they were written or read."""
    of_time = ("training_active_seconds", "training_exporter_log_bytes", "training_exporter_log_rotations")
    of_lines = ("training_exporter_log_lines", "training_loss_observations", "training_loss_smoothed")
    return {
        name: value
        for name, value in metrics.items()
        if ("_total" in name and not name.startswith(of_time)) or name.startswith(of_lines)
    }


def test_a_backlog_is_resumed_where_it_was_last_stored(tmp_path: Path) -> None:
    log, now = tmp_path / "resnet" / "log.txt", SystemClock().now()
    block = "".join(f"{detectron2(each * STEP, now)}\n" for each in range(1, 2001))
    blocks = 40 * 2**20 // len(block)
    log.parent.mkdir()
    log.write_text(block * blocks)
    for after_s in (0.2, 0.5):
        with daemon(tmp_path, str(log), "--no-alerts") as process:
            kill(process, after_s)
    with daemon(tmp_path, str(log), "--no-alerts") as process:
        until(lambda: stored(tmp_path / "state" / "state.db"), why=process.output)
        kill(process)
    with daemon(tmp_path, str(log), "--no-alerts") as process:
        metrics = process.metrics()
        assert metrics['training_exporter_log_lines_total{result="parsed",run="resnet"}'] == 2000 * blocks
        assert metrics['training_restarts_total{run="resnet"}'] == blocks - 1
        assert metrics['training_iterations_total{run="resnet"}'] == STEP * 2000 + (blocks - 1) * STEP * 1999
        assert 0 < metrics['training_exporter_log_bytes_total{run="resnet"}'] < log.stat().st_size


def stored(database: Path) -> bool:
    """Whether the position of a source is in the state."""
    if not database.exists():
        return False
    with contextlib.closing(sqlite3.connect(database)) as connection, contextlib.suppress(sqlite3.OperationalError):
        return bool(connection.execute("SELECT COUNT(*) FROM checkpoints").fetchone()[0])
    return False


def test_it_goes_on_while_its_state_cannot_be_written(tmp_path: Path) -> None:
    log, now = tmp_path / "resnet" / "log.txt", SystemClock().now()
    write(log, [detectron2(STEP, now)])
    with daemon(tmp_path, str(log), "--no-alerts") as process:
        until(lambda: stored(tmp_path / "state" / "state.db"), why=process.output)
        with contextlib.closing(sqlite3.connect(tmp_path / "state" / "state.db", isolation_level=None)) as another:
            another.execute("BEGIN IMMEDIATE")
            write(log, [detectron2(2 * STEP, now)])
            until(lambda: lines_read(process) == 2, why=process.output)
            assert process.stderr.read_text().count("state=unwritable") == 1
            another.execute("ROLLBACK")
        write(log, [detectron2(3 * STEP, now)])
        until(lambda: lines_read(process) == 3, why=process.output)
        kill(process)
    with daemon(tmp_path, str(log), "--no-alerts") as process:
        assert lines_read(process) == 3
        assert process.metrics()['training_exporter_log_bytes_total{run="resnet"}'] == 0


# Between firing and delivery.


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When the program is killed, and what the receiver answered until then."""

    name: str
    requests: int = 0
    """After the alert fired and so many requests came."""
    after_s: float = 0.0
    """And then so many seconds."""
    replies: tuple[Reply, ...] = ()
    """None of them a success."""
    shown: bool = False
    """Whether the receiver may have shown the message nevertheless."""


def moments() -> Iterator[Moment]:
    failing, hanging = Reply(status=500, body="rollup_error"), Reply(hang=True)
    yield from (Moment(name=f"firing {after}", after_s=after) for after in (0.0, 0.01, 0.02, 0.05, 0.1, 0.2))
    yield from (Moment(name=f"delivered {after}", requests=1, after_s=after) for after in (0.0, 0.005, 0.02))
    yield from (
        Moment(name=f"failed {times} {after}", requests=times, after_s=after, replies=(failing,) * times)
        for times, after in ((1, 0.0), (1, 0.2), (2, 0.0), (2, 0.3))
    )
    yield from (
        Moment(name=f"hangs {after}", requests=1, after_s=after, replies=(hanging,), shown=True) for after in (0.0, 0.3)
    )
    limit = Reply(status=429, headers={"Retry-After": "2"})
    yield Moment(name="limited", requests=1, after_s=0.1, replies=(limit,))
    yield Moment(name="reset", requests=1, replies=(Reply(reset=True),))


def deliveries(folder: Path, moment: Moment) -> Counter[str]:
    """How often the receiver showed each alert, by the titles, when the program was killed once at that moment."""
    folder.mkdir()
    log = folder / "resnet" / "log.txt"
    write(log, [detectron2(STEP, SystemClock().now())])
    with SlackServer(*moment.replies) as slack:
        with watching(folder, slack, log) as process:
            assert process.get("/-/ready")[0] == 200
            write(log, detectron2_out_of_memory(SystemClock().now()))
            fired = "alert=TrainingFailed state=firing"
            until(lambda: fired in process.output() and len(slack.received) >= moment.requests, why=process.output)
            kill(process, moment.after_s)
        failed = len(moment.replies) - len(slack.script)
        slack.script.clear()
        with watching(folder, slack, log) as process:
            until(lambda: len(slack.received) > failed, why=process.output)
            until(lambda: evaluations(process) >= 4 and waiting(process) == 0, why=process.output)
        shown = slack.received[0 if moment.shown else failed :]
        return Counter(attachment["title"] for item in shown for attachment in item.payload["attachments"])


def watching(folder: Path, slack: SlackServer, log: Path) -> DaemonProcess:
    return daemon(folder, "--config", str(fast_config(folder, slack.url)), str(log))


def evaluations(process: DaemonProcess) -> float:
    return process.metrics().get('training_exporter_rule_evaluations_total{group="stop"}', 0)


def waiting(process: DaemonProcess) -> float | None:
    return process.metrics().get('training_exporter_notification_queue_length{receiver="slack"}')


def test_no_message_is_lost_and_none_sent_three_times(tmp_path: Path) -> None:
    everything = tuple(moments())
    with ThreadPoolExecutor(8) as pool:
        results = pool.map(lambda moment: deliveries(tmp_path / moment.name, moment), everything)
        counts = {moment.name: count for moment, count in zip(everything, results, strict=True)}
    for name, count in counts.items():
        assert any("TrainingFailed · resnet" in title for title in count), (name, count)
        assert all(times <= 2 for times in count.values()), (name, count)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_time_while_the_receiver_hangs(tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "resnet" / "log.txt"
    write(log, [detectron2(STEP, SystemClock().now())])
    with SlackServer(Reply(hang=True)) as slack, watching(tmp_path, slack, log) as process:
        assert process.get("/-/ready")[0] == 200
        write(log, detectron2_out_of_memory(SystemClock().now()))
        until(lambda: slack.received, why=process.output)
        assert process.stop(number, timeout_s=5) == 0
