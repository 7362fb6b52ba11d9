"""Turns a path into perpetual chunks of whole frames, each line exactly once.

Appended, rotated (rename and create), truncated, replaced, deleted and made again, missing until later: the path looks
like one source that never ends. A process that stores `position()` together with what it made of the chunks so far goes
on from there after any kill. Lines are cut beyond `MAX_LINE_BYTES`, so memory is bounded whatever is written.
"""

from .file import QUIET_S, Tail
from .frames import MAX_LINE_BYTES, Framer
from .position import Position

__all__ = ["MAX_LINE_BYTES", "QUIET_S", "Framer", "Position", "Tail"]
