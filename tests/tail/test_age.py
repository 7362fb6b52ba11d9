"""What is known of when lines were written, and whether they are live."""

from __future__ import annotations

import os

import pytest

from exporter.tail import Tail
from tests.support.followed_log import START, FollowedLog


def test_an_old_file_may_be_of_any_age(log: FollowedLog) -> None:
    log.write(b"a\n")
    log.later(86400)
    (chunk,) = log.chunks()
    assert (chunk.live, chunk.written_after, chunk.written_before, chunk.read_at) == (False, None, START, log.now)
    assert (log.tail.caught_up, log.tail.modified_at) == (True, START)


def test_live_lines_were_written_since_the_last_look(log: FollowedLog) -> None:
    log.write(b"a\n")
    log.read()
    log.read()
    looked = log.now
    log.later(0.5)
    log.write(b"b\n")
    (chunk,) = log.chunks()
    assert (chunk.live, chunk.written_after, chunk.written_before, chunk.read_at) == (
        True,
        looked,
        looked + 0.5,
        log.now,
    )


def test_lines_since_a_stored_position_are_not_live_but_no_older_than_it(log: FollowedLog) -> None:
    log.write(b"a\n")
    log.read()
    log.read()
    taken = log.now
    log.restart()
    log.later(3600)
    log.write(b"b\n")
    (chunk,) = log.chunks()
    assert (chunk.live, chunk.written_after, chunk.written_before) == (False, taken, taken + 3600)
    log.write(b"c\n")
    (chunk,) = log.chunks()
    assert (chunk.live, chunk.written_after) == (True, log.now - 1)


def test_a_position_within_an_old_file_says_nothing_of_the_age_of_the_rest(log: FollowedLog) -> None:
    log.write(b"a\nb\n")
    tail = Tail(log.tail.path, chunk_bytes=2)
    next(tail.read(log.now))
    log.restart(tail.position())
    tail.close()
    (chunk,) = log.chunks()
    assert (chunk.frames, chunk.live, chunk.written_after) == ((b"b",), False, None)


def test_a_rotated_file_is_live_and_no_older_than_the_last_look(log: FollowedLog) -> None:
    log.write(b"a\n")
    log.read()
    looked = log.now
    log.path.rename(log.path.with_suffix(".1"))
    log.write(b"b\n")
    (chunk,) = log.chunks()
    assert (chunk.live, chunk.written_after) == (True, looked)


def test_an_old_file_moved_to_the_path_is_not_live(log: FollowedLog) -> None:
    log.read()
    log.write(b"a\n")
    os.utime(log.path, (START - 3600, START - 3600))
    (chunk,) = log.chunks()
    assert (chunk.live, chunk.written_after, chunk.written_before) == (False, None, START - 3600)


@pytest.mark.parametrize("mtime", [START - 1000, START + 1000], ids=["mtime behind", "mtime ahead"])
def test_the_interval_of_writing_is_never_empty_nor_in_the_future(log: FollowedLog, mtime: float) -> None:
    log.write(b"a\n")
    log.read()
    log.write(b"b\n")
    os.utime(log.path, (mtime, mtime))
    (chunk,) = log.chunks()
    assert chunk.written_after is not None
    assert chunk.written_after <= chunk.written_before <= chunk.read_at
