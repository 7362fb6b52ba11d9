"""How this program fares: the `training_exporter_` metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .. import catalog
from ..model import Health, Run, Snapshot
from ._protocol import Collector, Reading


def collect(snapshot: Snapshot) -> Iterator[Reading]:
    """The build, the reading of logs, the rules, the deliveries."""
    yield from _program(snapshot.health)
    for run in snapshot.runs:
        yield from _logs(run)
    for group in snapshot.health.rule_groups:
        yield Reading(catalog.RULE_EVALUATIONS, (group.group,), group.evaluations)
        yield Reading(catalog.RULE_FAILURES, (group.group,), group.failures)
    yield from _deliveries(snapshot.health)


def _program(health: Health) -> Iterator[Reading]:
    yield Reading(catalog.BUILD_INFO, (health.version, health.python_version), 1.0)
    if health.external_url:
        yield Reading(catalog.WEB_INFO, (health.external_url,), 1.0)


def _logs(run: Run) -> Iterator[Reading]:
    """Sums over the run's sources; whether one can be read is said of each."""
    labels = (run.name,)
    yield Reading(catalog.LOG_LINES, (run.name, "parsed"), sum(log.lines.parsed for log in run.logs))
    yield Reading(catalog.LOG_LINES, (run.name, "ignored"), sum(log.lines.ignored for log in run.logs))
    yield Reading(catalog.LOG_LINES, (run.name, "unparsed"), sum(log.lines.unparsed for log in run.logs))
    yield Reading(catalog.LOG_BYTES, labels, sum(log.bytes_read for log in run.logs))
    yield Reading(catalog.LOG_LAG, labels, sum(log.lag_bytes for log in run.logs))
    yield Reading(catalog.LOG_ROTATIONS, labels, sum(log.rotations for log in run.logs))
    for log in run.logs:
        yield Reading(catalog.LOG_READABLE, (run.name, log.path), float(log.readable))


def _deliveries(health: Health) -> Iterator[Reading]:
    for receiver in health.receivers:
        name = receiver.receiver
        yield Reading(catalog.NOTIFICATIONS, (name, "delivered"), receiver.delivered)
        yield Reading(catalog.NOTIFICATIONS, (name, "retried"), receiver.retried)
        yield Reading(catalog.NOTIFICATIONS, (name, "rejected"), receiver.rejected)
        yield Reading(catalog.NOTIFICATION_QUEUE, (name,), receiver.queue_length)
        if receiver.last_failure_at is not None:
            yield Reading(catalog.LAST_NOTIFICATION_FAILURE, (name,), receiver.last_failure_at)


COLLECTOR: Final = Collector(name="exporter", collect=collect)
