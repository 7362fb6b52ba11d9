"""A path in, perpetual chunks of whole frames out: each line once, whatever happens to the file behind the path.

The descriptor stays open, so that what was renamed or deleted is read to its end before the new file begins, and so
that the inode cannot be given to another file meanwhile. A look that finds nothing new costs one `stat`.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from ..model import Chunk, SourcePath
from .frames import MAX_LINE_BYTES
from .opened import Frames, OpenFile, resumed
from .position import Position

QUIET_S: Final = 5.0
"""A last line without LF is given when the file did not change for so long: a line is written in one go."""

_WRITER_BLOCK_BYTES: Final = 4096
"""An end at a multiple of it is a writer's full buffer, not the end of a line (glibc's stdio: `st_blksize`)."""

_MTIME_SLACK_S: Final = 2.0
"""How far a modification time may lag behind the clock: the coarsest file systems count in two seconds (FAT)."""

_MISSING: Final = "no such file"

_Key: TypeAlias = tuple[int, int, int, int]
"""Device, inode, size, modification time in ns: unlike where a file changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A file as one look found it: what is to be read because of it, and what is known of the age of that."""

    key: _Key
    size: int
    modified_at: float
    at: float
    written_after: float | None
    live: bool
    is_last: bool
    """Whether no other file was waiting at the path."""


class Tail:
    """Follows one path, from the head or from a stored position. Every `now` is in Unix seconds.

    A last line without LF is held back until the file was quiet for `QUIET_S`, or until `flush`. Then it is given as
    it is, and what continues it later is skipped up to its LF: the line counts once. A line that is likely to be
    continued waits for its LF or `flush`: a bar at work (CR, backspace), one that ends where a writer's buffer was
    full, and any of a writer that once continued such a line.
    """

    def __init__(self, path: SourcePath, *, position: Position | None = None, chunk_bytes: int = 256 * 1024) -> None:
        self.path = path
        self.problem: str | None = None
        """Why the path cannot be read now, such as `permission denied`; None: it can."""
        self.modified_at: float | None = None
        """When the file was last written, in Unix seconds; None before there was one."""
        self.bytes_read = 0
        self.rotations = 0
        """How often the file was rotated, truncated, replaced or made again."""
        self._chunk_bytes = min(chunk_bytes, MAX_LINE_BYTES)
        self._stored = position
        self._files: list[OpenFile] = []
        """What is read, and after it what has taken its place, which waits until something is written to it."""
        self._look: _Look | None = None
        self._seen: _Key | None = None
        """What a look at the path finds while nothing changes."""
        self._caught_up = False
        self._end_seen_at = position.at if position else None
        """When everything that lay at the path had been given."""

    @property
    def caught_up(self) -> bool:
        """Whether nothing is left to wait for of what lay there at start: it was given, or it cannot be read now."""
        return self._caught_up or self.problem is not None

    @property
    def lag_bytes(self) -> int:
        """What was there at the last look and is not read yet."""
        return max(0, self._look.size - self._files[0].offset) if self._look and self._files else 0

    def position(self) -> Position | None:
        """Describes exactly what was yielded so far, to be stored together with what was made of it.

        None: no file; what comes is read from its head.
        """
        if not self._files:
            return self._stored
        return self._files[0].position(self._end_seen_at)

    def read(self, now: float) -> Iterator[Chunk]:
        """Yields what there is to read, to the end of the file as of now. Never blocks, never raises on I/O trouble.

        Trouble is told in `problem` and tried again next time; a read that is not taken to its end is continued.
        """
        try:
            there = self._stat()
            if there is not None and _key(there) == self._seen:
                self._end_seen_at = now
            else:
                yield from self._catch_up(there, now)
            if self._is_line_over(now):
                yield from self._give_open_line(now)
        except OSError as error:
            self.problem = _reason(error)

    def flush(self, now: float) -> Iterator[Chunk]:
        """Reads to the end and gives the open last line too. For a log that ends, not for a program that stops."""
        yield from self.read(now)
        yield from self._give_open_line(now)

    def close(self) -> None:
        """Gives the descriptors back, and forgets the position."""
        while self._files:
            self._files.pop().close()
        self._look = self._seen = None

    def _stat(self) -> os.stat_result | None:
        """The regular file at the path, if there is one."""
        try:
            status = os.stat(self.path)  # noqa: PTH116 - a Path would cost more than the stat
        except OSError as error:
            self.problem = _reason(error)
            return None
        if stat.S_ISREG(status.st_mode):
            self.problem = None
            return status
        self.problem = "is a folder, not a file" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        return None

    def _catch_up(self, there: os.stat_result | None, now: float) -> Iterator[Chunk]:
        """Reads the open files in turn: one to its end, then the one that took its place."""
        self._open(there)
        if not self._files and self.problem == _MISSING:
            self._end_seen_at = now
            self._caught_up = True
        while self._files:
            file, *successors = self._files
            begun = len(successors) > 1 or any(successor.size for successor in successors)
            own = os.fstat(file.descriptor)  # After that: a writer that has begun the next file is done with this one.
            over = begun or own.st_nlink == 0
            yield from self._follow(file, own, now, is_last=not (over and successors))
            if not over:
                return
            yield from self._give_open_line(now)
            self._files.pop(0).close()
            self._look = self._seen = None

    def _open(self, there: os.stat_result | None) -> None:
        """Opens what lies at the path where it is not open yet; what a stored position speaks of goes before it."""
        try:
            if self._stored is not None and (file := resumed(self.path, self._stored)):
                self._files.append(file)
                self._end_seen_at = self._stored.at
                self._caught_up = False
            if there is None and not self._files:
                return  # The file of the position may yet come: a file system that is mounted later.
            self._stored = None
            if there is not None and not (self._files and self._files[-1].is_at(there)):
                self._files.append(OpenFile(self.path))
                self.rotations += len(self._files) > 1 or self.modified_at is not None
        except OSError as error:
            self.problem = _reason(error)

    def _follow(self, file: OpenFile, status: os.stat_result, now: float, *, is_last: bool) -> Iterator[Chunk]:
        """Reads the open file up to the size it has now."""
        if _key(status) == self._seen:
            self._end_seen_at = now if is_last else self._end_seen_at
            return
        if file.is_rewritten():
            yield from self._give_open_line(now)
            file.rewind()
            self.rotations += 1
        elif self._look is not None:
            yield from self._drain(file, self._look, now)
        self.modified_at = status.st_mtime
        after = self._end_seen_at
        # What begins anew but was written before the last look was moved here: it may be of any age.
        is_old = file.offset == 0 and after is not None and status.st_mtime < after - _MTIME_SLACK_S
        self._look = _Look(
            key=_key(status),
            size=status.st_size,
            modified_at=status.st_mtime,
            at=now,
            written_after=None if is_old else after,
            live=self._caught_up and not is_old,
            is_last=is_last,
        )
        yield from self._drain(file, self._look, now)

    def _drain(self, file: OpenFile, look: _Look, now: float) -> Iterator[Chunk]:
        """Reads what is left of a look; not beyond it, where the age of the bytes is unknown."""
        while file.offset < look.size:
            before = file.offset
            given = file.advance(min(self._chunk_bytes, look.size - before))
            if given is None:
                return  # Truncated since the look: the next one finds it.
            self.bytes_read += file.offset - before
            if given.frames:
                yield self._chunk(given, look, now)
        if look.is_last and self._seen != look.key:
            self._seen = look.key
            self._end_seen_at = look.at
            self._caught_up = True

    def _is_line_over(self, now: float) -> bool:
        if not self._files or (look := self._look) is None:
            return False
        file = self._files[0]
        if not file.has_open_line or file.offset < look.size:
            return False
        if file.is_redrawn or file.is_continued or file.offset % _WRITER_BLOCK_BYTES == 0:
            return False
        # Live, the clock of the file system is not asked: it may be another machine's.
        return now - (look.at if look.live else look.modified_at) >= QUIET_S

    def _give_open_line(self, now: float) -> Iterator[Chunk]:
        if self._files and self._look is not None and (given := self._files[0].give_open_line()) is not None:
            yield self._chunk(given, self._look, now)

    def _chunk(self, given: Frames, look: _Look, now: float) -> Chunk:
        after = look.written_after
        return Chunk(
            source=self.path,
            offset=given.offset,
            line=given.line,
            frames=given.frames,
            read_at=now,
            written_after=after,
            # The kernel stamps files with the time of its last tick: not before what was seen later than that.
            written_before=min(now, look.modified_at if after is None else max(after, look.modified_at)),
            live=look.live,
        )


def _key(status: os.stat_result) -> _Key:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _reason(error: OSError) -> str:
    """What is wrong, in the system's words, and what to do where it is not the file's fault."""
    if error.errno in {errno.EMFILE, errno.ENFILE}:
        return "too many open files: raise the limit (ulimit -n, LimitNOFILE=) or follow fewer logs"
    return _MISSING if isinstance(error, FileNotFoundError) else (error.strerror or "cannot be read").lower()
