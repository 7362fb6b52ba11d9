"""Turns readings into metric families for one registry, and reports how each collector fares."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from time import perf_counter

from .. import catalog
from ..catalog import Kind, Metric
from ..model import Snapshot
from ..prometheus import Collector as RegistryCollector
from ..prometheus import CollectorRegistry, Family
from ._protocol import Collector, Reading

logger = logging.getLogger(__name__)


class SnapshotCollector(RegistryCollector):
    """Serves the snapshot that `latest` returns at the time of a scrape; safe from several threads at once."""

    def __init__(self, latest: Callable[[], Snapshot], collectors: Sequence[Collector]) -> None:
        self._latest = latest
        self._collectors = tuple(collectors)
        self._failing: frozenset[str] = frozenset()

    def describe(self) -> Iterable[Family]:
        """Nothing: registering must not collect."""
        return ()

    def collect(self) -> Iterator[Family]:
        """The families of all collectors; of one that raises, only its failure."""
        snapshot = self._latest()
        health: list[Reading] = []
        for collector in self._collectors:
            started = perf_counter()
            found = self._collect_one(collector, snapshot)
            yield from found or ()
            label = (collector.name,)
            health.append(Reading(catalog.COLLECTOR_SUCCESS, label, float(found is not None)))
            health.append(Reading(catalog.COLLECTOR_DURATION, label, perf_counter() - started))
        yield from families(health)

    def _collect_one(self, collector: Collector, snapshot: Snapshot) -> list[Family] | None:
        try:
            found = families(collector.collect(snapshot))
        except Exception:  # the boundary: one collector must not take the others with it
            if collector.name not in self._failing:
                logger.exception("collector failed collector=%s", collector.name)
            self._failing |= {collector.name}
            return None
        if collector.name in self._failing:
            logger.info("collector works again collector=%s", collector.name)
            self._failing -= {collector.name}
        return found


def families(readings: Iterable[Reading]) -> list[Family]:
    """Groups readings by metric, in order of first appearance.

    Raises:
        ValueError: a reading does not fit its metric's labels.
    """
    found: dict[Metric, Family] = {}
    for reading in readings:
        family = found.get(reading.metric)
        if family is None:
            family = found[reading.metric] = _family(reading.metric)
        labels = dict(reading.extra)
        labels.update(zip(reading.metric.labels, reading.labels, strict=True))
        family.add_sample(reading.metric.name, labels, reading.value)
    return list(found.values())


def _family(metric: Metric) -> Family:
    """An empty family. An info metric is a gauge: OpenMetrics' own info type would rename it in the text format."""
    if metric.kind is Kind.COUNTER:
        return Family(metric.name.removesuffix("_total"), metric.help, "counter")
    return Family(metric.name, metric.help, "gauge")


def make_registry(latest: Callable[[], Snapshot], collectors: Sequence[Collector]) -> CollectorRegistry:
    """A registry of its own with nothing else in it: no process or platform metrics."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(SnapshotCollector(latest, collectors))
    return registry
