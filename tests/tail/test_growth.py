"""A file that grows: each line once, in bounded chunks, with offsets and line numbers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from exporter.model import SourcePath
from exporter.tail import MAX_LINE_BYTES, Tail
from tests.support.followed_log import START, FollowedLog, frames


def test_what_is_appended_comes_once(log: FollowedLog) -> None:
    log.write(b"a\nb\n")
    assert log.read() == [b"a", b"b"]
    assert log.read() == []
    log.write(b"c\n")
    assert log.read() == [b"c"]
    assert (log.tail.bytes_read, log.tail.rotations, log.tail.lag_bytes) == (6, 0, 0)


def test_frames_carry_their_offset_and_line_number(log: FollowedLog) -> None:
    log.write(b"a\nbb\nc")
    log.read()
    log.write(b"cc\nd\n")
    (chunk,) = log.chunks()
    assert (chunk.source, chunk.offset, chunk.line, chunk.frames) == (str(log.path), 5, 3, (b"ccc", b"d"))


def test_a_backlog_comes_in_bounded_chunks(log: FollowedLog) -> None:
    lines = [b"iter: %d" % n for n in range(1000)]
    log.write(b"\n".join(lines) + b"\n")
    tail = Tail(log.tail.path, chunk_bytes=100)
    chunks = list(tail.read(log.now))
    tail.close()
    assert frames(chunks) == lines
    assert len(chunks) > 90
    assert all(chunk.line == 1 + lines.index(chunk.frames[0]) for chunk in chunks)
    text = log.path.read_bytes()
    assert all(text[chunk.offset :].startswith(chunk.frames[0]) for chunk in chunks)


def test_a_read_that_is_not_taken_to_its_end_goes_on(log: FollowedLog) -> None:
    log.write(b"a\nb\nc\nd\n")
    tail = Tail(log.tail.path, chunk_bytes=2)
    assert next(tail.read(log.now)).frames == (b"a",)
    assert (tail.caught_up, tail.lag_bytes) == (False, 6)
    log.later()
    log.write(b"e\n")
    log.later()
    chunks = list(tail.read(log.now))
    tail.close()
    assert frames(chunks) == [b"b", b"c", b"d", b"e"]
    assert [chunk.live for chunk in chunks] == [False, False, False, True]
    assert [chunk.written_after for chunk in chunks] == [None, None, None, START]
    assert (tail.caught_up, tail.lag_bytes) == (True, 0)


def test_a_line_of_megabytes_is_cut_and_the_next_one_whole(log: FollowedLog) -> None:
    log.write(b"x" * (3 * MAX_LINE_BYTES) + b"\nnext\n")
    assert log.read() == [b"x" * MAX_LINE_BYTES, b"next"]


def test_bytes_that_are_no_text_stay_bytes(log: FollowedLog) -> None:
    log.write(b"caf\xe9 \xff\n")
    assert log.read() == [b"caf\xe9 \xff"]


def test_a_read_goes_no_further_than_a_stat_that_is_the_same(log: FollowedLog) -> None:
    log.write(b"a\n")
    log.read()
    log.write(b"b\n", "wb")
    os.utime(log.path, (START, START))
    assert log.read() == []
    log.write(b"")
    assert log.read() == [b"b"]


@pytest.mark.shared
def test_real_logs_come_whole_however_they_are_cut(shared: Path) -> None:
    logs = sorted(path for path in (shared / "logs").rglob("*") if path.suffix in {".log", ".txt", ".out"})
    assert len(logs) > 50
    for path in logs:
        text = path.read_bytes()
        coarse, fine = (Tail(SourcePath(str(path)), chunk_bytes=size) for size in (256 * 1024, 4999))
        whole = frames(coarse.flush(START))
        assert whole == frames(fine.flush(START)), path
        assert len(whole) == text.count(b"\n") + (not text.rstrip(b"\0").endswith(b"\n")), path
        coarse.close()
        fine.close()
