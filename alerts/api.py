"""Rules and alerts to the JSON of Prometheus' `/api/v1/alerts` and `/api/v1/rules`.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/#rules
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias

from .gofloat import scientific
from .model import Alert, Labels
from .rulefile import AlertingRule, RecordingRule
from .state.status import GroupStatus, RuleStatus

Handler: TypeAlias = Callable[[Mapping[str, str]], bytes]
"""The parameters of a GET request to the body of the answer, as `CONTENT_TYPE`."""

CONTENT_TYPE: Final = "application/json"
_NEVER: Final = "0001-01-01T00:00:00Z"
"""Go's zero time."""

_Json: TypeAlias = "str | int | float | bool | Mapping[str, _Json] | list[_Json]"


def routes(status: Callable[[], tuple[GroupStatus, ...]]) -> Mapping[str, Handler]:
    """The handlers by path; `status` is called from the server's threads."""
    return {
        "/api/v1/alerts": lambda _: alerts_json(status()),
        "/api/v1/rules": lambda parameters: rules_json(status(), parameters),
    }


def alerts_json(groups: Iterable[GroupStatus]) -> bytes:
    """All pending and firing alerts."""
    alerts = [_alert(alert) for group in groups for rule in group.rules for alert in rule.active]
    return _answer({"alerts": list(alerts)})


def rules_json(groups: Iterable[GroupStatus], parameters: Mapping[str, str]) -> bytes:
    """All groups; `type` (`alert`, `record`) chooses rules, `exclude_alerts=true` leaves their alerts out."""
    kind = parameters.get("type")
    with_alerts = parameters.get("exclude_alerts") != "true"
    chosen = {"alert": (AlertingRule,), "record": (RecordingRule,)}.get(kind or "", (AlertingRule, RecordingRule))
    shown: list[_Json] = []
    for group in groups:
        rules: list[_Json] = [
            _rule(rule, with_alerts=with_alerts) for rule in group.rules if isinstance(rule.rule, chosen)
        ]
        if rules or not kind:
            shown.append(_group(group, rules))
    return _answer({"groups": shown})


def _answer(data: Mapping[str, _Json]) -> bytes:
    return json.dumps({"status": "success", "data": data}, separators=(",", ":")).encode()


def _group(group: GroupStatus, rules: list[_Json]) -> _Json:
    return {
        "name": group.group.name,
        "file": group.group.file,
        "rules": rules,
        "interval": group.interval_s,
        "limit": group.group.limit,
        "evaluationTime": group.duration_s,
        "lastEvaluation": _time(group.evaluated_at),
    }


def _rule(status: RuleStatus, *, with_alerts: bool) -> _Json:
    rule = status.rule
    last: Mapping[str, _Json] = {
        "health": status.health.value,
        **({"lastError": status.error} if status.error else {}),
        "evaluationTime": status.duration_s,
        "lastEvaluation": _time(status.evaluated_at),
    }
    if isinstance(rule, RecordingRule):
        named: Mapping[str, _Json] = {"name": rule.name, "query": rule.query.text, "labels": _labels(rule.labels)}
        return {**named, **last, "type": "recording"}
    return {
        "state": status.state.value,
        "name": rule.name,
        "query": rule.query.text,
        "duration": rule.for_ms / 1000,
        "keepFiringFor": rule.keep_firing_for_ms / 1000,
        "labels": {name: template.text for name, template in rule.labels},
        "annotations": {name: template.text for name, template in rule.annotations},
        "alerts": [_alert(alert) for alert in status.active] if with_alerts else [],
        **last,
        "type": "alerting",
    }


def _alert(alert: Alert) -> _Json:
    since = alert.keep_firing_since
    return {
        "labels": _labels(alert.labels),
        "annotations": _labels(alert.annotations),
        "state": alert.state.value,
        "activeAt": _time(alert.active_at),
        **({} if since is None else {"keepFiringSince": _time(since)}),
        "value": scientific(alert.value),
    }


def _labels(labels: Labels) -> _Json:
    return dict(labels)


def _time(at: float | None) -> str:
    if at is None:
        return _NEVER
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z").replace(".000Z", "Z")
