"""Dispatch, log and queue as one machine that crashes anywhere, against what a receiver can know."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from enum import Enum
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from alerts.dispatch import RESOLVE_AFTER_S, Groups, advance, is_event
from alerts.model import Alert, AlertState, Decision, GroupKey, Notification, NotifyReason, Route
from alerts.notification_log import NotificationLog
from tests.support.alerting import alert

ROUTE = Route(group_by=("group",), group_wait_s=10.0, group_interval_s=300.0, repeat_interval_s=1000.0)
RESOLVED_RETENTION_S = 900.0
EVALUATION_S = 15.0
RECEIVER = "slack"

ALERTS = (
    alert("A", group="1"),
    alert("B", group="1"),
    alert("C", group="2"),
    alert("E", group="1", annotations={"notify_resolved": "false"}),
    alert("F", group="3", annotations={"notify_resolved": "false"}),
)
NAMES = st.sampled_from([item.name for item in ALERTS])


class Crash(Enum):
    """Where the process dies."""

    AT_REST = "at rest"
    BEFORE_COMMIT = "before the commit"
    BEFORE_DELIVERY = "before the delivery"
    AFTER_DELIVERY = "between the delivery and its mark"


class Machine(RuleBasedStateMachine):
    """Rules that fire and resolve, a daemon that may die, a receiver that may be away."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now = 1000.0
        self.states: dict[str, Alert] = {}
        self.log = self.open()
        self.groups: Groups = ()
        self.reachable = True
        self.crashes_after_delivery = 0
        self.without_news = 0
        self.believed: set[str] = set()
        self.facts: set[tuple[str, float | None, bool]] = set()
        self.told_at: dict[GroupKey, float] = {}
        self.happened: dict[str, float] = {}

    def open(self) -> NotificationLog:
        return NotificationLog(Path(self.folder.name) / "state.db", self.now)

    def teardown(self) -> None:
        try:
            self.after_a_while_without_change_the_receiver_knows_all()
        finally:
            self.log.close()
            self.folder.cleanup()

    @rule(firing=st.sets(NAMES))
    def alerts_change(self, firing: set[str]) -> None:
        self.now += 1
        for template in ALERTS:
            known = self.states.get(template.name)
            fires = known is not None and known.state is AlertState.FIRING
            if template.name in firing and not fires:
                self.states[template.name] = replace(template, active_at=self.now, fired_at=self.now)
                if is_event(template):
                    self.happened[template.name] = self.now
            elif known is not None and fires and template.name not in firing:
                self.states[template.name] = replace(known, state=AlertState.INACTIVE, resolved_at=self.now)
        self.evaluates()

    @rule(steps=st.sampled_from([1, 2, 7, 21, 68]))
    def time_passes(self, steps: int) -> None:
        for _ in range(steps):
            self.now += EVALUATION_S
            self.evaluates()

    @rule()
    def the_receiver_goes_away_or_comes_back(self) -> None:
        self.reachable = not self.reachable

    @rule(when=st.sampled_from(Crash))
    def crashes(self, when: Crash) -> None:
        if when is not Crash.AT_REST:
            self.now += EVALUATION_S
            self.groups, decisions = self.decide()
            if when is not Crash.BEFORE_COMMIT:
                self.log.commit(decisions)
            if when is Crash.AFTER_DELIVERY and self.reachable and (queued := self.log.take(RECEIVER)) is not None:
                self.receives(queued.notification)
                self.crashes_after_delivery += 1
        self.log.close()
        self.log, self.groups = self.open(), ()

    @rule()
    def a_crash_forgets_what_is_over(self) -> None:
        self.states = {
            name: item for name, item in self.states.items() if item.state is AlertState.FIRING or is_event(item)
        }
        self.crashes(Crash.AT_REST)

    @rule()
    def after_a_while_without_change_the_receiver_knows_all(self) -> None:
        self.reachable = True
        self.time_passes(int((RESOLVE_AFTER_S + 3 * ROUTE.group_interval_s) / EVALUATION_S))
        firing = {name for name, item in self.states.items() if item.state is AlertState.FIRING}
        events = {item.name for item in ALERTS if is_event(item)}
        assert self.believed - events == firing - events
        assert {(name, at, True) for name, at in self.happened.items()} <= self.facts

    @invariant()
    def messages_without_news_are_at_most_one_for_each_crash_after_a_delivery(self) -> None:
        assert self.without_news <= self.crashes_after_delivery

    def decide(self) -> tuple[Groups, tuple[Decision, ...]]:
        self.states = {
            name: item
            for name, item in self.states.items()
            if item.resolved_at is None or self.now - item.resolved_at <= RESOLVED_RETENTION_S
        }
        step = advance(
            self.groups,
            self.states.values(),
            self.log.entries(),
            route=ROUTE,
            receivers=(RECEIVER,),
            now=self.now,
        )
        return step.groups, step.decisions

    def evaluates(self) -> None:
        self.groups, decisions = self.decide()
        self.log.commit(decisions)
        while (queued := self.log.take(RECEIVER)) is not None:
            if not self.reachable:
                self.log.put_back(queued)
                return
            self.receives(queued.notification)
            self.log.remove(queued)

    def receives(self, item: Notification) -> None:
        told = {(a.name, a.fired_at, True) for a in item.firing} | {(a.name, a.fired_at, False) for a in item.resolved}
        since = item.created_at - self.told_at.get(item.group_key, 0.0)
        repeats = item.reason is NotifyReason.REPEAT and since >= ROUTE.repeat_interval_s
        self.without_news += not repeats and told <= self.facts
        self.facts |= told
        self.told_at[item.group_key] = item.created_at
        self.believed |= {a.name for a in item.firing}
        self.believed -= {a.name for a in item.resolved}


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=100, stateful_step_count=15, deadline=None)
