from __future__ import annotations

import pytest

from alerts.model import Alert, AlertState, Sample
from alerts.rulefile import AlertingRule, read_rules, rule_options
from alerts.state import GRACE_S, RuleState, Surroundings, advance, fingerprint, restore
from alerts.template import Environment

LABELS = (("alertname", "A"),)
UP = (Sample((("__name__", "up"),), 1.0),)


def alerting(fields: str = "", expr: str = "up") -> AlertingRule:
    text = f"groups: [{{name: g, rules: [{{alert: A, expr: '{expr}', {fields}}}]}}]"
    rule = read_rules(text, "r.yml", options=rule_options(15))[0].rules[0]
    assert isinstance(rule, AlertingRule)
    return rule


def alert(state: AlertState, active_at: float, resolved_at: float | None = None) -> Alert:
    return Alert(
        fingerprint=fingerprint(LABELS),
        labels=LABELS,
        annotations=(),
        state=state,
        value=1.0,
        active_at=active_at,
        fired_at=None if state is AlertState.PENDING else active_at,
        resolved_at=resolved_at,
    )


def at(rule: AlertingRule, state: RuleState, vector: tuple[Sample, ...], now: float) -> RuleState:
    environment = Environment(at=now, external_url="", query=lambda _: ())
    return advance(rule, state, vector, now, Surroundings(environment=environment)).state


@pytest.mark.parametrize(
    ("wait", "active_at", "down_at", "now", "expected"),
    [
        # Less than the grace period to wait at all: it waits anew.
        ("5m", 0, 200, 260, 260),
        # 20 of 60 minutes waited, 10 minutes down: they do not count.
        ("1h", 0, 1200, 1800, 600),
        # 55 of 60 minutes waited: it fires after the grace period.
        ("1h", 0, 3300, 3900, 3900 + GRACE_S - 3600),
        # All of it waited: it fires at the next evaluation.
        ("1h", 0, 3600, 3900, 0),
    ],
)
def test_makes_up_for_the_outage_as_prometheus(
    wait: str, active_at: float, down_at: float, now: float, expected: float
) -> None:
    state = restore(alerting(f"for: {wait}"), [alert(AlertState.PENDING, active_at)], down_at, now)
    assert state.alerts[0].active_at == expected


def test_forgets_everything_after_an_hour() -> None:
    alerts = [alert(AlertState.FIRING, 0)]
    assert restore(alerting(), alerts, 100, 3701) == RuleState()
    assert restore(alerting(), alerts, 100, 3700).alerts == tuple(alerts)
    assert restore(alerting(), alerts, 100, 1e6, float("inf")).alerts == tuple(alerts)


def test_goes_on_firing_without_waiting_again() -> None:
    rule = alerting("for: 5m")
    state = at(rule, restore(rule, [alert(AlertState.FIRING, 0)], 400, 460), UP, 460)
    assert (state.alerts[0].state, state.alerts[0].active_at) == (AlertState.FIRING, 0)


@pytest.mark.parametrize("before", [AlertState.FIRING, AlertState.PENDING])
def test_holds_what_it_has_not_seen_again_until_the_samples_are_back(before: AlertState) -> None:
    rule = alerting("for: 1h")
    state = restore(rule, [alert(before, 0)], 100, 200)
    assert at(rule, state, (), 200).alerts[0].state is before
    assert at(rule, state, (), state.held_until - 1).alerts[0].state is before
    after = at(rule, state, (), state.held_until).alerts
    assert [one.state for one in after] == ([AlertState.INACTIVE] if before is AlertState.FIRING else [])


def test_no_longer_holds_what_it_has_seen_again() -> None:
    rule = alerting()
    state = at(rule, restore(rule, [alert(AlertState.FIRING, 0)], 100, 200), UP, 200)
    assert at(rule, state, (), 215).alerts[0].resolved_at == 215


def test_holds_as_long_as_ranges_take_to_fill_up_to_the_grace_period() -> None:
    def held(expr: str) -> float:
        return restore(alerting(expr=expr), [alert(AlertState.FIRING, 0)], 100, 200).held_until - 200

    assert held("up") == 120
    assert held("rate(up[10m])") == 120 + 300
    assert held("rate(up[1d])") == GRACE_S


def test_still_tells_of_what_was_resolved_before() -> None:
    rule = alerting()
    resolved = alert(AlertState.INACTIVE, 0, resolved_at=90)
    state = at(rule, restore(rule, [resolved], 100, 200), (), 200)
    assert state.alerts == (resolved,)
