"""One source: its tail, its format, its state, advanced together and stored together."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from ..checkpoints import Checkpoint
from ..discovery import shown
from ..formats import AnyFormat, Decoded, DecoderState, decode, dump_state, load_state
from ..model import Chunk, LineCounts, LogHealth, RunState, SourcePath
from ..runs import reduce, settle
from ..tail import Position, Tail

LAST_LINES: Final = 40
"""Kept of each log, for the message about a failed run."""

CHUNK_BYTES: Final = 128 * 1024
"""At once: smaller costs speed, larger memory; benchmarks/README.md."""

_encode = msgspec.msgpack.encode


class Follower:
    """Reads one source from where the checkpoint says, else from its head. Used by one thread.

    A `forced` format that is not the checkpoint's makes the checkpoint void.
    """

    def __init__(
        self, path: SourcePath, formats: tuple[AnyFormat, ...], checkpoint: Checkpoint | None, forced: str | None = None
    ) -> None:
        self.path = path
        self.settled = False
        """Whether what lay there when it was first read has been read."""
        self._formats = formats
        self._forced = forced
        restored = _restore(checkpoint, formats, forced)
        self.decoder = DecoderState(format=forced) if restored is None else restored.decoder
        self.state = None if restored is None else restored.state
        self.tail = Tail(path, chunk_bytes=CHUNK_BYTES, position=None if restored is None else restored.position)
        self._last_lines: deque[bytes] = deque(maxlen=LAST_LINES)

    @property
    def framework(self) -> str:
        """What writes the log; empty while no line was recognised."""
        return "" if self._format is None else self._format.framework

    @property
    def is_recognised(self) -> bool:
        """Whether it is a log by its content: a format claims it, or the forced one gets a value from it."""
        return self._format is not None and (self._forced is None or bool(self.state and self.state.lines.parsed))

    @property
    def rank(self) -> int:
        """Of the format, among the sources of a run; behind all others while no line was recognised."""
        return sys.maxsize if self._format is None else self._format.rank

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The end of the log as text, oldest first, as far as this process read it."""
        return tuple(frame.decode(errors="replace") for frame in tuple(self._last_lines))

    def advance(self, now: float) -> Iterator[Decoded]:
        """Takes in what was written, chunk by chunk; at each yield position and state belong together."""
        for chunk in self.tail.read(now):
            yield self._take(chunk)

    def take_in(self, now: float, limit: int) -> bool:
        """Takes in at most about `limit` bytes; whether there was anything.

        A last line that is given because its writer rests adds no bytes.
        """
        grew, end = False, self.tail.bytes_read + limit
        for _ in self.advance(now):
            grew = True
            if self.tail.bytes_read >= end:
                break
        if self.tail.caught_up and not self.settled:
            self.state = settle(self.state, now)
            self.settled = grew = True
        return grew

    def flush(self, now: float) -> Iterator[Decoded]:
        """Takes in a last line that has no end yet."""
        for chunk in self.tail.flush(now):
            yield self._take(chunk)

    def checkpoint(self) -> Checkpoint | None:
        """What to store; None while there is nothing."""
        position = self.tail.position()
        if position is None:
            return None
        return Checkpoint(
            path=self.path,
            position=_encode(position),
            decoder=dump_state(self.decoder),
            run=_encode(self.state),
        )

    def health(self) -> LogHealth:
        """How the reading goes."""
        return LogHealth(
            path=shown(self.path),
            readable=self.tail.problem is None,
            bytes_read=self.tail.bytes_read,
            lag_bytes=self.tail.lag_bytes,
            rotations=self.tail.rotations,
            lines=self.state.lines if self.state is not None else LineCounts(),
        )

    @property
    def _format(self) -> AnyFormat | None:
        return next((each for each in self._formats if each.name == self.decoder.format), None)

    def _take(self, chunk: Chunk) -> Decoded:
        decoded, self.decoder = decode(chunk, self.decoder, self._formats)
        self.state = reduce(self.state, decoded, chunk)
        self._last_lines.extend(chunk.frames[-LAST_LINES:])
        return decoded


@dataclass(frozen=True, slots=True)
class _Restored:
    position: Position
    decoder: DecoderState
    state: RunState | None


def _restore(checkpoint: Checkpoint | None, formats: tuple[AnyFormat, ...], forced: str | None) -> _Restored | None:
    if checkpoint is None:
        return None
    try:
        decoder = load_state(checkpoint.decoder, formats)
        if forced not in {None, decoder.format}:
            return None
        return _Restored(
            msgspec.msgpack.decode(checkpoint.position, type=Position),
            decoder,
            msgspec.msgpack.decode(checkpoint.run, type=RunState | None),
        )
    except (msgspec.DecodeError, ValueError):
        # Written by other code under the same version: as if it were not there, the log is read from its head.
        return None
