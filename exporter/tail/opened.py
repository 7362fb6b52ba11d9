"""One open file, read forward: blocks from the descriptor, frames with their offsets and line numbers out.

Knows an inode and nothing of paths. What it says of its position is always exactly what it has given.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import stat
from pathlib import Path
from typing import Final, NamedTuple

from .frames import Framer
from .position import MARK_BYTES, Position, is_unchanged


class Frames(NamedTuple):
    """Frames in order; where the first begins, in bytes, and its number from 1."""

    offset: int
    line: int
    frames: tuple[bytes, ...]


RESERVED_DESCRIPTORS: Final = 32
"""Left to the server, the state and the receivers when there are more logs than a process may open."""


class OpenFile:
    """A descriptor and how far it was read (`offset`) and given (`position`). Every method may raise OSError."""

    __slots__ = (
        "_framer",
        "_given",
        "_given_seam",
        "_line",
        "_prefix",
        "_seam",
        "_skips",
        "descriptor",
        "device",
        "inode",
        "is_continued",
        "offset",
    )

    def __init__(self, path: str) -> None:
        # Not blocking: a FIFO may have taken the file's place, and opening one waits for its writer.
        self.descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        if _is_reserved(self.descriptor):
            self.close()
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        status = os.fstat(self.descriptor)
        if not stat.S_ISREG(status.st_mode):
            self.close()
            raise OSError(0, "not a regular file")
        self.device = status.st_dev
        self.inode = status.st_ino
        self.is_continued = False
        """Whether the writer ever continued a line that was given before its end: it writes lines in pieces."""
        self.rewind()

    def close(self) -> None:
        """Gives the descriptor back."""
        os.close(self.descriptor)

    def rewind(self) -> None:
        """Begins again at the head; an open line is forgotten."""
        self.offset = 0
        self._given = 0
        self._line = 1
        self._skips = False
        self._prefix = self._seam = self._given_seam = b""
        self._framer = Framer()

    def resume(self, position: Position) -> bool:
        """Goes to the position if this file is the one it speaks of, else stays at the head; whether it is."""
        if (self.device, self.inode) != (position.device, position.inode) or not is_unchanged(
            self.descriptor, position.prefix, position.seam, position.offset
        ):
            return False
        self.offset = self._given = position.offset
        self._line = position.line
        self._skips = position.line_given
        self._prefix = position.prefix
        self._seam = self._given_seam = position.seam
        return True

    def position(self, at: float | None) -> Position:
        """How far it was given."""
        return Position(
            device=self.device,
            inode=self.inode,
            offset=self._given,
            line=self._line,
            line_given=self._skips,
            prefix=self._prefix[: self._given],
            seam=self._given_seam,
            at=at,
        )

    @property
    def size(self) -> int:
        """What it holds now, in bytes."""
        return os.fstat(self.descriptor).st_size

    def is_at(self, status: os.stat_result) -> bool:
        """Whether a `stat` of a path found this file."""
        return (status.st_dev, status.st_ino) == (self.device, self.inode)

    @property
    def has_open_line(self) -> bool:
        """Whether it was read into a line that has not ended and was not given."""
        return self._framer.is_open

    @property
    def is_redrawn(self) -> bool:
        """Whether that line is a progress bar at work."""
        return self._framer.is_redrawn

    def is_rewritten(self) -> bool:
        """Whether this is not any more what was read, but truncated or written anew."""
        return not is_unchanged(self.descriptor, self._prefix, self._seam, self.offset)

    def advance(self, limit: int) -> Frames | None:
        """Reads `limit` bytes on; the frames that end in them, maybe none. None: there is nothing left to read."""
        block = os.pread(self.descriptor, limit, self.offset)
        if not block:
            return None
        before = self._seam
        self._seam = _last(before, block, len(block))
        if len(self._prefix) < MARK_BYTES:
            self._prefix = (self._prefix + block[:MARK_BYTES])[:MARK_BYTES]
        base = self.offset
        self.offset += len(block)
        skipped = self._skip(block) if self._skips else 0
        frames = tuple(self._framer.push(block[skipped:]))
        given = Frames(base + skipped if skipped else self._given, self._line, frames)
        end = block.rfind(b"\n") + 1
        if end:
            self._given = base + end
            self._given_seam = _last(before, block, end)
        self._line += len(frames)
        return given

    def give_open_line(self) -> Frames | None:
        """The open line as it is, as a frame; None if there is none. What continues it later is no new frame."""
        if not self._framer.is_open:
            return None
        given = Frames(self._given, self._line, (self._framer.close(),))
        self._given = self.offset
        self._given_seam = self._seam
        self._line += 1
        self._skips = True
        return given

    def _skip(self, block: bytes) -> int:
        """How many bytes of the block still belong to the line that was given, its LF included."""
        end = block.find(b"\n") + 1
        rest = block[: end or len(block)]
        self.is_continued = self.is_continued or not rest.isspace()
        self._skips = not end
        return len(rest)


def _is_reserved(descriptor: int) -> bool:
    """Whether it is among the last that a process gets: the system gives the lowest free one."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return limit != resource.RLIM_INFINITY and descriptor >= limit - min(RESERVED_DESCRIPTORS, limit // 2)


def resumed(path: str, position: Position) -> OpenFile | None:
    """The file that the position speaks of, at that position: at the path, or renamed beside it. None: it is gone.

    Raises OSError where the path itself is there and cannot be read.
    """
    with contextlib.suppress(FileNotFoundError):
        if file := _resumed(path, position):
            return file
    with contextlib.suppress(OSError), os.scandir(Path(path).parent) as entries:
        for entry in entries:
            if entry.inode() == position.inode and (file := _resumed(entry.path, position)):
                return file
    return None


def _resumed(path: str, position: Position) -> OpenFile | None:
    file = OpenFile(path)
    try:
        if file.resume(position):
            return file
    except OSError:
        file.close()
        raise
    file.close()
    return None


def _last(before: bytes, block: bytes, end: int) -> bytes:
    """The last `MARK_BYTES` up to `end` of the block, which came after `before`."""
    return (before + block[max(0, end - MARK_BYTES) : end])[-MARK_BYTES:]
