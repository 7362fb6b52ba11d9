"""The window of samples: what is kept, what is dropped, what is selected."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model import Labels
from alerts.store import LOOKBACK_MS, STALE, LabelTest, Retention, Selector, Series, Store, is_stale

RETENTION_MS = 1000
X: Labels = (("__name__", "x"), ("run", "a"))

samples = st.lists(st.tuples(st.integers(0, 5000), st.floats() | st.just(STALE)), max_size=60)


def the_series(store: Store, name: str = "x") -> Series:
    (series,) = store.select(Selector(name))
    return series


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


def test_the_marker_is_the_signalling_nan_of_prometheus() -> None:
    assert bits(STALE) == bytes.fromhex("020000000000f07f")
    assert is_stale(STALE)


@given(st.floats())
def test_no_value_that_arithmetic_yields_is_a_marker(value: float) -> None:
    assert not is_stale(value * 1.0)


@given(samples)
def test_a_series_keeps_exactly_the_samples_that_are_newer_than_all_before_them(rows: list[tuple[int, float]]) -> None:
    store = Store()
    kept: list[tuple[int, float]] = []
    for at, value in rows:
        accepted = store.append(X, at, value)
        assert accepted == (not kept or at > kept[-1][0])
        if accepted:
            kept.append((at, value))
    if kept:
        series = the_series(store)
        assert list(series.times) == [at for at, _ in kept]
        assert [bits(value) for value in series.values] == [bits(value) for _, value in kept]
        assert series.stale_markers == sum(is_stale(value) for _, value in kept)


@given(samples, st.integers(0, 8000))
def test_expire_forgets_what_is_as_old_as_the_retention_and_nothing_else(
    rows: list[tuple[int, float]], now: int
) -> None:
    store = Store(Retention(default_ms=RETENTION_MS))
    store.extend((X, at, value) for at, value in rows)
    before = [(at, value) for s in store.select(Selector("x")) for at, value in zip(s.times, s.values, strict=True)]
    store.expire(now)
    kept = [(at, value) for at, value in before if at > now - RETENTION_MS]
    after = store.select(Selector("x"))
    assert [at for s in after for at in s.times] == [at for at, _ in kept]
    assert sum(s.stale_markers for s in after) == sum(is_stale(value) for _, value in kept)
    assert len(store) == (1 if kept else 0)


def test_each_metric_is_kept_as_long_as_its_queries_need() -> None:
    store = Store(Retention.covering([("long", 900_000), ("long", 400_000), ("short", 10)]))
    for name in ("long", "short", "unnamed"):
        store.append((("__name__", name),), 0, 1.0)
    store.expire(LOOKBACK_MS)
    assert [s.name for s in store.select(Selector(None))] == ["long"]
    store.expire(899_999)
    assert len(store) == 1
    store.expire(900_000)
    assert len(store) == 0


def test_a_need_without_a_name_holds_for_every_metric() -> None:
    retention = Retention.covering([(None, 600_000), ("x", 10)])
    assert retention.of("x") == retention.of("other") == 600_000


@pytest.mark.parametrize(
    ("selector", "runs"),
    [
        (Selector("x"), ["a", "b", "c"]),
        (Selector(None), ["a", "a", "b", "c"]),
        (Selector("x", (LabelTest("run", "b".__le__),)), ["b", "c"]),
        (Selector("x", (LabelTest("absent", "".__eq__),)), ["a", "b", "c"]),
        (Selector("x", (LabelTest("run", "z".__eq__),)), []),
        (Selector("nothing"), []),
    ],
)
def test_a_selection_is_sorted_and_passes_every_test(selector: Selector, runs: list[str]) -> None:
    store = Store()
    for name, run in (("x", "c"), ("x", "a"), ("y", "a"), ("x", "b")):
        store.append((("__name__", name), ("run", run)), 0, 1.0)
    assert sorted(dict(s.labels)["run"] for s in store.select(selector)) == runs
    assert list(store.select(selector)) == sorted(store.select(selector), key=lambda s: s.labels)


def test_a_selection_lasts_until_a_series_of_its_name_comes_or_goes() -> None:
    store = Store(Retention(default_ms=RETENTION_MS))
    selector = Selector("x")
    store.append(X, 0, 1.0)
    first = store.select(selector)
    store.append(X, 1, 2.0)
    store.append((("__name__", "y"),), 1, 1.0)
    assert store.select(selector) is first
    store.append((("__name__", "x"),), 1, 1.0)
    assert len(store.select(selector)) == 2
    store.expire(RETENTION_MS + 1)
    assert len(store.select(selector)) == 0


def test_values_come_back_bit_by_bit() -> None:
    store = Store()
    values = (STALE, math.nan, -0.0, math.inf, 5e-324)
    for at, value in enumerate(values):
        store.append(X, at, value)
    assert [bits(value) for value in the_series(store).values] == [bits(value) for value in values]
