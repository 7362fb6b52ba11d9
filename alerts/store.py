"""Samples to a bounded window of series in memory: what a rule can look at, and no more.

A `Store` belongs to one thread: the one that scrapes and evaluates. Nothing else may touch it, not even to read:
times and values of a series are two arrays, appended one after the other. Other threads get copies from the owner.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from .model import METRIC_NAME, Labels
from .staleness import STALE, is_stale

__all__ = [
    "LOOKBACK_MS",
    "METRIC_NAME",
    "STALE",
    "LabelTest",
    "Retention",
    "Selection",
    "Selector",
    "Series",
    "Store",
    "is_stale",
]

LOOKBACK_MS: Final = 300_000
"""How far an instant selector looks back; Prometheus' default (`--query.lookback-delta`)."""


class LabelTest(NamedTuple):
    """A condition on one label; an absent label has the value ''."""

    label: str
    accepts: Callable[[str], bool]


@dataclass(frozen=True, eq=False, weakref_slot=True, slots=True)
class Selector:
    """Which series: all that bear the name (None: any name) and pass every test.

    A selector is compared by identity: the store remembers what it selected for as long as the selector lives.
    """

    name: str | None
    tests: tuple[LabelTest, ...] = ()

    def accepts(self, labels: Labels) -> bool:
        """Whether labels of the right name pass every test."""
        values = dict(labels)
        return all(test.accepts(values.get(test.label, "")) for test in self.tests)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long samples are kept, in milliseconds; the default holds for every name without an entry."""

    default_ms: int = LOOKBACK_MS
    by_name: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def covering(cls, needs: Iterable[tuple[str | None, int]]) -> Retention:
        """The shortest retention that covers every (metric name or None for any, milliseconds)."""
        default, by_name = LOOKBACK_MS, dict[str, int]()
        for name, span in needs:
            if name is None:
                default = max(default, span)
            else:
                by_name[name] = max(by_name.get(name, 0), span)
        return cls(default_ms=default, by_name={name: max(span, default) for name, span in by_name.items()})

    def of(self, name: str) -> int:
        """Milliseconds that samples of this metric are kept."""
        return self.by_name.get(name, self.default_ms)


class Series:
    """One series: times in Unix milliseconds, strictly ascending, and as many values. Read only outside this module."""

    __slots__ = ("labels", "name", "stale_markers", "times", "unnamed", "values")

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.name = dict(labels).get(METRIC_NAME, "")
        self.unnamed: Labels = tuple(pair for pair in labels if pair[0] != METRIC_NAME)
        """The labels without the metric name."""
        self.times = array("q")
        self.values = array("d")
        self.stale_markers = 0
        """How many of the values are staleness markers."""

    def drop_first(self, count: int) -> None:
        """Forgets the oldest samples."""
        if self.stale_markers:
            self.stale_markers -= sum(map(is_stale, self.values[:count]))
        del self.times[:count]
        del self.values[:count]


class Selection(tuple[Series, ...]):
    """Series that a selector chose, sorted by labels."""

    __slots__ = ()


class Store:
    """All series by labels and by name, each bounded by its metric's retention."""

    def __init__(self, retention: Retention | None = None) -> None:
        self.retention = retention or Retention()
        """Takes effect at the next `expire`."""
        self._by_labels: dict[Labels, Series] = {}
        self._by_name: dict[str, list[Series]] = {}
        self._selections: WeakKeyDictionary[Selector, Selection] = WeakKeyDictionary()

    def __len__(self) -> int:
        """How many series there are."""
        return len(self._by_labels)

    def append(self, labels: Labels, at_ms: int, value: float) -> bool:
        """Adds a sample; false if it is not newer than the series' last one, which drops it as Prometheus does."""
        series = self._by_labels.get(labels)
        if series is None:
            series = self._create(labels)
        elif series.times and at_ms <= series.times[-1]:
            return False
        series.times.append(at_ms)
        series.values.append(value)
        if value != value and is_stale(value):  # noqa: PLR0124 - spares the call for all but NaN
            series.stale_markers += 1
        return True

    def extend(self, samples: Iterable[tuple[Labels, int, float]]) -> int:
        """Adds (labels, milliseconds, value) in order; how many were dropped."""
        return sum(not self.append(*sample) for sample in samples)

    def select(self, selector: Selector) -> Selection:
        """The series that match, sorted by labels; the same object until a series of that name comes or goes."""
        selection = self._selections.get(selector)
        if selection is None:
            name = selector.name
            candidates = self._by_labels.values() if name is None else self._by_name.get(name, ())
            chosen = [series for series in candidates if selector.accepts(series.labels)]
            selection = self._selections[selector] = Selection(sorted(chosen, key=lambda series: series.labels))
        return selection

    def expire(self, now_ms: int) -> None:
        """Forgets the samples that are as old as their metric's retention or older, and series without any left."""
        for name in list(self._by_name):
            self._expire_metric(name, now_ms - self.retention.of(name))

    def _create(self, labels: Labels) -> Series:
        series = self._by_labels[labels] = Series(labels)
        self._by_name.setdefault(series.name, []).append(series)
        self._forget_selections(series.name)
        return series

    def _expire_metric(self, name: str, before_ms: int) -> None:
        kept: list[Series] = []
        members = self._by_name[name]
        for series in members:
            if series.times[0] <= before_ms:
                series.drop_first(bisect_right(series.times, before_ms))
            if series.times:
                kept.append(series)
            else:
                del self._by_labels[series.labels]
        if len(kept) == len(members):
            return
        self._forget_selections(name)
        if kept:
            self._by_name[name] = kept
        else:
            del self._by_name[name]

    def _forget_selections(self, name: str) -> None:
        for selector in [s for s in self._selections if s.name is None or s.name == name]:
            del self._selections[selector]
