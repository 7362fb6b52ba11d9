"""The last line without its end: held back, given once, never given again."""

from __future__ import annotations

import os

import pytest

from exporter.tail import QUIET_S
from tests.support.followed_log import FollowedLog


def test_an_open_line_waits_for_its_end(log: FollowedLog) -> None:
    log.write(b"iter: 1 loss: 0.")
    assert log.read() == []
    log.write(b"5\n")
    assert log.read() == [b"iter: 1 loss: 0.5"]


def test_an_open_line_is_given_once_when_the_file_is_quiet(log: FollowedLog) -> None:
    log.write(b"a\nb")
    assert log.read() == [b"a"]
    log.later(QUIET_S - 2.5)
    assert log.read() == []
    log.later(2)
    assert log.read() == [b"b"]
    log.later(QUIET_S)
    assert log.read() == []


def test_quiet_is_told_by_our_own_clock_while_the_file_grows(log: FollowedLog) -> None:
    log.read()
    log.write(b"a\nb")
    os.utime(log.path, (log.now - 1.5, log.now - 1.5))
    log.later(QUIET_S)
    assert log.read() == [b"a"]
    log.later(QUIET_S)
    assert log.read() == [b"b"]


def test_an_open_line_of_a_file_at_rest_is_given_at_once(log: FollowedLog) -> None:
    log.write(b"a\nb")
    log.later(QUIET_S)
    assert log.read() == [b"a", b"b"]


def test_the_end_of_a_line_that_was_given_is_no_new_line(log: FollowedLog) -> None:
    log.write(b"a")
    assert log.flush() == [b"a"]
    log.write(b"\nb\n")
    (chunk,) = log.chunks()
    assert (chunk.offset, chunk.line, chunk.frames) == (2, 2, (b"b",))


def test_what_continues_a_line_that_was_given_is_no_new_line(log: FollowedLog) -> None:
    log.write(b"a")
    assert log.flush() == [b"a"]
    log.write(b" and")
    assert log.flush() == []
    log.write(b" more\nb")
    assert log.flush() == [b"b"]


def test_a_writer_that_continued_a_line_is_waited_for_from_then_on(log: FollowedLog) -> None:
    log.write(b"epoch 1:")
    log.later(QUIET_S)
    assert log.read() == [b"epoch 1:"]
    log.write(b" loss 0.5\nepoch 2:")
    assert log.read() == []
    log.later(QUIET_S)
    assert log.read() == []
    log.write(b" loss 0.4\n")
    assert log.read() == [b"epoch 2: loss 0.4"]


def test_a_writer_that_begins_lines_with_their_end_is_not_waited_for(log: FollowedLog) -> None:
    for line in (b"a", b"b", b"c"):
        log.write(b"\r\n" + line)
        log.read()
        log.later(QUIET_S)
        assert log.read() == [line]


@pytest.mark.parametrize("text", [b"\r 10%|#   ", b" 10%|#   \r", b" 1/10\b\b\b\b\b 2/10"])
def test_a_bar_at_work_waits_for_its_line(log: FollowedLog, text: bytes) -> None:
    log.write(text)
    log.later(1000 * QUIET_S)
    assert log.read() == []
    log.write(b"\r{'loss': 1.5}\n")
    assert log.read() == [b"{'loss': 1.5}"]


def test_the_last_redraw_of_a_bar_is_given_at_flush(log: FollowedLog) -> None:
    log.write(b"a\n\r 10%\r 20%")
    assert log.flush() == [b"a", b" 20%"]
    assert log.flush() == []


def test_a_line_cut_by_a_full_buffer_of_its_writer_waits_for_its_rest(log: FollowedLog) -> None:
    log.write(b"a\n" + b"x" * 4094)
    log.later(1000 * QUIET_S)
    assert log.read() == [b"a"]
    log.write(b"y\n")
    assert log.read() == [b"x" * 4094 + b"y"]
