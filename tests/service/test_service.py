from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from alerts.model import Alert, AlertState, Route, RunContext
from alerts.notification_log import NotificationLog
from alerts.rulefile import read_rules, rule_options
from alerts.scrape import Target
from alerts.service import Dispatcher, QueueDispatcher, RuleStateFile, Service, ServiceSettings

START = 1_700_000_000.0  # a multiple of neither 15 nor 60

RULES = """\
groups:
  - name: first
    rules:
      - {record: double, expr: loss * 2}
      - {alert: Doubled, expr: double > 6, labels: {severity: critical}}
      - {alert: Slow, expr: loss > 3, for: 1m, annotations: {text: 'at {{ $value }}'}}
  - name: rare
    interval: 1m
    rules:
      - {alert: Window, expr: 'min_over_time(loss[2m]) > 3'}
"""


@dataclass
class Training:
    """A run whose loss the test sets; None: its series is gone."""

    loss: float | None = 1.0
    broken: bool = False

    def collect(self) -> Iterable[Metric]:
        if self.broken:
            raise OSError("the device is lost")
        family = GaugeMetricFamily("loss", "Loss.", labels=["run"])
        if self.loss is not None:
            family.add_metric(["r"], self.loss)
        return [family]


@dataclass
class Told:
    """A dispatcher that remembers what it was handed."""

    calls: list[tuple[float, dict[str, AlertState]]] = field(default_factory=list)
    due: float | None = None

    def submit(self, alerts: tuple[Alert, ...], now: float, context: Callable[[str], RunContext]) -> float | None:
        assert context("r").run == "r"
        self.calls.append((now, {alert.name: alert.state for alert in alerts}))
        return self.due


class Ticking:
    """A service and its clock."""

    def __init__(
        self, training: Training, told: Dispatcher, state: Path | None, now: float, rules: str = RULES
    ) -> None:
        self.now = now
        self.times: list[float] = []
        self.state = RuleStateFile(state)
        self.service = Service(
            ServiceSettings(target=Target(job="j", instance="i")),
            collect=training.collect,
            groups=read_rules(rules, "r.yml", options=rule_options(15)),
            dispatcher=told,
            state=self.state,
            monotonic=lambda: 0.0,
        )

    def run_until(self, end: float) -> None:
        """Ticks whenever the service asks for it."""
        while self.now <= end:
            self.times.append(self.now)
            due = self.service.tick(self.now)
            assert due > self.now
            self.now = due

    def states(self) -> dict[str, str]:
        return {alert.name: alert.state.value for alert in self.service.alerts()}

    def evaluated_at(self) -> list[float | None]:
        return [group.evaluated_at for group in self.service.status()]


