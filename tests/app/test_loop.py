from __future__ import annotations

import threading

import pytest

from exporter.app._loop import Loop
from exporter.clock import EventWakeup


def test_a_turn_that_fails_is_told_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    turns, wakeup, done = iter(range(5)), EventWakeup(), threading.Event()

    def turn() -> float:
        number = next(turns)
        if number < 2:
            wakeup.wake()
            raise RuntimeError("full disk")
        if number == 3:
            done.set()
        return 60.0 if number == 3 else 0.0

    finished: list[str] = []
    loop = Loop("logs", turn, wakeup, finish=lambda: finished.append("finished"))
    loop.start()
    assert done.wait(5)
    loop.stop()
    assert loop.join(5)
    assert (loop.failures, finished) == (2, ["finished"])
    assert caplog.text.count("state=failing") == 1


def test_a_loop_that_was_never_started_has_ended() -> None:
    assert Loop("logs", lambda: 1.0, EventWakeup()).join(0.1)
