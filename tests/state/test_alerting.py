from __future__ import annotations

import math
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model import AlertState, Sample
from alerts.rulefile import AlertingRule, RecordingRule, read_rules, rule_options
from alerts.state import (
    RESOLVED_RETENTION_S,
    Advanced,
    RuleError,
    RuleState,
    Surroundings,
    advance,
    alert_samples,
    ended,
    fingerprint,
    record,
)
from alerts.store import is_stale
from alerts.template import Environment

INTERVAL = 15


def alerting(fields: str = "", labels: str = "{}") -> AlertingRule:
    text = f"groups: [{{name: g, rules: [{{alert: A, expr: up, labels: {labels}, {fields}}}]}}]"
    rule = read_rules(text, "r.yml", options=rule_options(15))[0].rules[0]
    assert isinstance(rule, AlertingRule)
    return rule


def sample(value: float = 1.0, **labels: str) -> Sample:
    return Sample(tuple(sorted({"__name__": "up", **labels}.items())), value)


def step(rule: AlertingRule, state: RuleState, vector: Iterable[Sample], at: float, limit: int = 0) -> Advanced:
    environment = Environment(at=at, external_url="", query=lambda _: ())
    return advance(rule, state, tuple(vector), at, Surroundings(environment=environment), limit)


def states(rule: AlertingRule, seen: str) -> str:
    """One letter for each evaluation: p(ending), f(iring), r(esolved), `.` for no alert. `x` means: in the result."""
    letters = {AlertState.PENDING: "p", AlertState.FIRING: "f", AlertState.INACTIVE: "r"}
    state, shown = RuleState(), ""
    for number, mark in enumerate(seen):
        state = step(rule, state, [sample()] if mark == "x" else [], number * INTERVAL).state
        shown += letters[state.alerts[0].state] if state.alerts else "."
    return shown


@pytest.mark.parametrize(
    ("fields", "seen", "expected"),
    [
        ("", "-xx--x", ".ffrrf"),
        ("for: 30s", "xxxx--", "ppffrr"),
        ("for: 30s", "xx-xx-", "pp.pp."),
        ("for: 31s", "xxxx", "pppf"),
        ("keep_firing_for: 30s", "x---x-", "fffrff"),
        ("keep_firing_for: 30s", "x--x---", "ffffffr"),
        # Measured with promtool: fires from 30 s to 75 s, resolved at 90 s.
        ("for: 30s, keep_firing_for: 30s", "xxxx----", "ppffffrr"),
        ("for: 30s, keep_firing_for: 30s", "xxx--xx----", "ppfffffffrr"),
        # A resolved alert that returns begins anew.
        ("for: 15s", "xx-xx", "pfrpf"),
    ],
)
def test_moves_alerts_as_prometheus(fields: str, seen: str, expected: str) -> None:
    assert states(alerting(fields), seen) == expected


def test_remembers_a_resolved_alert_for_a_quarter_of_an_hour() -> None:
    rule = alerting()
    state = step(rule, step(rule, RuleState(), [sample()], 0).state, [], 15).state
    assert step(rule, state, [], 15 + RESOLVED_RETENTION_S).state.alerts[0].resolved_at == 15
    assert step(rule, state, [], 16 + RESOLVED_RETENTION_S).state.alerts == ()


def test_puts_labels_on_alerts_in_the_order_of_prometheus() -> None:
    rule = alerting(labels="{severity: '{{ $labels.run }}', host: '', alertname: no, level: '{{ $value }}'}")
    alert = step(rule, RuleState(), [sample(1e6, run="r", host="h", severity="s")], 0).state.alerts[0]
    assert dict(alert.labels) == {"alertname": "A", "severity": "r", "run": "r", "level": "1e+06"}
    assert alert.fingerprint == fingerprint(alert.labels)


def test_renews_value_and_annotations_but_not_the_start() -> None:
    rule = alerting("annotations: {text: 'at {{ $value }}'}")
    first = step(rule, RuleState(), [sample(1)], 10)
    second = step(rule, first.state, [sample(math.inf)], 25)
    alert = second.state.alerts[0]
    assert (alert.value, alert.annotations, alert.active_at, alert.fired_at) == (
        math.inf,
        (("text", "at +Inf"),),
        10,
        10,
    )
    assert second.transitions == ()


