"""A rule's alerts from before an outage to the state in which it goes on.

Pending time is made up for as Prometheus does after a restart (rules/group.go, RestoreForState). Beyond that, alerts
are held in their state until they are seen again or `held_until`: the samples behind them are gone with the outage,
and an alert that ended only for that would be told as resolved and then told anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from ..model import Alert, AlertState
from ..rulefile import AlertingRule
from ..store import LOOKBACK_MS
from .alerting import RuleState

OUTAGE_TOLERANCE_S: Final = 3600.0
"""After a longer outage nothing is taken up again. Prometheus: `--rules.alert.for-outage-tolerance`."""
GRACE_S: Final = 600.0
"""The least pending time after an outage, of rules that wait as long at all. `--rules.alert.for-grace-period`."""
SETTLING_S: Final = 120.0
"""What reading the logs again and the first scrapes may take; the least time that alerts are held."""


def restore(
    rule: AlertingRule,
    alerts: Iterable[Alert],
    down_at: float,
    at: float,
    tolerance_s: float = OUTAGE_TOLERANCE_S,
) -> RuleState:
    """The state in which a rule goes on after an outage.

    Alerts are held for as long as the ranges of the rule's query take to fill again, at most `GRACE_S`.

    Args:
        rule: the rule.
        alerts: as its last evaluation left them.
        down_at: when that was.
        at: the first evaluation's time.
        tolerance_s: after a longer outage nothing is taken up again.
    """
    if at - down_at > tolerance_s:
        return RuleState()
    restored = tuple(_shifted(rule, alert, down_at, at) for alert in alerts)
    return RuleState(
        alerts=restored,
        held=frozenset(alert.fingerprint for alert in restored if alert.state is not AlertState.INACTIVE),
        held_until=at + min(GRACE_S, SETTLING_S + (rule.query.lookback_ms - LOOKBACK_MS) / 1000),
    )


def _shifted(rule: AlertingRule, alert: Alert, down_at: float, at: float) -> Alert:
    """A pending alert with the outage taken out of its pending time."""
    if alert.state is not AlertState.PENDING:
        return alert
    hold = rule.for_ms / 1000
    if hold < GRACE_S:
        return replace(alert, active_at=at)
    remaining = hold - (down_at - alert.active_at)
    if remaining <= 0:
        return alert
    if remaining < GRACE_S:
        return replace(alert, active_at=at + GRACE_S - hold)
    return replace(alert, active_at=alert.active_at + at - down_at)
