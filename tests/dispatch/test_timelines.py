"""What is told when, as timelines: `0:A,B 120:A` fires A and B from 0 s and A alone from 120 s."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.dispatch import Groups, advance
from alerts.model import Alert, AlertState, Inhibition, LogEntry, NotifyReason, Route
from tests.support.alerting import alert

EVALUATION_S = 5
RESOLVED_RETENTION_S = 900
ROUTE = Route(group_by=("group",), group_wait_s=10, group_interval_s=300, repeat_interval_s=3600)


def named(name: str) -> Alert:
    """`A`: an alert; `!A`: about an event; `A/2`: of group 2; `Critical…` and `Warning…` have these severities."""
    title, _, group = name.lstrip("!").partition("/")
    severity = next((word for word in ("critical", "warning") if title.lower().startswith(word)), "info")
    annotations = {"notify_resolved": "false"} if name.startswith("!") else {}
    return alert(title, group=group or "1", severity=severity, annotations=annotations)


def fires(timeline: str) -> dict[int, list[str]]:
    steps = [step.partition(":") for step in timeline.split()]
    return {int(at): [name for name in names.split(",") if name] for at, _, names in steps}


def told(timeline: str, until: int, route: Route = ROUTE, restart_at: tuple[int, ...] = ()) -> list[str]:
    """Each notification as `10 first +A -B`."""
    schedule, active, lately = fires(timeline), dict[str, Alert](), dict[str, Alert]()
    groups: Groups = ()
    log: dict[tuple[str, str], LogEntry] = {}
    lines: list[str] = []
    for now in range(0, until + 1, EVALUATION_S):
        if now in schedule:
            wanted = schedule[now]
            for name in [name for name in active if name not in wanted]:
                lately[name] = replace(active.pop(name), state=AlertState.INACTIVE, resolved_at=float(now))
            for name in wanted:
                active.setdefault(name, replace(named(name), fired_at=float(now)))
                lately.pop(name, None)
        lately = {name: a for name, a in lately.items() if now - (a.resolved_at or 0) <= RESOLVED_RETENTION_S}
        if now in restart_at:
            groups = ()
        step = advance(
            groups, [*active.values(), *lately.values()], log.values(), route=route, receivers=("r",), now=float(now)
        )
        groups = step.groups
        for decision in step.decisions:
            log[decision.entry.group_key, decision.entry.receiver] = decision.entry
            if (sent := decision.notification) is not None:
                parts = [f"+{a.name}" for a in sent.firing] + [f"-{a.name}" for a in sent.resolved]
                lines.append(f"{now} {sent.reason.value} {' '.join(sorted(parts))}")
        log = {key: entry for key, entry in log.items() if entry.firing}
    return lines


@pytest.mark.parametrize(
    ("timeline", "until", "expected"),
    [
        pytest.param("0:A", 60, ["10 first +A"], id="a new group waits group_wait"),
        pytest.param("0:A 5:A,B", 60, ["10 first +A +B"], id="what joins meanwhile is told with it"),
        pytest.param("0:A 5:", 2000, [], id="what resolves within group_wait is never told"),
        pytest.param("0:A,B 5:A", 60, ["10 first +A"], id="nor is it told as resolved"),
        pytest.param("0:A 20:A,B", 400, ["10 first +A", "310 new firing +A +B"], id="a later one waits group_interval"),
        pytest.param("0:A 20:", 400, ["10 first +A", "310 all resolved -A"], id="resolved at the next tick"),
        pytest.param(
            "0:A,B 20:A", 400, ["10 first +A +B", "310 new resolved +A -B"], id="one of two resolved, the other remains"
        ),
        pytest.param("0:A 20: 40:A", 400, ["10 first +A"], id="a flap between two ticks is not told"),
        pytest.param(
            "0:A 20:A,B 40:A", 700, ["10 first +A"], id="one that came and went between two ticks is not told"
        ),
        pytest.param(
            "0:A 20: 400:A", 500, ["10 first +A", "310 all resolved -A", "410 first +A"], id="a group begins anew"
        ),
        pytest.param("0:A", 7300, ["10 first +A", "3610 repeat +A", "7210 repeat +A"], id="repeated each interval"),
        pytest.param(
            "0:A 20: 40:B",
            400,
            ["10 first +A", "310 new firing +B -A"],
            id="a pair of messages is group_interval apart",
        ),
        pytest.param(
            "0:!E 20: 400:A", 500, ["10 first +E", "410 new firing +A"], id="an event that is over delays none"
        ),
        pytest.param("0:A,B/2 5:A,B/2", 60, ["10 first +A", "10 first +B"], id="groups are told apart"),
        pytest.param("0:!E 20:", 2000, ["10 first +E"], id="an event is not resolved"),
        pytest.param("0:!E 5:", 2000, ["10 first +E"], id="an event that ended before its group was due is told"),
        pytest.param(
            "0:A 20:A,!E 40:A", 700, ["10 first +A", "310 new firing +A +E"], id="so is one between two ticks"
        ),
        pytest.param(
            "0:A,!E 20:A 700:A,!E",
            1000,
            ["10 first +A +E", "910 new firing +A +E"],
            id="an event that happens again is told again",
        ),
        pytest.param(
            "0:!E 20: 40:!E", 400, ["10 first +E", "310 first +E"], id="even if it happens again before the next tick"
        ),
        pytest.param("0:!E,A 20:", 400, ["10 first +A +E", "310 all resolved -A"], id="only the rest is resolved"),
    ],
)
def test_timeline(timeline: str, until: int, expected: list[str]) -> None:
    assert told(timeline, until) == expected


def test_without_send_resolved_the_end_is_not_told_and_the_next_beginning_is() -> None:
    route = replace(ROUTE, send_resolved=False)
    assert told("0:A,B 20:B 700:A,B", 1000, route) == ["10 first +A +B", "910 new firing +A +B"]
    assert told("0:A 20: 700:A", 1000, route) == ["10 first +A", "710 first +A"]


CRITICAL_MUTES_WARNING = replace(
    ROUTE,
    inhibitions=(Inhibition(source=(("severity", "critical"),), target=(("severity", "warning"),), equal=("group",)),),
)


@pytest.mark.parametrize(
    ("timeline", "until", "expected"),
    [
        pytest.param("0:Critical,Warning", 400, ["10 first +Critical"], id="the lesser one is not told"),
        pytest.param("0:Critical/1,Warning/2", 60, ["10 first +Critical", "10 first +Warning"], id="equal must agree"),
        pytest.param(
            "0:Critical,Warning 20:Warning",
            400,
            ["10 first +Critical", "310 new firing +Warning -Critical"],
            id="it is told once the greater one is over",
        ),
        pytest.param(
            "0:Warning 20:Warning,Critical 400:",
            700,
            ["10 first +Warning", "310 new firing +Critical", "610 all resolved -Critical -Warning"],
            id="what was told before is resolved",
        ),
        pytest.param(
            "0:Warning 20:Warning,Critical 400:Critical",
            1000,
            ["10 first +Warning", "310 new firing +Critical", "610 new resolved +Critical -Warning"],
            id="even while the greater one fires",
        ),
        pytest.param("0:Critical,!WarningE 20:Critical", 700, ["10 first +Critical"], id="a muted event is not told"),
    ],
)
def test_inhibition(timeline: str, until: int, expected: list[str]) -> None:
    assert told(timeline, until, CRITICAL_MUTES_WARNING) == expected


def test_an_alert_on_both_sides_is_not_inhibited_by_another_one() -> None:
    both = Inhibition(source=(("severity", "critical"),), target=(("severity", "critical"),))
    route = replace(ROUTE, inhibitions=(both,))
    assert told("0:CriticalA,CriticalB", 60, route) == ["10 first +CriticalA +CriticalB"]


@pytest.mark.parametrize("restart_at", [(5,), (10,), (15,), (100,), (305,), (310,), (10, 20, 310, 315)])
def test_a_restart_changes_nothing(restart_at: tuple[int, ...]) -> None:
    timeline = "0:A 20:A,B,!E 50:A,B 400:B 800:"
    assert told(timeline, 1300, restart_at=restart_at) == [
        "10 first +A",
        "310 new firing +A +B +E",
        "610 new resolved +B -A",
        "910 all resolved -B",
    ]


def test_a_repeat_is_counted_over_restarts() -> None:
    assert told("0:A", 3700, restart_at=(5, 1000, 2000, 3000, 3605)) == ["10 first +A", "3610 repeat +A"]


def test_an_alert_that_nobody_mentions_any_more_is_resolved_after_four_minutes() -> None:
    entry = first_entry()
    for missing_for, reason in ((235.0, None), (240.0, NotifyReason.ALL_RESOLVED)):
        start = advance((), (), [entry], route=ROUTE, receivers=("r",), now=290.0)
        route = replace(ROUTE, group_interval_s=missing_for)
        late = advance(
            tuple(replace(group, next_flush=0.0) for group in start.groups),
            (),
            [entry],
            route=route,
            receivers=("r",),
            now=290.0 + missing_for,
        )
        assert [d.notification and d.notification.reason for d in late.decisions] == ([reason] if reason else [])


def first_entry() -> LogEntry:
    step = advance((), [named("A")], (), route=ROUTE, receivers=("r",), now=10.0)
    return step.decisions[0].entry


def test_what_was_told_under_another_grouping_is_forgotten_and_told_anew() -> None:
    entry = first_entry()
    route = replace(ROUTE, group_by=("alertname",))
    step = advance((), [named("A")], [entry], route=route, receivers=("r",), now=20.0)
    forgotten, anew = step.decisions
    assert (forgotten.entry.group_key, forgotten.entry.firing, forgotten.notification) == (entry.group_key, (), None)
    assert anew.notification is not None
    assert anew.notification.reason is NotifyReason.FIRST


def test_every_receiver_is_told_by_what_it_knows() -> None:
    entry = first_entry()
    step = advance((), [named("A")], [entry], route=ROUTE, receivers=("r", "new"), now=310.0)
    assert [(d.entry.receiver, d.entry.at) for d in step.decisions] == [("new", 310.0)]


def test_three_dots_make_each_alert_a_group() -> None:
    route = replace(ROUTE, group_by=("...",))
    assert told("0:A,B", 60, route) == ["10 first +A", "10 first +B"]


def test_a_label_that_is_missing_counts_as_empty() -> None:
    bare, other = alert("Bare"), alert("Other", group="")
    step = advance((), [bare, other], (), route=ROUTE, receivers=("r",), now=10.0)
    assert [len(d.notification.firing) for d in step.decisions if d.notification] in ([2], [1, 1])


def test_a_clock_that_is_set_back_delays_nothing_beyond_an_interval() -> None:
    late = advance((), [alert("A", fired_at=1e6, group="1")], (), route=ROUTE, receivers=("r",), now=1e6)
    step = advance(late.groups, [alert("A", fired_at=1e6, group="1")], (), route=ROUTE, receivers=("r",), now=1000.0)
    assert step.next_due == 1300.0


def test_next_due_is_the_first_group_that_waits() -> None:
    assert advance((), [named("A")], (), route=ROUTE, receivers=("r",), now=0.0).next_due == 10.0
    assert advance((), (), (), route=ROUTE, receivers=("r",), now=0.0).next_due is None


def test_pending_alerts_are_passed_over() -> None:
    pending = replace(named("A"), state=AlertState.PENDING, fired_at=None)
    assert advance((), [pending], (), route=ROUTE, receivers=("r",), now=0.0).groups == ()
