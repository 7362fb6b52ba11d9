"""Metric families to samples, exactly as Prometheus' scrape of the same registry stores them.

Promises: the target's labels on every series (a clashing one of the series becomes `exported_…`), `up` and the other
series about the scrape, a staleness marker for every series that was there last time and no longer is, and for all of
them when the collection fails; `up` is then 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from .model import METRIC_NAME, Labels
from .staleness import STALE

if TYPE_CHECKING:
    from prometheus_client import Metric
    from prometheus_client.samples import Sample

EXPORTED_PREFIX: Final = "exported_"
"""What Prometheus puts before a label that clashes with one of the target (`honor_labels: false`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is scraped."""

    job: str
    instance: str


class ScrapedSample(NamedTuple):
    """One value of one series, to be appended to the store."""

    labels: Labels
    at_ms: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """What one scrape yields."""

    samples: tuple[ScrapedSample, ...]
    error: str | None = None
    """Why the collection failed: `up` is 0 and everything else has ended. None: it did not."""


class Scraper:
    """Scrapes one target again and again. `monotonic` gives seconds and measures the scrape's duration."""

    def __init__(self, collect: Callable[[], Iterable[Metric]], target: Target, monotonic: Callable[[], float]) -> None:
        self._collect = collect
        self._monotonic = monotonic
        self._target = {"job": target.job, "instance": target.instance}
        self._labels: dict[tuple[str, tuple[tuple[str, str], ...]], Labels] = {}
        self._present: set[Labels] = set()

    def scrape(self, at_ms: int) -> Scrape:
        """Collects now, for the time `at_ms` in Unix milliseconds."""
        started = self._monotonic()
        present: set[Labels] = set()
        try:
            scraped, error = self._collected(at_ms, present), None
        except Exception as failure:  # noqa: BLE001 - a collector may fail in any way; a scrape then says `up 0`
            scraped, error = [], f"{type(failure).__name__}: {failure}"
            present.clear()
        duration = self._monotonic() - started
        ended = sorted(self._present - present)
        added = len(present - self._present)
        self._present = present
        return Scrape(
            samples=(
                *scraped,
                *[ScrapedSample(labels, at_ms, STALE) for labels in ended],
                *self._about(at_ms, up=error is None, duration=duration, scraped=len(scraped), added=added),
            ),
            error=error,
        )

    def end(self, at_ms: int) -> Scrape:
        """The end of the target: staleness markers for every series, those about the scrape too."""
        ended, self._present = sorted(self._present), set()
        about = [sample.labels for sample in self._about(at_ms, up=False, duration=0.0, scraped=0, added=0)]
        return Scrape(samples=tuple([ScrapedSample(labels, at_ms, STALE) for labels in (*ended, *about)]))

    def _collected(self, at_ms: int, present: set[Labels]) -> list[ScrapedSample]:
        known, self._labels = self._labels, {}
        samples: list[ScrapedSample] = []
        for sample in _exposed(self._collect()):
            key = (sample.name, tuple(sample.labels.items()))
            labels = self._labels[key] = known.get(key) or self._with_target(sample.name, sample.labels)
            if sample.timestamp is None:
                samples.append(ScrapedSample(labels, at_ms, float(sample.value)))
                present.add(labels)
            else:
                # A series with its own times ends by the lookback, as in Prometheus, not by a marker.
                samples.append(ScrapedSample(labels, round(float(sample.timestamp) * 1000), float(sample.value)))
        return samples

    def _with_target(self, name: str, labels: dict[str, str]) -> Labels:
        result = {label: value for label, value in labels.items() if value and label not in self._target}
        for label in self._target:
            if value := labels.get(label):
                free = EXPORTED_PREFIX + label
                while free in labels:
                    free = EXPORTED_PREFIX + free
                result[free] = value
        return tuple(sorted((result | self._target | {METRIC_NAME: name}).items()))

    def _about(self, at_ms: int, *, up: bool, duration: float, scraped: int, added: int) -> Iterator[ScrapedSample]:
        """The series that Prometheus adds to every scrape."""
        for name, value in (
            ("up", float(up)),
            ("scrape_duration_seconds", duration),
            ("scrape_samples_scraped", float(scraped)),
            ("scrape_samples_post_metric_relabeling", float(scraped)),
            ("scrape_series_added", float(added)),
        ):
            yield ScrapedSample(self._with_target(name, {}), at_ms, value)


def _exposed(families: Iterable[Metric]) -> Iterator[Sample]:
    """The samples that the exposition shows, without the times of creation, which ours never does."""
    for family in families:
        created = f"{family.name}_created"
        for sample in family.samples:
            if sample.name != created:
                yield sample
