"""What cannot be read is a state with a reason, and is read as soon as it can be."""

from __future__ import annotations

import os
import resource

from tests.support.followed_log import FollowedLog, unprivileged


def test_a_file_may_appear_later(log: FollowedLog) -> None:
    assert log.read() == []
    assert (log.problem(), log.tail.caught_up, log.tail.position()) == ("no such file", True, None)
    log.write(b"a\n")
    (chunk,) = log.chunks()
    assert (chunk.frames, chunk.live) == ((b"a",), True)
    assert (chunk.written_after, chunk.written_before) == (log.now - 1, log.now - 1)
    assert log.problem() is None


def test_a_folder_is_a_problem_until_a_file_takes_its_place(log: FollowedLog) -> None:
    log.path.mkdir()
    assert log.read() == []
    assert (log.problem(), log.tail.caught_up) == ("is a folder, not a file", True)
    log.path.rmdir()
    log.write(b"a\n")
    assert log.read() == [b"a"]
    assert log.problem() is None


def test_a_fifo_is_a_problem_and_does_not_block(log: FollowedLog) -> None:
    os.mkfifo(log.path)
    assert log.read() == []
    assert log.problem() == "not a regular file"


def test_a_loop_of_links_is_a_problem(log: FollowedLog) -> None:
    log.path.symlink_to(log.path)
    assert log.read() == []
    assert log.problem() == "too many levels of symbolic links"


def test_a_file_without_permission_is_a_problem_until_it_has_it(log: FollowedLog) -> None:
    log.write(b"a\n")
    log.path.chmod(0)
    with unprivileged():
        assert log.read() == []
    assert (log.problem(), log.tail.caught_up) == ("permission denied", True)
    log.path.chmod(0o600)
    (chunk,) = log.chunks()
    assert (chunk.frames, chunk.live, chunk.written_after) == ((b"a",), False, None)
    assert log.problem() is None


def test_a_file_that_no_descriptor_is_left_for_says_what_to_do_and_is_read_later(log: FollowedLog) -> None:
    log.write(b"a\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        assert log.read() == []
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert log.problem() == "too many open files: raise the limit (ulimit -n, LimitNOFILE=) or follow fewer logs"
    assert log.read() == [b"a"]
    assert log.problem() is None
