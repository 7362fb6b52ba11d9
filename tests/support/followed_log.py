"""A log on disk, what writes it and what follows it; and being somebody without permissions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from exporter.model import Chunk, SourcePath
from exporter.tail import Position, Tail

START = 1_700_000_000.0
"""When the tests begin, in Unix seconds."""


class FollowedLog:
    """A log, what writes it and what follows it, on one clock that only `later` moves."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = START
        self.tail = Tail(SourcePath(str(path)))

    def problem(self) -> str | None:
        return self.tail.problem

    def later(self, seconds: float = 1.0) -> None:
        self.now += seconds

    def write(self, text: bytes, mode: str = "ab") -> None:
        with self.path.open(mode) as file:
            file.write(text)
        os.utime(self.path, (self.now, self.now))

    def chunks(self) -> list[Chunk]:
        self.later()
        return list(self.tail.read(self.now))

    def read(self) -> list[bytes]:
        return frames(self.chunks())

    def held(self) -> list[str]:
        """The files of the log that are open."""
        files = [os.path.realpath(descriptor) for descriptor in Path("/proc/self/fd").iterdir()]
        return [file for file in files if file.startswith(str(self.path.with_suffix("")))]

    def flush(self) -> list[bytes]:
        self.later()
        return frames(self.tail.flush(self.now))

    def restart(self, position: Position | None = None) -> None:
        """As after a kill: what is not in the position is lost."""
        position = position or self.tail.position()
        self.tail.close()
        self.tail = Tail(self.tail.path, position=position)


def frames(chunks: Iterable[Chunk]) -> list[bytes]:
    return [frame for chunk in chunks for frame in chunk.frames]


@contextmanager
def unprivileged() -> Iterator[None]:
    """As somebody who is refused what permissions refuse, also where the tests run as root."""
    user = os.geteuid()
    os.seteuid(65534 if user == 0 else user)
    try:
        yield
    finally:
        os.seteuid(user)
