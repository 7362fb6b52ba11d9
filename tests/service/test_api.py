from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Final

import pytest

from alerts.api import alerts_json, routes, rules_json
from alerts.model import Alert, AlertState, Fingerprint
from alerts.rulefile import read_rules, rule_options
from alerts.state.status import GroupStatus, Health, RuleStatus

RULES: Final = """\
groups:
  - name: g
    limit: 7
    rules:
      - {record: 'a:b', expr: sum(up), labels: {kind: x}}
      - alert: A
        expr: up > 3
        for: 1m
        keep_firing_for: 30s
        labels: {severity: warning}
        annotations: {text: '{{ $value }}'}
"""


def alert(state: AlertState, value: float = 1e6, keep_firing_since: float | None = None) -> Alert:
    return Alert(
        fingerprint=Fingerprint(state.value),
        labels=(("alertname", "A"), ("run", "r")),
        annotations=(("text", "1e+06"),),
        state=state,
        value=value,
        active_at=1_700_000_000.0,
        keep_firing_since=keep_firing_since,
    )


def group(*alerts: Alert) -> GroupStatus:
    (read,) = read_rules(RULES, "r.yml", options=rule_options(15))
    record, alerting = read.rules
    return GroupStatus(
        group=read,
        interval_s=15.0,
        rules=(
            RuleStatus(rule=record),
            RuleStatus(
                rule=alerting,
                alerts=alerts,
                health=Health.ERROR,
                error="why",
                evaluated_at=1_700_000_000.25,
                duration_s=0.5,
            ),
        ),
        evaluated_at=1_700_000_000.25,
        duration_s=0.75,
    )


FIRING: Final = {
    "labels": {"alertname": "A", "run": "r"},
    "annotations": {"text": "1e+06"},
    "state": "firing",
    "activeAt": "2023-11-14T22:13:20Z",
    "keepFiringSince": "2023-11-14T22:13:30.500Z",
    "value": "1e+06",
}


def test_shows_alerts_as_prometheus() -> None:
    shown = alert(AlertState.FIRING, keep_firing_since=1_700_000_010.5)
    answer = json.loads(alerts_json([group(shown, alert(AlertState.INACTIVE))]))
    assert answer == {"status": "success", "data": {"alerts": [FIRING]}}


def test_shows_rules_as_prometheus() -> None:
    shown = alert(AlertState.FIRING, keep_firing_since=1_700_000_010.5)
    answer = json.loads(rules_json([group(shown)], {}))
    assert answer["data"]["groups"] == [
        {
            "name": "g",
            "file": "r.yml",
            "interval": 15.0,
            "limit": 7,
            "evaluationTime": 0.75,
            "lastEvaluation": "2023-11-14T22:13:20.250Z",
            "rules": [
                {
                    "name": "a:b",
                    "query": "sum(up)",
                    "labels": {"kind": "x"},
                    "health": "unknown",
                    "evaluationTime": 0.0,
                    "lastEvaluation": "0001-01-01T00:00:00Z",
                    "type": "recording",
                },
                {
                    "state": "firing",
                    "name": "A",
                    "query": "up > 3",
                    "duration": 60.0,
                    "keepFiringFor": 30.0,
                    "labels": {"severity": "warning"},
                    "annotations": {"text": "{{ $value }}"},
                    "alerts": [FIRING],
                    "health": "err",
                    "lastError": "why",
                    "evaluationTime": 0.5,
                    "lastEvaluation": "2023-11-14T22:13:20.250Z",
                    "type": "alerting",
                },
            ],
        }
    ]


@pytest.mark.parametrize(
    ("parameters", "names"), [({"type": "alert"}, ["A"]), ({"type": "record"}, ["a:b"]), ({}, ["a:b", "A"])]
)
def test_shows_rules_of_one_type(parameters: Mapping[str, str], names: list[str]) -> None:
    answer = json.loads(rules_json([group()], parameters))
    assert [rule["name"] for rule in answer["data"]["groups"][0]["rules"]] == names


def test_leaves_alerts_out_where_asked() -> None:
    answer = json.loads(rules_json([group(alert(AlertState.PENDING))], {"type": "alert", "exclude_alerts": "true"}))
    (rule,) = answer["data"]["groups"][0]["rules"]
    assert (rule["alerts"], rule["state"]) == ([], "pending")


@pytest.mark.parametrize(
    ("value", "shown"), [(math.nan, "NaN"), (-math.inf, "-Inf"), (0.0, "0e+00"), (12.5, "1.25e+01"), (1e-7, "1e-07")]
)
def test_shows_values_as_go(value: float, shown: str) -> None:
    answer = json.loads(alerts_json([group(alert(AlertState.PENDING, value))]))
    assert answer["data"]["alerts"][0]["value"] == shown


def test_serves_the_present_state_under_the_paths_of_prometheus() -> None:
    present: list[GroupStatus] = []
    handlers = routes(lambda: tuple(present))
    assert json.loads(handlers["/api/v1/alerts"]({}))["data"]["alerts"] == []
    present.append(group(alert(AlertState.FIRING)))
    assert len(json.loads(handlers["/api/v1/alerts"]({}))["data"]["alerts"]) == 1
    assert len(json.loads(handlers["/api/v1/rules"]({}))["data"]["groups"]) == 1