class Start(Protocol):
    def __call__(
        self, training: Training, told: Dispatcher, state: Path | None, now: float, rules: str = RULES
    ) -> Ticking: ...


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts services; their state files are closed at the end, as the end of a process does it."""
    with ExitStack() as stack:

        def started(
            training: Training, told: Dispatcher, state: Path | None, now: float, rules: str = RULES
        ) -> Ticking:
            ticking = Ticking(training, told, state, now, rules)
            stack.callback(ticking.state.close)
            return ticking

        yield started


def test_scrapes_every_5_and_evaluates_every_15_seconds_or_as_the_group_says(start: Start) -> None:
    ticking = start(Training(), Told(), None, START + 0.3)
    ticking.run_until(START + 70)
    assert ticking.times[:4] == [START + 0.3, START + 5, START + 10, START + 15]
    first, rare = ticking.service.status()
    assert (first.evaluations, first.evaluated_at, first.interval_s) == (5, START + 70, 15)
    assert (rare.evaluations, rare.evaluated_at, rare.interval_s) == (1, START + 40, 60)
    assert (first.missed, rare.missed) == (0, 0)


def test_rules_see_the_samples_of_their_own_instant_and_what_rules_before_them_wrote(start: Start) -> None:
    training, told = Training(), Told()
    ticking = start(training, told, None, START)
    ticking.run_until(START + 24)
    training.loss = 4.0
    ticking.run_until(START + 25)
    assert ticking.states() == {"Doubled": "firing", "Slow": "pending"}
    assert told.calls[-1] == (START + 25, {"Doubled": AlertState.FIRING})


def test_hands_on_what_fires_and_what_was_resolved_at_each_evaluation(start: Start) -> None:
    training, told = Training(4.0), Told()
    ticking = start(training, told, None, START)
    ticking.run_until(START + 70)
    assert told.calls[-1][1] == {"Doubled": AlertState.FIRING, "Slow": AlertState.FIRING, "Window": AlertState.FIRING}
    training.loss = 1.0
    ticking.run_until(START + 100)
    resolved = {"Doubled": AlertState.INACTIVE, "Slow": AlertState.INACTIVE, "Window": AlertState.INACTIVE}
    assert told.calls[-1] == (START + 100, resolved)
    ticking.run_until(START + 85 + 900)
    assert told.calls[-1][1] == resolved
    ticking.run_until(START + 85 + 915)
    assert set(told.calls[-1][1]) == {"Window"}
    assert ticking.service.alerts() == ()


def test_calls_the_dispatcher_when_it_asks_for_it(start: Start) -> None:
    told = Told(due=START + 17.5)
    ticking = start(Training(), told, None, START)
    ticking.run_until(START + 10)
    told.due = None
    ticking.run_until(START + 24)
    assert [now for now, _ in told.calls] == [START + 10, START + 17.5]


def test_ends_alerts_on_series_that_end(start: Start) -> None:
    training = Training(4.0)
    ticking = start(training, Told(), None, START)
    ticking.run_until(START + 25)
    training.loss = None
    ticking.run_until(START + 40)
    assert ticking.states() == {"Window": "firing"}
    ticking.run_until(START + 160)
    assert ticking.states() == {}


def test_a_failing_collection_ends_the_series_and_is_said_once(caplog: pytest.LogCaptureFixture, start: Start) -> None:
    training = Training(4.0)
    ticking = start(training, Told(), None, START)
    ticking.run_until(START + 25)
    training.broken = True
    with caplog.at_level(logging.INFO):
        ticking.run_until(START + 40)
        training.broken = False
        ticking.run_until(START + 55)
    assert [record.message for record in caplog.records if record.message.startswith("scrape=")] == [
        "scrape=failing reason='OSError: the device is lost'",
        "scrape=recovered",
    ]
    assert ticking.states() == {"Doubled": "firing", "Slow": "pending", "Window": "firing"}


def test_never_makes_up_for_evaluations_missed(start: Start) -> None:
    ticking = start(Training(), Told(), None, START)
    ticking.run_until(START + 10)
    ticking.now = START + 58
    ticking.run_until(START + 70)
    first, _ = ticking.service.status()
    assert (first.evaluations, first.missed) == (3, 2)


def test_a_suspended_machine_resolves_nothing_and_waits_on(start: Start) -> None:
    training, told = Training(4.0), Told()
    ticking = start(training, told, None, START)
    ticking.run_until(START + 40)
    assert ticking.states() == {"Doubled": "firing", "Slow": "pending", "Window": "firing"}
    ticking.now = START + 7200.0
    training.loss = None
    ticking.run_until(START + 7220)
    assert ticking.states() == {"Doubled": "firing", "Slow": "pending", "Window": "firing"}
    training.loss = 4.0
    ticking.run_until(START + 7400)
    states = [state for _, states in told.calls for state in states.values()]
    assert set(states) == {AlertState.FIRING}


def test_goes_on_after_the_clock_was_set_back(start: Start) -> None:
    training = Training(1.0)
    ticking = start(training, Told(), None, START)
    ticking.run_until(START + 40)
    ticking.now = START - 3600
    training.loss = 4.0
    ticking.run_until(START - 3560)
    assert ticking.states()["Doubled"] == "firing"
    assert ticking.evaluated_at()[0] == START - 3560


def test_a_failing_rule_keeps_its_alerts_and_the_others_go_on(caplog: pytest.LogCaptureFixture, start: Start) -> None:
    class Twice(Training):
        def collect(self) -> Iterable[Metric]:
            family = GaugeMetricFamily("loss", "Loss.", labels=["run"])
            family.add_metric(["r"], 4.0)
            other = GaugeMetricFamily("other", "Other.", labels=["run", "twin"])
            for twin in "ab" if self.broken else "a":
                other.add_metric(["r", twin], 1.0)
            return [family, other]

    rules = """\
groups:
  - name: g
    rules:
      - {alert: Joined, expr: loss * on (run) group_left () other or loss * on (run) other}
      - {alert: Other, expr: loss > 3}
"""
    training, told = Twice(), Told()
    ticking = start(training, told, None, START, rules)
    ticking.run_until(START + 10)
    training.broken = True
    ticking.run_until(START + 40)
    (group,) = ticking.service.status()
    assert told.calls[-1][1] == {"Joined": AlertState.FIRING, "Other": AlertState.FIRING}
    assert group.failures == 2
    assert "many-to-many" in group.rules[0].error
    assert [record.message.split(" reason")[0] for record in caplog.records] == ["group=g rule=Joined state=failing"]


def test_an_alert_outlives_the_process_at_every_point(tmp_path: Path, start: Start) -> None:
    """Killed at any tick, the next process goes on: what fires keeps firing, what waits keeps its time."""
    for killed_at in range(10, 130, 5):
        state = tmp_path / f"{killed_at}.db"
        training = Training(4.0)
        start(training, Told(), state, START).run_until(START + killed_at)  # never closed: as after a SIGKILL
        told = Told()
        after = start(training, told, state, START + killed_at + 20)
        training.loss = None
        after.run_until(START + killed_at + 50)
        training.loss = 4.0
        after.run_until(START + killed_at + 200)
        states = [states.get("Doubled") for _, states in told.calls]
        assert set(states) == {AlertState.FIRING}
        assert after.states() == {"Doubled": "firing", "Slow": "firing", "Window": "firing"}


def test_new_rules_go_on_where_those_of_the_same_name_were(start: Start) -> None:
    ticking = start(Training(4.0), Told(), None, START)
    ticking.run_until(START + 40)
    rules = """\
