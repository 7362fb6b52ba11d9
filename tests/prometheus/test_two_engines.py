"""One log and one device, two engines: the embedded evaluator, and the real Prometheus with the real Alertmanager.

A training is played live: it trains, loses its loss, runs out of memory, rests, and is started again and finishes. Both
engines must come to the same alerts, and tell the same of them to a receiver that takes what Slack takes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import pytest
import yaml

from exporter.clock import SystemClock
from tests.nvml.build import build
from tests.nvml.scenario import Scenario
from tests.support.daemon import DaemonProcess
from tests.support.prometheus import Verdicts, start_alertmanager, start_prometheus, verdicts
from tests.support.slack import SlackServer
from tests.support.training_logs import (
    PLANNED,
    STEP,
    detectron2,
    detectron2_end,
    detectron2_out_of_memory,
    detectron2_start,
    write,
)
from tests.support.waiting import until

pytestmark = pytest.mark.real("prometheus", "prometheus-alertmanager", "gcc")

RULES: Final = Path(__file__).parents[2] / "alerts" / "rules"
SHAPES: Final = Path(__file__).with_name("shapes.yml")
SOON: Final = "GpuMemoryCritical"
"""A rule that ships, here also as a copy that fires within seconds."""

ALWAYS: Final = {"StillTalkedAbout", "NothingThere", "TemplatesOfMany", "SecondsSinceTheEpoch"}
WHILE_RUNNING: Final = {"TrainingTargetReached", "TrainingBudgetExceeded"}
EVENTS: Final = {"TrainingLossNotFinite", "GpuXidError"}
STATES: Final = {"LossIsNoNumber", f"Soon{SOON}"}
INHIBITED: Final = "TrainingLossSpike"

CLOCK: Final = SystemClock()
SECONDS_TO_SEE: Final = 2
"""A scrape, and the evaluation after it."""

# Matches the `GpuXidError` of `[CRITICAL] GpuXidError` and of `*[CRITICAL] GpuXidError*`.
FIRING: Final = re.compile(r"^\*?\[(?!RESOLVED)[A-Z ]+\] ([A-Z]\w+)", re.MULTILINE)
# Matches the name in `[RESOLVED] LossIsNoNumber · resnet` and in `• LossIsNoNumber · resnet: over after 4 s.`
OVER: Final = re.compile(r"^(?:\[RESOLVED\]|•) ([A-Z]\w+)", re.MULTILINE)
# Matches the summary in `*[RESOLVED]* It was: the loss of resnet is NaN`.
IT_WAS: Final = re.compile(r"It was: (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The names of the alerts in a receiver's messages."""

    firing: set[str]
    over: set[str]
    problems: tuple[str, ...]
    """Why Slack would have refused a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A path from the metrics to Slack."""

    address: str
    slack: SlackServer
    output: Callable[[], str]

    def told(self, summaries: Mapping[str, str]) -> Told:
        """All until now; `summaries` gives the name of the alert that has one."""
        messages = tuple(self.slack.received)
        attachments = [item for message in messages for item in message.payload.get("attachments", [])]
        text = "\n".join(f"{item['title']}\n{item['text']}" for item in attachments)
        return Told(
            firing=set(FIRING.findall(text)),
            over=set(OVER.findall(text)) | {summaries.get(summary, summary) for summary in IT_WAS.findall(text)},
            problems=tuple(chain.from_iterable(message.problems for message in messages)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What the two engines said at the same time."""

    embedded: Verdicts
    prometheus: Verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What both engines said in the course of the training, and what they told in the end."""

    training: Pair
    resting: Pair
    finished: Pair
    told: tuple[Told, Told]


class Training:
    """What the log and the device show."""

    def __init__(self, log: Path, scenario: Scenario) -> None:
        self._log, self._scenario = log, scenario
        self._iteration = 0
        started = CLOCK.now() - 600
        write(log, (detectron2_start(started),))
        self._rows(*(started + 10 * index for index in range(1, 61)))
        scenario.say("gpu0.memory_used", "16000MiB")

    def loses_its_loss(self) -> None:
        self._rows(*[CLOCK.now()] * 3, loss=math.nan)

    def strains_the_device(self) -> None:
        self._scenario.say("gpu0.memory_used", "23400MiB")
        self._scenario.say("events", "0:79")

    def runs_out_of_memory(self) -> None:
        write(self._log, detectron2_out_of_memory(CLOCK.now()))

    def gives_memory_back(self) -> None:
        self._scenario.say("gpu0.memory_used", "1000MiB")

    def is_started_again_and_finishes(self) -> None:
        now = CLOCK.now()
        rows = (detectron2(iteration, now) for iteration in (PLANNED - 1 - STEP, PLANNED - 1))
        write(self._log, (detectron2_start(now), *rows, *detectron2_end(now)))

    def _rows(self, *times: float, loss: float = 1.5) -> None:
        for at in times:
            self._iteration += STEP
            write(self._log, (detectron2(self._iteration, at, loss=loss),))


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    folder = tmp_path_factory.mktemp("engines")
    scenario = Scenario(folder / "scenario.txt")
    build(folder)
    training = Training(folder / "resnet" / "log.txt", scenario)
    soon = write_soon(folder / "soon.yml")
    with ExitStack() as stack:
        slacks = [stack.enter_context(SlackServer()) for _ in range(2)]
        daemon = stack.enter_context(start_daemon(folder, slacks[0].url, scenario, soon))
        address = daemon.url.removeprefix("http://")
        manager = stack.enter_context(start_alertmanager(folder / "alertmanager", slacks[1].url))
        rules = (*sorted(RULES.glob("*.yml")), soon, SHAPES)
        prometheus = stack.enter_context(
            start_prometheus(folder / "prometheus", target=address, alertmanager=manager.address, rules=rules)
        )
        embedded = Engine(address=address, slack=slacks[0], output=daemon.output)
        real = Engine(
            address=prometheus.address, slack=slacks[1], output=lambda: prometheus.output() + manager.output()
        )
        yield play(training, embedded, real)


def start_daemon(folder: Path, webhook: str, scenario: Scenario, soon: Path) -> DaemonProcess:
    (folder / "webhook").write_text(webhook)
    intervals = {"scrape_interval": "1s", "evaluation_interval": "1s", "group_wait": "0s", "group_interval": "1s"}
    config = {"alerts": {"rules": ["builtin", str(soon), str(SHAPES)], **intervals}}
    (folder / "config.yml").write_text(yaml.safe_dump(config))
    return DaemonProcess(
        folder / "daemon",
        *(str(folder / "resnet" / "log.txt"), "--config", str(folder / "config.yml")),
        *("--state", str(folder / "state"), "--slack-webhook-file", str(folder / "webhook")),
        *("--target", "loss=2", "--budget", "5m"),
        env={"NVML_SCENARIO": str(scenario.path), "LD_LIBRARY_PATH": str(folder)},
    )


def write_soon(path: Path) -> Path:
    """A copy of a shipped rule that waits for two seconds only."""
    rules = yaml.safe_load((RULES / "memory.yml").read_text())["groups"][0]["rules"]
    (rule,) = (rule for rule in rules if rule["alert"] == SOON)
    copy = rule | {"alert": f"Soon{SOON}", "for": "2s"}
    path.write_text(yaml.safe_dump({"groups": [{"name": "soon", "rules": [copy]}]}))
    return path


def play(training: Training, embedded: Engine, real: Engine) -> Course:
    """The whole course, each scene once both engines have seen the one before."""
    wait_until_both_fire(embedded, real, ALWAYS | WHILE_RUNNING)
    training.loses_its_loss()
    training.strains_the_device()
    events = EVENTS | {INHIBITED}
    trained = agree(embedded, real, ALWAYS | WHILE_RUNNING | STATES | events)
    training.runs_out_of_memory()
    events |= {"TrainingFailed", "GpuOutOfMemory"}
    rested = agree(embedded, real, ALWAYS | STATES | events)
    training.gives_memory_back()
    wait_until_both_fire(embedded, real, ALWAYS | STATES - {f"Soon{SOON}"} | events)
    training.is_started_again_and_finishes()
    finished = agree(embedded, real, ALWAYS | events | {"TrainingFinished"})
    names = summaries(trained, rested)
    wait_until_told(embedded, names)
    wait_until_told(real, names)
    return Course(training=trained, resting=rested, finished=finished, told=(embedded.told(names), real.told(names)))


def summaries(*pairs: Pair) -> dict[str, str]:
    """The names of the alerts by their summaries."""
    alerts = (alert for pair in pairs for said in (pair.embedded, pair.prometheus) for alert in said.firing().items())
    return {dict(alert.annotations).get("summary", ""): dict(labels)["alertname"] for labels, alert in alerts}


def wait_until_told(engine: Engine, names: Mapping[str, str]) -> None:
    """Until the last of all was told: what finished the training, and what is over by that."""

    def last() -> bool:
        told = engine.told(names)
        return {"NothingThere", "TrainingFinished"} <= told.firing and "LossIsNoNumber" in told.over

    until(last, why=lambda: f"{engine.told(names)}\n{engine.output()}")


def wait_until_both_fire(embedded: Engine, real: Engine, names: set[str]) -> None:
    """Until these fire on both, and no others."""

    def wrong() -> tuple[set[str], set[str]]:
        pair = look(embedded, real)
        return names ^ pair.embedded.names(), names ^ pair.prometheus.names()

    until(
        lambda: wrong() == (set(), set()),
        why=lambda: f"too few or too many, ours and theirs: {wrong()}\n{embedded.output()}{real.output()}",
    )


def agree(embedded: Engine, real: Engine, names: set[str]) -> Pair:
    """What both say once these fire and no others, and both have looked again at what there was then."""
    wait_until_both_fire(embedded, real, names)
    settled = CLOCK.now() + SECONDS_TO_SEE
    until(lambda: min(verdicts(engine.address).evaluated_at for engine in (embedded, real)) > settled)
    return look(embedded, real)


def look(embedded: Engine, real: Engine) -> Pair:
    return Pair(embedded=verdicts(embedded.address), prometheus=verdicts(real.address))


def test_both_engines_read_the_same_rules_and_come_to_the_same_states(course: Course) -> None:
    ours, theirs = course.resting.embedded.rules, course.resting.prometheus.rules
    assert ours == theirs
    assert {rule.health for rule in ours.values()} == {"ok"}
    assert {rule.state for rule in ours.values()} == {"", "inactive", "pending", "firing"}


@pytest.mark.parametrize("scene", ["training", "resting", "finished"])
def test_both_engines_fire_the_same_alerts_with_the_same_labels(course: Course, scene: str) -> None:
    pair: Pair = getattr(course, scene)
    assert sorted(pair.embedded.firing()) == sorted(pair.prometheus.firing())


def test_on_a_log_at_rest_both_engines_say_the_same_of_each_alert(course: Course) -> None:
    ours, theirs = course.resting.embedded.firing(), course.resting.prometheus.firing()
    assert ours == theirs
    assert all("error expanding" not in text for alert in ours.values() for _, text in alert.annotations)


def test_both_receivers_were_told_of_every_alert_in_messages_that_slack_takes(course: Course) -> None:
    ours, theirs = course.told
    ends = {"TrainingFailed", "GpuOutOfMemory", "TrainingFinished"}
    assert ours.firing == theirs.firing == ALWAYS | WHILE_RUNNING | EVENTS | STATES | ends
    assert ours.problems == theirs.problems == ()


def test_what_is_inhibited_fires_and_is_not_told(course: Course) -> None:
    assert INHIBITED in course.resting.embedded.names() & course.resting.prometheus.names()
    assert all(INHIBITED not in told.firing | told.over for told in course.told)


def test_that_a_state_is_over_is_told_and_that_an_event_is_over_is_not(course: Course) -> None:
    ours, theirs = course.told
    assert {"TrainingFailed", "TrainingFinished"} <= course.finished.embedded.names()
    assert ours.over == theirs.over == WHILE_RUNNING | STATES