def test_tells_the_alerts_that_changed() -> None:
    rule = alerting("for: 15s")
    state, told = RuleState(), []
    for at, vector in ((0, [sample(run="a")]), (15, [sample(run="a"), sample(run="b")]), (30, [sample(run="b")])):
        advanced = step(rule, state, vector, at)
        state = advanced.state
        told.append([(dict(alert.labels)["run"], alert.state.value) for alert in advanced.transitions])
    assert told == [
        [("a", "pending")],
        [("a", "firing"), ("b", "pending")],
        [("a", "inactive"), ("b", "firing")],
    ]


def test_refuses_two_alerts_with_equal_labels() -> None:
    rule = alerting(labels="{run: same}")
    state = step(rule, RuleState(), [sample(run="a")], 0).state
    with pytest.raises(RuleError, match="same labelset"):
        step(rule, state, [sample(run="a"), sample(run="b")], 15)


def test_drops_all_alerts_beyond_the_limit() -> None:
    rule = alerting()
    both = [sample(run="a"), sample(run="b")]
    assert step(rule, RuleState(), both, 0, limit=2).error is None
    beyond = step(rule, RuleState(), both, 0, limit=1)
    assert (beyond.state, beyond.error) == (RuleState(), "exceeded limit of 1 with 2 alerts")


def test_does_not_count_resolved_alerts_against_the_limit() -> None:
    rule = alerting()
    state = step(rule, RuleState(), [sample(run="a")], 0, limit=1).state
    assert step(rule, state, [sample(run="b")], 15, limit=1).error is None


def test_writes_the_series_of_active_alerts() -> None:
    rule = alerting("for: 15s")
    state = RuleState()
    for at, runs in ((0.5, "ab"), (15.5, "abc"), (30.5, "bc")):
        state = step(rule, state, [sample(run=run) for run in runs], at).state
    assert {(*written.labels, written.value) for written in alert_samples(state.alerts)} == {
        (("__name__", "ALERTS"), ("alertname", "A"), ("alertstate", "firing"), ("run", "b"), 1.0),
        (("__name__", "ALERTS"), ("alertname", "A"), ("alertstate", "firing"), ("run", "c"), 1.0),
        (("__name__", "ALERTS_FOR_STATE"), ("alertname", "A"), ("run", "b"), 0.0),
        (("__name__", "ALERTS_FOR_STATE"), ("alertname", "A"), ("run", "c"), 15.0),
    }


def test_ends_the_series_that_are_written_no_more() -> None:
    before = [sample(run="a").labels, sample(run="b").labels]
    (marker,) = ended(before, [sample(run="b")])
    assert marker.labels == before[0]
    assert is_stale(marker.value)


def recording(labels: str = "{}") -> RecordingRule:
    text = f"groups: [{{name: g, rules: [{{record: 'a:b', expr: up, labels: {labels}}}]}}]"
    rule = read_rules(text, "r.yml", options=rule_options(15))[0].rules[0]
    assert isinstance(rule, RecordingRule)
    return rule


def test_records_under_the_name_and_labels_of_the_rule() -> None:
    (written,) = record(recording("{kind: x, host: ''}"), (sample(2, run="a", host="h"),))
    assert written == Sample((("__name__", "a:b"), ("kind", "x"), ("run", "a")), 2)


def test_refuses_to_record_equal_labels_or_beyond_the_limit() -> None:
    two = (sample(run="a"), sample(run="b"))
    with pytest.raises(RuleError, match="same labelset"):
        record(recording("{run: x}"), two)
    with pytest.raises(RuleError, match="exceeded limit of 1 with 2 series"):
        record(recording(), two, limit=1)
    assert len(record(recording(), two, limit=2)) == 2


@given(
    st.integers(0, 4),
    st.integers(0, 4),
    st.lists(st.booleans(), max_size=30),
)
def test_never_fires_early_and_never_forgets_to_resolve(wait: int, keep: int, seen: list[bool]) -> None:
    rule = alerting(f"for: {wait * INTERVAL}s, keep_firing_for: {keep * INTERVAL}s")
    shown = states(rule, "".join("x" if mark else "-" for mark in seen))
    for number, letter in enumerate(shown):
        if letter == "f" and shown[number - 1 : number] != "f":
            assert all(seen[number - wait : number + 1])
        if letter == "f" and not seen[number]:
            assert any(seen[max(0, number - keep) : number])
        if letter == "." and number:
            assert shown[number - 1] in "p."


def test_hashes_labels_as_alertmanager() -> None:
    """The values of the test of prometheus/common, model/signature_test.go."""
    assert int(fingerprint(()), 16) == 14695981039346656037
    labels = (("fear", "love is not enough"), ("name", "garland, briggs"))
    assert int(fingerprint(labels), 16) == 5799056148416392346
