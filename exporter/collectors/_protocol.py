"""What a collector is: a pure function from the published snapshot to readings of the catalog's metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ..catalog import Metric
from ..model import Snapshot


class Reading(NamedTuple):
    """One sample. What is not known yields no reading: never 0, never the last good value."""

    metric: Metric
    labels: tuple[str, ...]
    """Values, in the order of `metric.labels`."""
    value: float
    extra: tuple[tuple[str, str], ...] = ()
    """Further labels by name, of an info metric only: the user's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """One group of metrics, in a module of its own that exports it as `COLLECTOR`."""

    name: str
    """Of the module; the label `collector`."""
    collect: Callable[[Snapshot], Iterable[Reading]]
    """May raise: then nothing of this collector is published but its failure."""
