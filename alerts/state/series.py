"""A rule's alerts to the series `ALERTS` and `ALERTS_FOR_STATE`, and the end of series that are written no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ..model import Alert, AlertState, Labels, Sample
from ..store import METRIC_NAME, STALE
from .alerting import with_labels

ALERTS: Final = "ALERTS"
ALERTS_FOR_STATE: Final = "ALERTS_FOR_STATE"


def alert_samples(alerts: Iterable[Alert]) -> Iterator[Sample]:
    """Two samples for each pending or firing alert: that it is, and since when (Unix seconds)."""
    for alert in alerts:
        if alert.state is AlertState.INACTIVE:
            continue
        yield Sample(with_labels(alert.labels, {METRIC_NAME: ALERTS, "alertstate": alert.state.value}), 1.0)
        yield Sample(with_labels(alert.labels, {METRIC_NAME: ALERTS_FOR_STATE}), float(int(alert.active_at)))


def ended(before: Iterable[Labels], samples: Iterable[Sample]) -> tuple[Sample, ...]:
    """Staleness markers for the series written at the last evaluation and not at this one."""
    now = {sample.labels for sample in samples}
    return tuple(Sample(labels, STALE) for labels in before if labels not in now)
