"""Rotated, truncated, replaced, deleted and made again: the old file to its end, the new one from its head."""

from __future__ import annotations

import os

from tests.support.followed_log import FollowedLog, frames


def test_a_renamed_file_is_read_to_its_end_before_the_new_one(log: FollowedLog) -> None:
    log.write(b"a\n")
    log.read()
    log.write(b"b\nc")
    log.path.rename(log.path.with_suffix(".1"))
    log.write(b"d\n")
    chunks = log.chunks()
    assert frames(chunks) == [b"b", b"c", b"d"]
    assert (chunks[-1].offset, chunks[-1].line) == (0, 1)
    assert log.tail.rotations == 1


def test_a_writer_that_still_has_the_renamed_file_is_followed(log: FollowedLog) -> None:
    log.write(b"a\n")
    log.read()
    with log.path.open("ab") as writer:
        log.path.rename(log.path.with_suffix(".1"))
        writer.write(b"b\n")
        writer.flush()
        assert log.read() == [b"b"]
        assert log.problem() == "no such file"
        log.write(b"")
        assert log.read() == []
        assert log.problem() is None
        writer.write(b"c\n")
        writer.flush()
        assert log.read() == [b"c"]
    log.write(b"d\n")
    assert log.read() == [b"d"]
    assert log.tail.rotations == 1


def test_rotations_of_empty_files_keep_no_descriptors(log: FollowedLog) -> None:
    for count in range(10):
        log.write(b"")
        log.read()
        log.path.rename(log.path.with_suffix(f".{count}"))
    log.write(b"a\n")
    assert len(log.held()) <= 2
    assert log.read() == [b"a"]
    assert len(log.held()) == 1


def test_a_truncated_file_is_read_from_its_head(log: FollowedLog) -> None:
    log.write(b"a\nb\n")
    log.read()
    log.write(b"c\n", "wb")
    assert log.read() == [b"c"]
    assert log.tail.rotations == 1


def test_a_truncated_file_that_has_grown_beyond_its_old_size_is_read_from_its_head(log: FollowedLog) -> None:
    log.write(b"a\nb\n")
    log.read()
    log.write(b"c\nd\ne\nf\n", "wb")
    assert log.read() == [b"c", b"d", b"e", b"f"]


def test_a_file_rewritten_behind_an_equal_head_is_read_from_its_head(log: FollowedLog) -> None:
    header = b"config\n" * 100
    log.write(header + b"iter: 1\n")
    log.read()
    log.write(header + b"iter: 2\niter: 3\n", "wb")
    assert log.read()[100:] == [b"iter: 2", b"iter: 3"]


def test_a_file_rewritten_with_an_equal_end_is_read_from_its_head(log: FollowedLog) -> None:
    log.write(b"run 1\n" + b"step\n" * 100)
    log.read()
    log.write(b"run 2\n" + b"step\n" * 101, "wb")
    assert log.read() == [b"run 2"] + [b"step"] * 101


def test_an_open_line_that_truncation_cut_off_is_given(log: FollowedLog) -> None:
    log.write(b"a\nb")
    assert log.read() == [b"a"]
    log.write(b"", "wb")
    assert log.read() == [b"b"]
    log.write(b"c\n")
    assert log.read() == [b"c"]


def test_a_writer_that_keeps_its_offset_across_truncation_leaves_no_hole_in_its_line(log: FollowedLog) -> None:
    with log.path.open("wb", buffering=0) as writer:
        writer.write(b"a\n" * 10_000)
        log.read()
        os.truncate(log.path, 0)
        writer.write(b"b\n")
        assert log.path.read_bytes() == b"\0" * 20_000 + b"b\n"
        assert log.read() == [b"b"]


def test_a_file_that_is_deleted_and_made_again_is_read_from_its_head(log: FollowedLog) -> None:
    log.write(b"a\nb")
    log.read()
    log.path.unlink()
    assert log.read() == [b"b"]
    assert log.problem() == "no such file"
    assert (log.tail.position(), log.tail.rotations) == (None, 0)
    log.write(b"a\nc\n")
    assert log.read() == [b"a", b"c"]
    assert (log.problem(), log.tail.rotations) == (None, 1)


def test_a_file_that_is_deleted_and_made_again_between_two_reads_loses_nothing(log: FollowedLog) -> None:
    log.write(b"a\n")
    log.read()
    log.write(b"b\n")
    log.path.unlink()
    log.write(b"c\n")
    assert log.read() == [b"b", b"c"]


def test_a_deleted_file_is_let_go(log: FollowedLog) -> None:
    log.write(b"a\n")
    log.read()
    log.path.unlink()
    log.read()
    assert log.held() == []


def test_a_file_put_in_the_place_of_another_is_read_from_its_head(log: FollowedLog) -> None:
    log.write(b"a\nb\n")
    log.read()
    other = log.path.with_suffix(".new")
    other.write_bytes(b"a\nb\nc\n")
    other.replace(log.path)
    assert log.read() == [b"a", b"b", b"c"]
