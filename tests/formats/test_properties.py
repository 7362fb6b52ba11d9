"""What holds for any lines: no exception, no line uncounted, the same for any chunks and for either way of reading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.formats import AnyFormat, DecoderState
from tests.formats.told import FORMATS, SAMPLES, Fact, chunk, lines_of, rows, told

LINES = tuple(line for sample in SAMPLES for line in lines_of(sample))
CUTS = st.lists(st.integers(0, 1000), max_size=12)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A line of a sample, as it is, cut, spliced into another, or with bytes changed."""
    line = draw(st.sampled_from(LINES))
    kind = draw(st.sampled_from(["whole", "whole", "cut", "spliced", "changed", "junk"]))
    at = draw(st.integers(0, len(line)))
    if kind == "cut":
        return line[:at]
    if kind == "spliced":
        other = draw(st.sampled_from(LINES))
        return line[:at] + other[draw(st.integers(0, len(other))) :]
    if kind == "changed":
        return line[:at] + draw(st.binary(max_size=3)).replace(b"\n", b"") + line[at + 1 :]
    if kind == "junk":
        return draw(st.binary(max_size=30)).replace(b"\n", b"")
    return line


@st.composite
def logs(draw: st.DrawFn) -> list[bytes]:
    """Parts of samples, damaged here and there: long enough for the ways of reading that need many lines."""
    parts = draw(st.lists(st.sampled_from(SAMPLES), min_size=1, max_size=3))
    lines = [line for part in parts for line in lines_of(part)]
    for _ in range(draw(st.integers(0, 6))):
        lines[draw(st.integers(0, len(lines) - 1))] = draw(damaged())
    start = draw(st.integers(0, len(lines) - 1))
    return lines[start:]


def by_line(facts: list[Fact]) -> list[str]:
    return [str(fact) for fact in facts]


@given(logs(), CUTS)
def test_chunks_make_no_difference(lines: list[bytes], cuts: list[int]) -> None:
    assert by_line(told(lines, cuts)) == by_line(told(lines))


@given(logs())
def test_line_by_line_gives_the_same_as_all_at_once(lines: list[bytes]) -> None:
    assert by_line(told(lines, range(len(lines)))) == by_line(told(lines))


@given(st.lists(damaged(), min_size=1, max_size=20), st.sampled_from(FORMATS), CUTS)
def test_no_line_raises_and_each_counts_once(lines: list[bytes], forced: AnyFormat, cuts: list[int]) -> None:
    counts = told(lines, cuts, DecoderState(format=forced.name))[-1]
    assert counts["total"] == len(lines) == counts["parsed"] + counts["ignored"] + counts["unparsed"]
    assert min(counts["parsed"], counts["ignored"], counts["unparsed"]) >= 0


@given(st.lists(damaged(), min_size=20, max_size=60), st.sampled_from(FORMATS), CUTS)
def test_a_forced_format_reads_the_same_in_any_chunks(lines: list[bytes], forced: AnyFormat, cuts: list[int]) -> None:
    state = DecoderState(format=forced.name)
    assert by_line(told(lines, cuts, state)) == by_line(told(lines, (), state))


@given(st.lists(damaged(), min_size=1, max_size=20), st.sampled_from(FORMATS))
def test_a_format_claims_lines_if_it_claims_one_of_them(lines: list[bytes], each: AnyFormat) -> None:
    assert each.claims(tuple(lines)) == any(each.claims((line,)) for line in lines)


@given(st.lists(damaged(), max_size=20), st.sampled_from(FORMATS))
def test_items_are_in_the_order_of_the_lines(lines: list[bytes], each: AnyFormat) -> None:
    facts = told(lines, (), DecoderState(format=each.name))
    places = [fact["line"] for fact in facts if "line" in fact and "unparsed" not in fact]
    assert places == sorted(places)


@given(logs())
def test_darknets_layers_read_the_same_by_either_way(lines: list[bytes]) -> None:
    """A launcher's prefix keeps a line from the pattern that reads many."""
    state = DecoderState(format="darknet")
    prefixed = [b"0: " + line if b"Region " in line else line for line in lines]
    assert by_line(rows(told(prefixed, (), state))) == by_line(rows(told(lines, (), state)))


def test_metric_lines_that_change_their_keys_read_the_same_by_either_way() -> None:
    """Long enough that each set of keys is learnt, with lines between that belong to none."""
    plain = "[02/28 23:59:{:02d}] d2.utils.events INFO:  eta: 0:{:02d}:30  iter: {}  total_loss: {}  time: 0.4  lr: 1  "
    wider = plain.replace("total_loss", "validation_loss: 1.5  total_loss") + "max_mem: 9M"
    lines = []
    for at in range(60):
        lines.append((wider if at % 20 > 8 else plain).format(at, at, at, "nan" if at == 33 else at / 8))
        if at % 7 == 0:
            lines.append("[02/28 23:59:59] d2.engine.hooks INFO: Overall training speed: 3 iterations in 0:00:01")
        if at % 13 == 0:
            lines.append("[02/28 23:59:59] fvcore.common.checkpoint INFO: Saving checkpoint to model.pth")
    frames = [line.encode() for line in lines]
    whole = told(frames)
    assert by_line(whole) == by_line(told(frames, range(len(frames))))
    assert whole[-1]["parsed"] == 60


@pytest.mark.parametrize("number", ["9" * 20, "9" * 5000, "1e400", "-1", "1_0", "0x1", "٣"])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_no_number_is_too_large_to_read_or_to_store(sample: Path, number: str) -> None:
    """In the place of every number of every line, one at a time and all at once."""
    text = sample.read_bytes()
    for pattern in (rb"\d+", rb"(?<=iter: )\d+|(?<=iteration.: )\d+|^ ?\d+(?=: )|(?<=iteration )\d+|(?<=ITER: )\d+"):
        lines = re.sub(pattern, number.encode(), text, flags=re.MULTILINE).split(b"\n")
        state = DecoderState(format=sample.parent.name)
        assert by_line(told(lines, (), state)) == by_line(told(lines, range(0, len(lines), 9), state))


@pytest.mark.parametrize(
    "unit", ["1: ", "[rank0]: ", "a: ", "  ", "x = ", "CUDA Error: ", '{"a": ', "v3 (", "Region 1 Avg IOU: "]
)
@pytest.mark.parametrize("each", FORMATS, ids=lambda each: each.name)
def test_a_long_line_takes_no_long_time(each: AnyFormat, unit: str) -> None:
    """The time of a pattern that tries every split of a line would be beyond any time-out."""
    lines = [line + unit.encode() * 2000 for line in lines_of(next(p for p in SAMPLES if p.parent.name == each.name))]
    each.claims(tuple(lines))
    assert told(lines, (), DecoderState(format=each.name))[-1]["total"] == len(lines)


def test_an_empty_chunk_says_nothing() -> None:
    for each in FORMATS:
        parsed = each.parse(chunk([]), None)
        assert (parsed.items, parsed.unparsed, parsed.parsed) == ((), (), 0)
