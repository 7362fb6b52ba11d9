"""What selectors, ranges and subqueries see, recomputed from the samples in the plainest way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.promql import Matrix, Options, Range, compile_query
from alerts.store import STALE, Retention, Store, is_stale

Rows = list[tuple[int, float]]

LOOKBACK_S = 300
X = (("__name__", "x"),)

# Times in whole seconds on a coarse grid, so that samples on the bounds of a range are frequent.
times = st.integers(0, 200).map(lambda k: k * 10)
rows = st.dictionaries(times, st.integers(-9, 9).map(float) | st.just(STALE), max_size=60).map(
    lambda found: sorted(found.items())
)
at_times = times.map(lambda at: at + 300)
ranges = st.integers(1, 60).map(lambda k: k * 10)
offsets = st.integers(-20, 20).map(lambda k: k * 10)


def filled(samples: Rows) -> Store:
    store = Store(Retention(default_ms=10**9))
    store.extend((X, at * 1000, value) for at, value in samples)
    return store


def visible(samples: Rows, at: int) -> float | None:
    """What `x` is at a time: its newest sample in the lookback, open on the left, unless the series has ended."""
    newest = max((row for row in samples if at - LOOKBACK_S < row[0] <= at), default=None)
    return None if newest is None or is_stale(newest[1]) else newest[1]


def within(samples: Rows, start: int, end: int) -> list[float]:
    return [value for at, value in samples if start < at <= end and not is_stale(value)]


def result(text: str, samples: Rows, at: int) -> list[float]:
    return [value for _, value in compile_query(text).vector(filled(samples), at * 1000)]


@given(rows, at_times, offsets)
def test_an_instant_selector_sees_the_newest_sample_of_the_lookback(samples: Rows, at: int, offset: int) -> None:
    value = visible(samples, at - offset)
    assert result(f"x offset {offset}s" if offset else "x", samples, at) == ([] if value is None else [value])


@given(rows, at_times, ranges, offsets.filter(bool))
def test_a_range_is_open_on_the_left_and_leaves_markers_out(samples: Rows, at: int, span: int, offset: int) -> None:
    values = within(samples, at - offset - span, at - offset)
    window = f"x[{span}s] offset {offset}s"
    expected = [float(len(values)), sum(values), min(values), values[-1]] if values else []
    names = ("count", "sum", "min", "last")
    assert [value for name in names for value in result(f"{name}_over_time({window})", samples, at)] == expected


@given(rows, at_times, at_times)
def test_a_fixed_time_takes_the_place_of_the_evaluations(samples: Rows, at: int, fixed: int) -> None:
    value = visible(samples, fixed)
    assert result(f"x @ {fixed}", samples, at) == ([] if value is None else [value])
    counted = within(samples, fixed - 60, fixed)
    assert result(f"count_over_time(x[1m] @ {fixed})", samples, at) == ([float(len(counted))] if counted else [])


@given(rows, at_times, ranges, st.sampled_from([7, 10, 60]))
def test_a_subquery_looks_at_every_multiple_of_its_step(samples: Rows, at: int, span: int, step: int) -> None:
    seen = [visible(samples, t) for t in range(at - span + 1, at + 1) if t % step == 0]
    values = [value for value in seen if value is not None]
    assert result(f"count_over_time(x[{span}s:{step}s])", samples, at) == ([float(len(values))] if values else [])


@given(rows, at_times)
def test_absent_is_the_opposite_of_present(samples: Rows, at: int) -> None:
    alive = visible(samples, at) is not None
    assert result("absent(x)", samples, at) == ([] if alive else [1.0])
    any_ = bool(within(samples, at - 60, at))
    assert result("absent_over_time(x[1m])", samples, at) == ([] if any_ else [1.0])


@given(rows, st.integers(0, 100), st.integers(0, 30), st.integers(1, 90))
def test_a_range_query_is_an_instant_query_at_every_step(samples: Rows, start: int, steps: int, step: int) -> None:
    store, query = filled(samples), compile_query("sum_over_time(x[2m]) - x")
    moments = [(start + k * step) * 1000 for k in range(steps)]
    expected = [(at, sample.value) for at in moments for sample in query.vector(store, at)]
    found = query.range(store, start * 1000, moments[-1] if moments else start * 1000 - 1, step * 1000)
    assert [point for row in found for point in row.points] == expected


def test_start_and_end_are_those_of_the_whole_query() -> None:
    store = filled([(at, float(at)) for at in range(0, 700, 10)])
    rows_ = compile_query("x @ start() + 1000 * max_over_time((x @ end())[1m:10s])").range(
        store, 60_000, 80_000, 10_000
    )
    assert [point for row in rows_ for point in row.points] == [(at, 80_060.0) for at in (60_000, 70_000, 80_000)]


def test_a_matrix_has_the_samples_themselves() -> None:
    found: Matrix = (Range(X, ((20_000, 2.0), (30_000, 3.0))),)
    assert compile_query("x[20s]").instant(filled([(10, 1.0), (20, 2.0), (30, 3.0)]), 30_000) == found


def test_the_lookback_can_be_chosen() -> None:
    store = filled([(0, 1.0)])
    assert compile_query("x", Options(lookback_ms=1000)).vector(store, 999) != ()
    assert compile_query("x", Options(lookback_ms=1000)).vector(store, 1000) == ()
