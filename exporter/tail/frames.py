"""Bytes in, frames out: cuts blocks at LF, keeps the last redraw of a line, takes escape sequences out.

A frame is what ends in LF. Of a line that is redrawn with CR the last redraw that shows something is the frame; a CR
just before the LF is only a CRLF. Backspaces and invalid UTF-8 stay. The frames are the same for any cutting of the
bytes into blocks. Plain text goes through whole-block operations only; memory is bounded whatever the bytes are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

MAX_LINE_BYTES: Final = 1 << 20
"""A longer line or redraw is cut, its rest skipped. The longest of 160 real logs has 65 kB, with all its redraws."""

# `\x1b[01;32m`, `\x1b]2;640/6000: loss=1.3\x07`, `\x1b(B`. It never reaches over a CR or LF, so that a block and its
# lines lose the same bytes. A string without its end (BEL, ST or the next ESC) loses only its head: what follows may
# be a line that somebody waits for.
_ESCAPE: Final = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]?"
    rb"|[]PX^_][^\x07\x1b\r\n]*(?:\x07|\x1b\\|(?=\x1b))"
    rb"|[]PX^_](?:[0-9]+;)?"
    rb"|[ -/]*[0-~]?)"
)


class Framer:
    """Cuts blocks into frames; of the line that has not ended yet it holds two redraws, of at most `limit` bytes."""

    __slots__ = ("_limit", "_open", "_redraw")

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        self._limit = limit
        self._open = bytearray()
        """The redraw that has not ended yet, as read."""
        self._redraw: bytes | None = None
        """The one to show of those that have, cleaned; None before the first CR of the line."""

    @property
    def is_open(self) -> bool:
        """Whether a line has begun that has not ended."""
        return bool(self._open) or self._redraw is not None

    @property
    def is_redrawn(self) -> bool:
        """Whether the open line is a progress bar at work: it came with a CR or a backspace."""
        return self._redraw is not None or b"\b" in self._open

    def push(self, block: bytes) -> list[bytes]:
        """The frames that end in the block, which is no longer than the limit; its rest is held."""
        end = block.rfind(b"\n") + 1
        if end == 0:
            self._hold(block)
            return []
        frames: list[bytes] = []
        start = 0
        if self.is_open:
            start = block.index(b"\n") + 1
            self._hold(block[: start - 1])
            frames.append(self.close())
        frames += _lines(block[start:end])
        self._hold(block[end:])
        return frames

    def close(self) -> bytes:
        """Ends the open line here; its frame."""
        last = _clean(bytes(self._open))
        if self._redraw is not None:
            last = _shown((self._redraw, last)) if last else self._redraw
        self._open.clear()
        self._redraw = None
        return last

    def _hold(self, piece: bytes) -> None:
        if b"\0" in piece:
            piece = piece.replace(b"\0", b"")
        before, redrawn, last = piece.rpartition(b"\r")
        if redrawn:
            ended = [_clean(part[: self._limit]) for part in (bytes(self._open) + before).split(b"\r")]
            self._redraw = _shown(ended if self._redraw is None else (self._redraw, *ended))
            self._open.clear()
        self._open += last[: self._limit - len(self._open)]


def _lines(text: bytes) -> list[bytes]:
    """The frames of whole lines."""
    text = _clean(text)
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    lines = text.split(b"\n")
    lines.pop()
    if b"\r" in text:
        lines = [_shown(line.split(b"\r")) if b"\r" in line else line for line in lines]
    return lines


def _clean(text: bytes) -> bytes:
    """Without escape sequences, and without the NULs of the hole that truncation leaves under a writer's offset."""
    if b"\0" in text:
        text = text.replace(b"\0", b"")
    return _ESCAPE.sub(b"", text) if b"\x1b" in text else text


def _shown(redraws: Sequence[bytes]) -> bytes:
    """The last redraw that is not blank: a bar is blanked when it is done; of blank ones the last."""
    return next((redraw for redraw in reversed(redraws) if redraw and not redraw.isspace()), redraws[-1])
