"""What a frame is, and that it does not depend on how the bytes were cut into blocks."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.tail import MAX_LINE_BYTES, Framer

CASES = {
    "plain lines": (b"a\nbc\n", [b"a", b"bc"]),
    "empty and blank lines": (b"\n  \n\n", [b"", b"  ", b""]),
    "no end of line yet": (b"a\nb", [b"a"]),
    "CRLF": (b"a\r\n\r\nb\r\n", [b"a", b"", b"b"]),
    "blank line with CRLF": (b"  \r\n", [b"  "]),
    "CR before CRLF": (b"a\r\r\n", [b"a"]),
    "bar redrawn from the left": (b"\r 0%\r 50%\r100%\nnext\n", [b"100%", b"next"]),
    "bar that returns after each draw": (b" 0%\r 50%\r100%\r\n", [b"100%"]),
    "bar blanked when done": (b"\r100%\r      \r\n", [b"100%"]),
    "bar blanked by an escape": (b"\r100%\r\x1b[K\n", [b"100%"]),
    "values after a blanked bar": (b"\r100%\r     \r{'loss': 1.5}\n", [b"{'loss': 1.5}"]),
    "nothing but blank redraws": (b"  \r \r\n", [b" "]),
    "colours": (b"\x1b[32m[11/01 18:06:04 d2]: \x1b[0miter: 1\n", [b"[11/01 18:06:04 d2]: iter: 1"]),
    "24-bit colours": (b"\x1b[38;2;180;80;0mstep:\x1b[39m 1\n", [b"step: 1"]),
    "private mode": (b"\x1b[?25lrow\x1b[?25h\n", [b"row"]),
    "home and clear": (b"\x1b[H\x1b[J 25: 1.5, 1.4 avg\n", [b" 25: 1.5, 1.4 avg"]),
    "title ended by BEL": (b"\x1b]2;640/6000: loss=1.3\x07 640: 1.3\n", [b" 640: 1.3"]),
    "title ended by ST": (b"\x1b]0;title\x1b\\ 640: 1.3\n", [b" 640: 1.3"]),
    "title ended by the next escape": (b"\x1b]2;640/6000: loss=1.3\x1b[H\x1b[J 640: 1.3\n", [b" 640: 1.3"]),
    "title without an end": (b"\x1b]2;640/6000: loss=1.3\n 640: 1.3\n", [b"640/6000: loss=1.3", b" 640: 1.3"]),
    "title without an end before a bar": (b"\x1b]2;t\r 640: 1.3\n", [b" 640: 1.3"]),
    "character set": (b"\x1b(Btext\x1b7\n", [b"text"]),
    "sequence cut by the end of the line": (b"a\x1b[3\nb\x1b\n", [b"a", b"b"]),
    "backspaces stay": (b"1/9\b\b\b2/9\n", [b"1/9\b\b\b2/9"]),
    "invalid UTF-8 stays": (b"\xff\xfe caf\xe9\n", [b"\xff\xfe caf\xe9"]),
    "other line ends are none": (b"a\x0bb\x0cc\x1cd\xc2\x85e\n", [b"a\x0bb\x0cc\x1cd\xc2\x85e"]),
    "hole left by truncation": (b"\0" * 100 + b"iter: 5\n", [b"iter: 5"]),
}


@pytest.mark.parametrize(("text", "frames"), CASES.values(), ids=CASES)
def test_a_frame_is_what_a_reader_of_the_terminal_would_call_a_line(text: bytes, frames: list[bytes]) -> None:
    assert Framer().push(text) == frames


@pytest.mark.parametrize(("text", "frames"), CASES.values(), ids=CASES)
def test_frames_are_the_same_when_every_byte_comes_alone(text: bytes, frames: list[bytes]) -> None:
    framer = Framer()
    assert [frame for byte in text for frame in framer.push(bytes([byte]))] == frames


TEXTS = st.lists(
    st.sampled_from(
        "a|b| |\n|\r|\r\n|\x1b|[|]|2;|K|m|(|\x07|\\|\0|\b|\xff|\x1b[31m|\x1b]2;|loss: 1".encode("latin-1").split(b"|")
    ),
    max_size=40,
).map(b"".join)


def pieces(text: bytes, cuts: list[int]) -> list[bytes]:
    return [text[start:end] for start, end in pairwise([0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)])]


@given(text=TEXTS, cuts=st.lists(st.integers(0, 1000), max_size=8))
def test_frames_do_not_depend_on_the_cutting(text: bytes, cuts: list[int]) -> None:
    framer = Framer()
    frames = [frame for piece in pieces(text, cuts) for frame in framer.push(piece)]
    whole = Framer()
    assert whole.push(text) == frames
    assert whole.is_open == framer.is_open
    assert whole.close() == framer.close()


@given(text=TEXTS, cuts=st.lists(st.integers(0, 1000), max_size=8), limit=st.integers(1, 12))
def test_lines_over_the_limit_are_cut_alike_however_they_came(text: bytes, cuts: list[int], limit: int) -> None:
    framer, bytewise = Framer(limit), Framer(limit)
    blocks = [piece[at : at + limit] for piece in pieces(text, cuts) for at in range(0, len(piece), limit)]
    frames = [frame for block in blocks for frame in framer.push(block)]
    assert frames == [frame for byte in text for frame in bytewise.push(bytes([byte]))]
    assert len(frames) == text.count(b"\n")
    assert all(len(frame) <= limit for frame in frames)


@given(text=TEXTS)
def test_frames_hold_no_control_that_the_tail_interprets(text: bytes) -> None:
    frames = Framer().push(text)
    assert len(frames) == text.count(b"\n")
    assert not re.search(rb"[\x1b\r\n\0]", b"".join(frames))


def test_a_line_of_megabytes_is_one_frame_of_bounded_length() -> None:
    framer = Framer()
    for _ in range(64):
        assert framer.push(b"x" * 262_144) == []
    assert framer.push(b"end\nnext\n") == [b"x" * MAX_LINE_BYTES, b"next"]


def test_an_endless_bar_is_held_in_bounded_memory() -> None:
    framer = Framer()
    for step in range(1000):
        framer.push(b"".join(b"\r%d/%d %s" % (step, draw, b"#" * 1000) for draw in range(10)))
    held = framer._open, framer._redraw  # noqa: SLF001 - the memory it keeps is the point here
    assert sum(len(part or b"") for part in held) < 3000
    assert framer.push(b"\rdone\n") == [b"done"]


def test_a_bar_at_work_is_told_from_a_line_at_rest() -> None:
    framer = Framer()
    assert not framer.is_open
    framer.push(b"iter: 5")
    assert (framer.is_open, framer.is_redrawn) == (True, False)
    framer.push(b"\b6")
    assert (framer.is_open, framer.is_redrawn) == (True, True)
    framer.push(b"\n\r10%")
    assert (framer.is_open, framer.is_redrawn) == (True, True)
    framer.push(b"\n")
    assert (framer.is_open, framer.is_redrawn) == (False, False)
