"""The terminal notifier: the contract and what people see."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given

from alerts.model import Notification, Rejected, RunContext
from alerts.notify import Notifier
from alerts.notify._message import compose
from alerts.notify.stdout import StdoutNotifier, render
from tests.contract.notifier import NOW, NotifierContract, notifications
from tests.support.alerting import alert, notification


class TestContract(NotifierContract):
    NAME = "stdout"

    @contextlib.contextmanager
    def opened(self) -> Iterator[Notifier]:
        yield StdoutNotifier(io.StringIO())


FAILED = notification(
    alert(
        "TrainingFailed",
        fired_at=NOW,
        run="resnet",
        severity="critical",
        annotations={"summary": "resnet failed.", "advice": "Halve the batch size.", "runbook_url": "https://x.org/r"},
    ),
    runs=(RunContext(run="resnet", facts=(("iteration", "12"),), curve=(2.0, 1.0), last_lines=("  oom\x1b[2J",)),),
    external_url="http://127.0.0.1:9936/",
)


def test_a_message_reads_well_without_colours() -> None:
    clock = time.strftime("%H:%M:%S", time.localtime(NOW))
    assert render(compose(FAILED), colours=False, width=80) == (
        f"{clock} [CRITICAL] TrainingFailed · resnet\n"
        "  resnet failed.\n"
        "  Advice: Halve the batch size.\n"
        "  Iteration 12\n"
        "  Loss █▁ 2 → 1\n"
        "  |   oom [2J\n"
        "  Runbook: https://x.org/r\n"
        "  Status page: http://127.0.0.1:9936/\n"
        "\n"
    )


def test_colours_are_only_those_of_the_notifier() -> None:
    text = render(compose(FAILED), colours=True, width=80)
    assert text.startswith("\x1b[31m▌\x1b[0m \x1b[1m[CRITICAL] TrainingFailed · resnet\x1b[0m")
    assert "\x1b[2J" not in text


@given(notifications())
def test_nothing_steers_the_terminal(item: Notification) -> None:
    text = render(compose(item), colours=False, width=80)
    assert all(char.isprintable() or char == "\n" for char in text)


def test_a_terminal_that_knows_no_unicode_still_gets_its_message() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    StdoutNotifier(stream).deliver(FAILED, NOW)
    assert b"[CRITICAL] TrainingFailed ? resnet" in raw.getvalue()


def test_a_closed_output_refuses() -> None:
    stream = io.StringIO()
    stream.close()
    delivery = StdoutNotifier(stream).deliver(replace(FAILED), NOW)
    assert isinstance(delivery, Rejected)
    assert delivery.of_receiver
