"""An alerting rule's result to its alerts' next state, exactly as Prometheus moves them (rules/alerting.go).

Inactive → pending → firing → inactive. A pending alert that is gone is forgotten; a firing one stays while
`keep_firing_for` holds it, then it is inactive and remembered for a quarter of an hour, so that "resolved" gets told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from ..model import Alert, AlertState, Fingerprint, Labels, Sample
from ..rulefile import AlertingRule, Templates
from ..store import METRIC_NAME
from ..template import Environment

RESOLVED_RETENTION_S: Final = 900.0
"""How long a resolved alert is remembered. Source: resolvedRetention in Prometheus' rules/alerting.go."""

ALERT_NAME: Final = "alertname"

_FNV_OFFSET: Final = 14695981039346656037
_FNV_PRIME: Final = 1099511628211
_FNV_MASK: Final = 2**64 - 1
"""The parameters of 64-bit FNV-1a. Source: http://www.isthe.com/chongo/tech/comp/fnv/"""


class RuleError(Exception):
    """A rule's result that Prometheus refuses; the rule's state stays as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleState:
    """What an alerting rule remembers from one evaluation to the next."""

    alerts: tuple[Alert, ...] = ()
    """Pending, firing, and lately resolved ones; each fingerprint once."""
    held: frozenset[Fingerprint] = frozenset()
    """Alerts from before a restart that no evaluation has seen again: they keep their state until `held_until`."""
    held_until: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What labels and annotations may show beside the sample."""

    environment: Environment
    external_labels: Labels = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """What one evaluation came to."""

    state: RuleState
    transitions: tuple[Alert, ...] = field(default=())
    """The alerts whose state changed, as they are now; a pending one that is gone is not among them."""
    error: str | None = None
    """The rule's limit was exceeded: all its alerts are gone."""


@lru_cache(maxsize=1024)
def fingerprint(labels: Labels) -> Fingerprint:
    """The hash of an alert's labels, the same as Alertmanager's: 64-bit FNV-1a (prometheus/common, model/fnv.go)."""
    number = _FNV_OFFSET
    for byte in b"".join(part.encode() + b"\xff" for pair in labels for part in pair):
        number = (number ^ byte) * _FNV_PRIME & _FNV_MASK
    return Fingerprint(f"{number:016x}")


def advance(
    rule: AlertingRule,
    state: RuleState,
    vector: tuple[Sample, ...],
    at: float,
    surroundings: Surroundings,
    limit: int = 0,
) -> Advanced:
    """One evaluation of a rule whose query succeeded; if it failed, there is nothing to advance.

    Args:
        rule: the rule.
        state: as the last evaluation left it.
        vector: the query's result.
        at: the evaluation's time, Unix seconds.
        surroundings: for the templates.
        limit: the most alerts the rule may have; 0: any number.

    Raises:
        RuleError: two elements have the same labels once the rule's own are on them.
    """
    present = _present(rule, vector, at, surroundings)
    known = {alert.fingerprint: alert for alert in state.alerts}
    held = frozenset(state.held - present.keys()) if at < state.held_until else frozenset()
    moved: list[Alert] = []
    for mark in (*known, *(mark for mark in present if mark not in known)):
        alert = _move(rule, known.get(mark), present.get(mark), at, held=mark in held)
        if alert is not None:
            moved.append(alert)
    active = sum(alert.state is not AlertState.INACTIVE for alert in moved)
    if limit and active > limit:
        return Advanced(state=RuleState(), error=f"exceeded limit of {limit} with {active} alerts")
    changed = tuple(
        alert for alert in moved if alert.fingerprint not in known or known[alert.fingerprint].state is not alert.state
    )
    return Advanced(state=RuleState(alerts=tuple(moved), held=held, held_until=state.held_until), transitions=changed)


def _move(rule: AlertingRule, known: Alert | None, seen: Alert | None, at: float, *, held: bool) -> Alert | None:
    """One alert's next state; None: it is forgotten."""
    if seen is not None:
        current = seen
        if known is not None and known.state is not AlertState.INACTIVE:
            current = replace(known, value=seen.value, annotations=seen.annotations, keep_firing_since=None)
        return _fired(rule, current, at)
    if known is None or held:
        return known
    match known.state:
        case AlertState.PENDING:
            return None
        case AlertState.FIRING:
            return _missing(rule, known, at)
        case AlertState.INACTIVE:
            resolved_at = at if known.resolved_at is None else known.resolved_at
            return None if at - resolved_at > RESOLVED_RETENTION_S else known


def _fired(rule: AlertingRule, alert: Alert, at: float) -> Alert:
    if alert.state is AlertState.PENDING and _ms(at - alert.active_at) >= rule.for_ms:
        return replace(alert, state=AlertState.FIRING, fired_at=at)
    return alert


def _missing(rule: AlertingRule, alert: Alert, at: float) -> Alert:
    """A firing alert that the result lacks: kept firing for a while, or resolved."""
    since = at if alert.keep_firing_since is None else alert.keep_firing_since
    if _ms(at - since) < rule.keep_firing_for_ms:
        return replace(alert, keep_firing_since=since)
    return replace(alert, state=AlertState.INACTIVE, resolved_at=at)


def _ms(seconds: float) -> int:
    """Whole milliseconds, so that 0.1 + 0.2 is 0.3."""
    return round(seconds * 1000)


def _present(
    rule: AlertingRule, vector: tuple[Sample, ...], at: float, surroundings: Surroundings
) -> Mapping[Fingerprint, Alert]:
    """A pending alert for each element, by fingerprint."""
    alerts: dict[Fingerprint, Alert] = {}
    for sample in vector:
        alert = _alert(rule, sample, at, surroundings)
        if alert.fingerprint in alerts:
            raise RuleError("vector contains metrics with the same labelset after applying alert labels")
        alerts[alert.fingerprint] = alert
    return alerts


def _alert(rule: AlertingRule, sample: Sample, at: float, surroundings: Surroundings) -> Alert:
    own = _expanded(rule.labels, sample, surroundings)
    labels = with_labels(sample.labels, {METRIC_NAME: "", **own, ALERT_NAME: rule.name})
    return Alert(
        fingerprint=fingerprint(labels),
        labels=labels,
        annotations=tuple(_expanded(rule.annotations, sample, surroundings).items()),
        state=AlertState.PENDING,
        value=sample.value,
        active_at=at,
    )


def _expanded(templates: Templates, sample: Sample, surroundings: Surroundings) -> dict[str, str]:
    return {
        name: template.expand(
            labels=sample.labels,
            value=sample.value,
            external_labels=surroundings.external_labels,
            environment=surroundings.environment,
        )
        for name, template in templates
    }


def with_labels(labels: Labels, changes: Mapping[str, str]) -> Labels:
    """The labels with some set anew; an empty value takes a label away."""
    return tuple(sorted((name, value) for name, value in {**dict(labels), **changes}.items() if value))
