"""What a format is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ..model import Batch, Chunk, Event, Unparsed

CarryT = TypeVar("CarryT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed(Generic[CarryT]):
    """What one chunk said, in the order of its lines."""

    items: tuple[Batch | Event, ...]
    unparsed: tuple[Unparsed, ...]
    parsed: int
    """How many lines gave at least one value; a value may reach a row of a later line (Darknet's regions)."""
    carry: CarryT


class LogFormat(Protocol[CarryT]):
    """One log format.

    `carry` is what spans chunks (the last iteration, a table's header). It is a frozen dataclass of plain values, so
    that it can be stored beside the file offset and read back after a restart; `None` stands for the beginning.
    """

    name: str
    """Of the module: `detectron2_json`."""
    framework: str
    """What `inspect` and `training_run_info` show: `detectron2`."""
    title: str
    """One line for people: what writes it."""
    rank: int
    """Where two sources of one run carry the same quantity, the lower rank wins."""
    carry_type: type[CarryT]

    def claims(self, frames: tuple[bytes, ...]) -> bool:
        """Whether one of these lines carries the format's mark: true only for what no other format writes.

        Looks at each line alone, so that whoever claims a whole also claims any part that holds that line.
        """

    def parse(self, chunk: Chunk, carry: CarryT | None) -> Parsed[CarryT]:
        """Reads whole lines. Never raises on any bytes; the same for any chunking of the same lines."""
