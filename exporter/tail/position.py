"""How far a file was given, as plain values that can be stored, and whether a file is still the one it speaks of."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

MARK_BYTES: Final = 256
"""How much of a file is remembered from its head and from just before an offset: several lines of any log.

The head alone does not tell two runs of one program apart (a configuration dump), the bytes before the offset do.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Everything before `offset` was given, nothing after it. Plain values, to be stored with what was made of them."""

    device: int
    inode: int
    offset: int
    """In bytes: where the next frame begins, or the end of the open line that was given already."""
    line: int
    """The number of the next frame, from 1."""
    line_given: bool
    """Whether `offset` lies in a line that was given before its end: what continues it up to LF is no new frame."""
    prefix: bytes
    """The first bytes of the file, at most `MARK_BYTES` and none after `offset`."""
    seam: bytes
    """The last bytes before `offset`, at most `MARK_BYTES`."""
    at: float | None
    """No line after `offset` had ended yet at this time, in Unix seconds. None: it may be of any age."""


def is_unchanged(descriptor: int, prefix: bytes, seam: bytes, offset: int) -> bool:
    """Whether the open file still has these bytes at its head and just before the offset: not where it is shorter.

    Raises:
        OSError: it cannot be read.
    """
    return (
        os.pread(descriptor, len(prefix), 0) == prefix and os.pread(descriptor, len(seam), offset - len(seam)) == seam
    )
