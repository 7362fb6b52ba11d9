"""A new process goes on where the position of the old one says, if the file is still the same."""

from __future__ import annotations

import pytest

from exporter.tail import Tail
from tests.support.followed_log import FollowedLog, frames


def test_a_resumed_tail_goes_on_where_the_position_says(log: FollowedLog) -> None:
    log.write(b"a\nb\n")
    log.read()
    log.restart()
    log.write(b"c\n")
    (chunk,) = log.chunks()
    assert (chunk.offset, chunk.line, chunk.frames) == (4, 3, (b"c",))
    assert log.tail.rotations == 0


def test_an_open_line_that_was_read_but_not_given_is_read_again(log: FollowedLog) -> None:
    log.write(b"a\nb")
    log.read()
    log.restart()
    log.write(b"c\n")
    assert log.read() == [b"bc"]


def test_a_line_that_was_given_open_is_not_given_again_after_a_restart(log: FollowedLog) -> None:
    log.write(b"a")
    log.flush()
    log.restart()
    assert log.flush() == []
    log.write(b" rest\nb\n")
    (chunk,) = log.chunks()
    assert (chunk.offset, chunk.line, chunk.frames) == (7, 2, (b"b",))


def test_a_position_describes_exactly_what_was_yielded(log: FollowedLog) -> None:
    log.write(b"a\nb\nc\nd\n")
    tail = Tail(log.tail.path, chunk_bytes=2)
    taken = 0
    for chunk in tail.read(log.now):
        taken += len(chunk.frames)
        resumed = Tail(log.tail.path, position=tail.position())
        assert frames(resumed.read(log.now)) == [b"a", b"b", b"c", b"d"][taken:]
        resumed.close()
    tail.close()
    assert taken == 4


@pytest.mark.parametrize(
    "text", [b"b\na\nc\n", b"a\n", b"a\nB\nc\n"], ids=["changed head", "smaller", "changed before the offset"]
)
def test_a_position_of_another_content_means_from_the_head(log: FollowedLog, text: bytes) -> None:
    log.write(b"a\nb\n")
    log.read()
    taken = log.now
    log.write(text, "wb")
    log.restart()
    (chunk,) = log.chunks()
    assert (chunk.offset, chunk.line, chunk.frames) == (0, 1, tuple(text.split()))
    assert (chunk.live, chunk.written_after, log.tail.rotations) == (False, taken, 0)


def test_a_position_of_another_inode_means_from_the_head(log: FollowedLog) -> None:
    log.write(b"a\nb\n")
    log.read()
    keep = log.path.open("rb")
    log.path.unlink()
    log.write(b"a\nb\nc\n")
    log.restart()
    assert log.read() == [b"a", b"b", b"c"]
    keep.close()


def test_a_file_rotated_while_nobody_looked_is_read_to_its_end_first(log: FollowedLog) -> None:
    log.write(b"a\n")
    log.read()
    position = log.tail.position()
    log.write(b"b\nc")
    log.path.rename(log.path.with_suffix(".log.1"))
    log.write(b"d\n")
    log.restart(position)
    chunks = log.chunks()
    assert frames(chunks) == [b"b", b"c", b"d"]
    assert not any(chunk.live for chunk in chunks)
    assert log.tail.rotations == 1


def test_a_file_renamed_while_nobody_looked_is_found_before_there_is_a_new_one(log: FollowedLog) -> None:
    log.write(b"a\n")
    log.read()
    position = log.tail.position()
    log.write(b"b\n")
    log.path.rename(log.path.with_suffix(".log.1"))
    log.restart(position)
    (chunk,) = log.chunks()
    assert (chunk.frames, chunk.live) == ((b"b",), False)
    log.write(b"c\n")
    assert log.read() == [b"c"]


def test_a_position_waits_for_its_file(log: FollowedLog) -> None:
    log.write(b"a\n")
    log.read()
    away = log.path.with_suffix(".away") / "train.log"
    away.parent.mkdir()
    log.path.rename(away)
    looked = log.now
    log.restart()
    assert log.read() == []
    assert (log.problem(), log.tail.caught_up) == ("no such file", True)
    away.rename(log.path)
    log.write(b"b\n")
    (chunk,) = log.chunks()
    assert (chunk.frames, chunk.live, chunk.written_after) == ((b"b",), False, looked)
