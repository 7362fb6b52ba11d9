"""What holds for every log."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from exporter.model import Batch, Chunk, ColumnKey, Event, EventKind, Quantity, RunState
from exporter.runs import active_seconds, reduce, silence_limit
from tests.runs.told import AP, SECONDS, TRAIN, VAL, WRITTEN, Told, live, old

COLUMNS = (TRAIN, VAL, AP, SECONDS, ColumnKey(Quantity.LOSS, "train", "loss_cls"))


class Line(NamedTuple):
    """One line: an event, or the row of one column set."""

    kind: EventKind | None
    iteration: int | None
    at: float | None
    values: tuple[float, ...]
    both: bool


lines = st.builds(
    Line,
    kind=st.one_of(st.none(), st.none(), st.none(), st.sampled_from(EventKind)),
    iteration=st.one_of(st.none(), st.integers(0, 60)),
    at=st.one_of(st.none(), st.floats(0, 40_000), st.floats(0, 400)),
    values=st.tuples(*[st.floats(-5, 5) | st.floats() for _ in COLUMNS]),
    both=st.booleans(),
)
climbing = st.lists(st.tuples(st.floats(0, 9), st.integers(0, 5), st.floats(0, 700)), min_size=1, max_size=150)


def items_of(log: list[Line], first: int) -> Iterator[Batch | Event]:
    """Rows of the same columns gather in one batch, as formats do it."""
    gathered: list[tuple[int, Line]] = []
    for number, line in enumerate(log, first):
        if gathered and (line.kind or line.both != gathered[0][1].both):
            yield _batch(gathered)
            gathered = []
        if line.kind:
            yield Event(kind=line.kind, line=number, iteration=line.iteration, at=line.at)
        else:
            gathered.append((number, line))
    if gathered:
        yield _batch(gathered)


def _batch(gathered: list[tuple[int, Line]]) -> Batch:
    keys = COLUMNS if gathered[0][1].both else COLUMNS[:1]
    return Batch(
        iterations=[line.iteration for _, line in gathered],
        at=[line.at for _, line in gathered],
        lines=[number for number, _ in gathered],
        columns={key: [line.values[i] for _, line in gathered] for i, key in enumerate(keys)},
    )


def run(log: list[Line], cuts: list[int], *, now: float | None) -> RunState:
    state = None
    for start, stop in pairwise([0, *cuts, len(log)]):
        decoded = Told(tuple(items_of(log[start:stop], start + 1)))
        state = reduce(state, decoded, chunk_of(start + 1, stop - start, now))
    assert state is not None
    return state


def chunk_of(line: int, count: int, now: float | None) -> Chunk:
    return old(line, count) if now is None else live(now, line, count)


def same(a: RunState, b: RunState) -> bool:
    """Equal to the last bit, NaN too."""
    return msgspec.msgpack.encode(a) == msgspec.msgpack.encode(b)


@given(st.lists(lines, min_size=1, max_size=30), st.booleans())
def test_a_log_reduces_to_the_same_state_however_it_is_cut(log: list[Line], fresh: bool) -> None:  # noqa: FBT001 - hypothesis
    now = WRITTEN if fresh else None
    whole = run(log, [], now=now)
    assert same(whole, run(log, list(range(1, len(log))), now=now))
    assert same(whole, run(log, list(range(7, len(log), 7)), now=now))


@given(climbing)
def test_a_steady_log_reduces_to_the_same_state_however_it_is_cut(steps: list[tuple[float, int, float]]) -> None:
    log = []
    iteration, at = 0, 0.0
    for loss, advance, gap in steps:
        iteration, at = iteration + advance, at + gap
        log.append(Line(None, iteration, at, (loss,) * len(COLUMNS), both=True))
    assert same(run(log, [], now=None), run(log, list(range(1, len(log))), now=None))


@given(st.lists(lines, min_size=1, max_size=30), st.booleans())
def test_a_state_survives_storage_to_the_last_bit(log: list[Line], fresh: bool) -> None:  # noqa: FBT001 - hypothesis
    state = run(log, [], now=WRITTEN if fresh else None)
    stored = msgspec.msgpack.encode(state)
    restored = msgspec.msgpack.decode(stored, type=RunState)
    assert same(restored, state)
    assert repr(restored) == repr(state)


@given(st.lists(lines, min_size=2, max_size=30))
def test_counters_never_fall_and_no_time_lies_in_the_future(log: list[Line]) -> None:
    state = RunState()
    for number, line in enumerate(log, 1):
        now = WRITTEN + number
        before, state = state, reduce(state, Told(tuple(items_of([line], number))), live(now, number))
        assert state.iterations_total >= before.iterations_total
        assert state.restarts >= before.restarts
        assert active_seconds(state) >= active_seconds(before)
        assert [a.count >= b.count for a, b in zip(state.errors, before.errors, strict=True)].count(False) == 0
        assert sum(found.count for found in state.nonfinite) >= sum(found.count for found in before.nonfinite)
        times = (state.started_at, state.ended_at, state.last_progress_at, state.last_output_at)
        assert all(at <= now for at in times if at is not None)
        assert silence_limit(state) >= 600
