"""Any source's chunks to rows and events: finds the format by its mark, then lets it read; the same by any chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from ..model import Batch, Chunk, Event, Unparsed
from ._discovery import AnyFormat
from ._errors import error_events


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderState:
    """What one source's later chunks need; plain values, see `dump_state`."""

    format: str | None = None
    """The name of the source's format: forced by the user, or of the first line that carries a mark; None before."""
    carry: Any = None
    """The format's own, of its `carry_type`; None at the beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What one chunk said."""

    items: tuple[Batch | Event, ...]
    """In the order of the log."""
    unparsed: tuple[Unparsed, ...]
    lines_total: int
    """The sum of `lines_parsed`, `lines_ignored` and the number of `unparsed`."""
    lines_parsed: int
    """Lines that gave at least one value."""
    lines_ignored: int
    format: str | None


class StateError(ValueError):
    """A stored state that does not fit these formats: the source has to be read from its head."""


def decode(chunk: Chunk, state: DecoderState | None, formats: Sequence[AnyFormat]) -> tuple[Decoded, DecoderState]:
    """Reads a chunk; `state` is what the previous one gave, `DecoderState(format=NAME)` to force a format.

    Lines before the first that carries a mark are ignored, except for the errors that any program prints. Never raises
    on any bytes; raises `StateError` where the state names a format that is not among `formats`.
    """
    state = state or DecoderState()
    claimed = 0 if state.format else _first_claimed(chunk.frames, formats)
    events = error_events(chunk.frames[:claimed], chunk.line)
    if claimed == len(chunk.frames):
        return _decoded(chunk, tuple(events), (), 0, state), state
    name = state.format or next(each.name for each in formats if each.claims(chunk.frames[claimed : claimed + 1]))
    # No format looks at the offset, which is not known in the middle of a chunk.
    rest = replace(chunk, frames=chunk.frames[claimed:], line=chunk.line + claimed) if claimed else chunk
    parsed = _named(name, formats).parse(rest, state.carry)
    state = DecoderState(format=name, carry=parsed.carry)
    return _decoded(chunk, (*events, *parsed.items), parsed.unparsed, parsed.parsed, state), state


def _first_claimed(frames: tuple[bytes, ...], formats: Sequence[AnyFormat]) -> int:
    """The index of the first line that carries a format's mark, else the number of lines."""
    end = len(frames)
    for each in formats:
        if each.claims(frames[:end]):
            low = 0
            while low < end:  # what claims a part claims every larger part
                middle = (low + end) // 2
                if each.claims(frames[low : middle + 1]):
                    end = middle
                else:
                    low = middle + 1
    return end


def _decoded(
    chunk: Chunk, items: tuple[Batch | Event, ...], unparsed: tuple[Unparsed, ...], parsed: int, state: DecoderState
) -> Decoded:
    total = len(chunk.frames)
    return Decoded(
        items=items,
        unparsed=unparsed,
        lines_total=total,
        lines_parsed=parsed,
        lines_ignored=total - parsed - len(unparsed),
        format=state.format,
    )


def _named(name: str, formats: Sequence[AnyFormat]) -> AnyFormat:
    for each in formats:
        if each.name == name:
            return each
    raise StateError(f"there is no log format {name}: choose one of {', '.join(sorted(each.name for each in formats))}")


def dump_state(state: DecoderState) -> bytes:
    """The state as bytes, to be stored beside the file offset."""
    return msgspec.msgpack.encode((state.format, state.carry))


def load_state(data: bytes, formats: Sequence[AnyFormat]) -> DecoderState:
    """What `dump_state` gave. Raises `StateError` where a format or its carry is no longer what it was."""
    try:
        name, carry = msgspec.msgpack.decode(data, type=tuple[str | None, msgspec.Raw])
        if name is None:
            return DecoderState()
        carry_type = _named(name, formats).carry_type
        return DecoderState(format=name, carry=msgspec.msgpack.decode(carry, type=carry_type | None))
    except msgspec.MsgspecError as error:
        raise StateError(
            f"the stored state of a log cannot be read ({error}): the log is read from its head"
        ) from error