groups:
  - name: first
    rules:
      - {alert: Slow, expr: loss > 2, for: 1m}
      - {alert: Ended, expr: 'absent(ALERTS{alertname="Doubled"})'}
"""
    ticking.service.reload(read_rules(rules, "r.yml", options=rule_options(15)), START + 44)
    assert ticking.states() == {"Slow": "pending"}
    ticking.run_until(START + 70)
    assert ticking.states() == {"Slow": "firing", "Ended": "firing"}
    assert [group.evaluations for group in ticking.service.status()] == [2]


def test_a_resolved_alert_is_still_told_after_a_restart(tmp_path: Path, start: Start) -> None:
    training = Training(4.0)
    before = start(training, Told(), tmp_path / "state.db", START)
    before.run_until(START + 25)
    training.loss = 1.0
    before.run_until(START + 40)
    before.service.close()
    told = Told()
    start(training, told, tmp_path / "state.db", START + 100).run_until(START + 130)
    assert {state for _, states in told.calls for state in states.values()} == {AlertState.INACTIVE}


def queue(log: NotificationLog) -> QueueDispatcher:
    route = Route(group_by=("run",), group_wait_s=10, group_interval_s=60)
    return QueueDispatcher(log, route=route, receivers=("slack",), external_url="http://page")


def queued(path: Path, now: float) -> list[str]:
    """The names of the alerts in each notification that waits."""
    log = NotificationLog(path, now)
    found: list[str] = []
    while (item := log.take("slack")) is not None:
        notification = item.notification
        assert notification.external_url == "http://page"
        assert [context.run for context in notification.runs] == ["r"]
        found += sorted(alert.name for alert in notification.firing)
        found += sorted(f"{alert.name} resolved" for alert in notification.resolved)
    log.close()
    return found


def test_every_alert_is_queued_once_wherever_the_process_is_killed(tmp_path: Path, start: Start) -> None:
    for killed_at in range(5, 120, 5):
        path = tmp_path / f"{killed_at}.db"
        training = Training(4.0)
        start(training, queue(NotificationLog(path, START)), path, START).run_until(START + killed_at)
        second = START + killed_at + 30
        start(training, queue(NotificationLog(path, second)), path, second).run_until(second + 300)
        assert queued(path, second + 300) == ["Doubled", "Slow", "Window"]


class Dying:
    """The process ends after the rules' state is stored and before anything is queued."""

    def submit(self, *_: object) -> float | None:
        raise KeyboardInterrupt


def test_an_alert_is_queued_though_the_process_ended_just_before(tmp_path: Path, start: Start) -> None:
    path = tmp_path / "state.db"
    training = Training(4.0)
    with pytest.raises(KeyboardInterrupt):
        start(training, Dying(), path, START).run_until(START + 10)
    log = NotificationLog(path, START + 60)
    after = start(training, queue(log), path, START + 60)
    assert after.states() == {}
    after.run_until(START + 90)
    log.close()
    assert queued(path, START + 90) == ["Doubled"]


def test_a_full_disk_silences_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture, start: Start) -> None:
    path = tmp_path / "state.db"
    told = Told()
    ticking = start(Training(4.0), told, path, START)
    ticking.run_until(START + 9)
    other = RuleStateFile(path)
    other.close()
    ticking.service.close()
    ticking.run_until(START + 40)
    assert told.calls[-1][1]["Doubled"] is AlertState.FIRING
    unwritable = [record.message for record in caplog.records if record.message.startswith("rule_state=")]
    assert len(unwritable) == 1


def test_keeps_the_samples_that_a_template_came_to_ask_for(start: Start) -> None:
    rules = """\
groups:
  - name: g
    rules:
      - alert: High
        expr: loss > 3
        annotations: {text: '{{ query (printf "max_over_time(loss{run=%q}[20m])" $labels.run) | first | value }}'}
"""
    training = Training(9.0)
    ticking = start(training, Told(), None, START, rules)
    ticking.run_until(START + 60)
    training.loss = 4.0
    ticking.run_until(START + 1200)
    assert [alert.annotations for alert in ticking.service.alerts()] == [(("text", "9"),)]
    ticking.run_until(START + 1400)
    assert [alert.annotations for alert in ticking.service.alerts()] == [(("text", "4"),)]
