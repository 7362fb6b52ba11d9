"""Whatever a writer and its log rotation do, and whenever the reader is killed: each line comes exactly once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from exporter.model import Chunk, SourcePath
from exporter.tail import Framer, Position, Tail
from tests.support.followed_log import START


class Change(Enum):
    """What happens to the file before the writer goes on."""

    NOTHING = auto()
    ROTATED = auto()
    TRUNCATED = auto()
    DELETED = auto()
    REPLACED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    unread: tuple[bytes, ...]
    """Written just before the change, so that only the old file can still show it."""
    change: Change
    text: tuple[bytes, ...]
    seconds: float
    killed_after: int | None
    """How many chunks the reader commits before it is killed; None: it lives."""


PIECES = st.lists(st.sampled_from([b"x", b"y" * 30, b"\n", b" loss: 1.5\n", b" loss: 1.5\r\n"]), max_size=6).map(tuple)
STEPS = st.lists(
    st.builds(
        Step,
        unread=PIECES,
        change=st.sampled_from(Change),
        text=PIECES,
        seconds=st.sampled_from([0.5, 3.0, 10.0]),
        killed_after=st.none() | st.integers(0, 3),
    ),
    max_size=12,
)


class Writer:
    """Writes lines that begin with their number, and knows which must come."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[bytes] = []
        self.is_open = False
        self.rotations = 0

    def write(self, pieces: tuple[bytes, ...], now: float) -> None:
        for piece in pieces:
            head = b"" if self.is_open else b"<%04d>" % len(self.lines)
            if head:
                self.lines.append(b"")
            self.lines[-1] += head + piece.rstrip(b"\r\n")
            self.is_open = not piece.endswith(b"\n")
            with self.path.open("ab") as file:
                file.write(head + piece)
            os.utime(self.path, (now, now))

    def change(self, change: Change) -> None:
        if change is not Change.NOTHING:
            self.is_open = False
        if change is Change.ROTATED:
            self.rotations += 1
            self.path.rename(self.path.with_suffix(f".{self.rotations}"))
        elif change is Change.TRUNCATED:
            self.path.write_bytes(b"")
        elif change is Change.DELETED:
            self.path.unlink()
        elif change is Change.REPLACED:
            other = self.path.with_suffix(".new")
            other.touch()
            other.replace(self.path)


class Reader:
    """Commits the frames of each chunk together with the position, as a transaction does."""

    def __init__(self, path: Path) -> None:
        self.path = SourcePath(str(path))
        self.committed: list[bytes] = []
        self.position: Position | None = None
        self.tail = Tail(self.path, chunk_bytes=16)

    def read(self, now: float, *, killed_after: int | None = None) -> None:
        """Killed, it has taken one chunk more than it committed."""
        for count, chunk in enumerate(self.tail.read(now)):
            if count == killed_after:
                break
            self.commit(chunk)
        if killed_after is None:
            self.position = self.tail.position()
        else:
            self.tail.close()
            self.tail = Tail(self.path, position=self.position, chunk_bytes=16)

    def has_position_in(self, path: Path) -> bool:
        return self.position is not None and self.position.inode == path.stat().st_ino

    def finish(self, now: float) -> None:
        for chunk in self.tail.flush(now):
            self.commit(chunk)

    def commit(self, chunk: Chunk) -> None:
        self.committed += chunk.frames
        self.position = self.tail.position()


@contextmanager
def on_disk() -> Iterator[tuple[Writer, Reader]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "train.log"
        path.touch()
        reader = Reader(path)
        reader.read(START)
        yield Writer(path), reader
        reader.tail.close()


@given(steps=STEPS)
def test_each_line_comes_exactly_once(steps: list[Step]) -> None:
    now = START
    with on_disk() as (writer, reader):
        for step in steps:
            now += step.seconds
            if not writer.path.exists():
                writer.path.touch()
                reader.read(now)
            survives = step.change in {Change.NOTHING, Change.ROTATED}
            # Nobody can read again what is gone: then the reader must live to give its open line. And a position leads
            # to its own file and to the one at the path, not to one that both came and went after it.
            can_resume = reader.has_position_in(writer.path) if survives else not writer.is_open
            killed_after = step.killed_after if can_resume else None
            writer.write(step.unread if survives else (), now)
            writer.change(step.change)
            writer.write(step.text, now)
            reader.read(now, killed_after=killed_after)
            reader.read(now)
        reader.finish(now + 1)
    assert [frame[:6] for frame in reader.committed] == [line[:6] for line in writer.lines]
    # A line that was given open is as long as it was then.
    assert all(line.startswith(frame) for frame, line in zip(reader.committed, writer.lines, strict=True))


@given(text=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=8), chunk_bytes=st.integers(1, 64))
def test_any_cutting_of_what_is_appended_gives_the_same_frames(text: bytes, cuts: list[int], chunk_bytes: int) -> None:
    whole = Framer().push(text)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "train.log"
        tail = Tail(SourcePath(str(path)), chunk_bytes=chunk_bytes)
        frames: list[bytes] = []
        for start, end in pairwise([0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]):
            with path.open("ab") as file:
                file.write(text[start:end])
            frames += [frame for chunk in tail.read(START) for frame in chunk.frames]
        tail.close()
    assert frames == whole
