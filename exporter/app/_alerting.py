"""The embedded evaluator and the deliveries, wired from the configuration. Threads belong to the daemon."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alerts.api import routes as api_routes
from alerts.dispatch import is_event
from alerts.inhibitions import shipped_inhibitions
from alerts.model import Alert, AlertsError, AlertState, Evidence, Inhibition, Route
from alerts.notification_log import NotificationLog
from alerts.notify import DeliveryWorker, Notifier, ReceiverError, open_notifiers
from alerts.rulefile import FilesError, RuleGroup, load_rules, rule_options
from alerts.scrape import Target
from alerts.service import QueueDispatcher, RuleStateFile, Service, ServiceSettings

from ..checkpoints import DATABASE
from ..config import AlertsConfig, Config, ConfigError, Problem
from ..model import ReceiverHealth, RuleGroupHealth
from ..page import ActiveAlert

if TYPE_CHECKING:
    from prometheus_client import Metric


def load_rule_groups(config: AlertsConfig) -> tuple[RuleGroup, ...]:
    """The configured rules.

    Raises:
        ConfigError: every mistake in any of the files.
    """
    try:
        return load_rules(
            config.rules,
            options=rule_options(config.evaluation_interval),
            runbook_base=config.runbook_base or "",
        )
    except FilesError as error:
        raise ConfigError(*(_problem(str(problem)) for problem in error.problems)) from error


def open_receivers(receivers: Mapping[str, Mapping[str, str]]) -> tuple[Notifier, ...]:
    """The configured receivers; with none the terminal.

    Raises:
        ConfigError: every mistake in any of them.
    """
    try:
        return open_notifiers(receivers, os.environ)
    except ReceiverError as error:
        raise ConfigError(*(_problem(problem) for problem in error.problems)) from error


def open_alerting(config: Config) -> tuple[tuple[RuleGroup, ...], tuple[Notifier, ...]]:
    """The rules and the receivers.

    Raises:
        ConfigError: every mistake in any of both.
    """
    problems: list[Problem] = []
    groups: tuple[RuleGroup, ...] = ()
    notifiers: tuple[Notifier, ...] = ()
    try:
        groups = load_rule_groups(config.alerts)
    except ConfigError as error:
        problems += error.problems
    try:
        notifiers = open_receivers(config.receivers)
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(*problems)
    return groups, notifiers


def _problem(sentence: str) -> Problem:
    """`rules.yml:3: …` and `receivers.slack: …` say themselves where they are."""
    where, _, text = sentence.partition(": ")
    return Problem(where, text)


class Alerting:
    """Rules on the registry, messages to the receivers.

    Args:
        config: the evaluator's part.
        groups: the rules.
        notifiers: the receivers.
        collect: the registry's families.
        instance: the label of the same name.
        external_url: what the status page is below.
        state: the state folder; None: in memory.
        evidence: the last lines of logs.
        now: Unix seconds at start.
        monotonic: seconds that never step back.
        on_queued: called when a message waits.

    Raises:
        ConfigError: the state file cannot be used.
    """

    API_PATHS: Final = tuple(api_routes(lambda: ()))

    def __init__(
        self,
        config: AlertsConfig,
        *,
        groups: tuple[RuleGroup, ...],
        notifiers: tuple[Notifier, ...],
        collect: Callable[[], Iterable[Metric]],
        instance: str,
        external_url: str,
        state: Path | None,
        evidence: Evidence,
        now: float,
        monotonic: Callable[[], float],
        on_queued: Callable[[], None],
    ) -> None:
        self.notifiers = notifiers
        self.settle_s = config.group_wait + 2 * config.evaluation_interval + config.scrape_interval
        """After an event: how long until its message is in the queue."""
        database = None if state is None else state / DATABASE
        try:
            self._log = NotificationLog(database, now)
            rule_state = RuleStateFile(database)
        except AlertsError as error:
            raise ConfigError(Problem("state", str(error))) from error
        self.workers = tuple(DeliveryWorker(notifier, self._log) for notifier in notifiers)
        self.service = Service(
            ServiceSettings(
                target=Target(job=config.job, instance=config.instance or instance),
                scrape_interval_s=config.scrape_interval,
                evaluation_interval_s=config.evaluation_interval,
                external_labels=config.external_labels,
                external_url=external_url,
            ),
            collect=collect,
            groups=groups,
            dispatcher=QueueDispatcher(
                self._log,
                route=_route(config),
                receivers=tuple(notifier.name for notifier in notifiers),
                external_url=f"{external_url}/",
                evaluation_interval_s=config.evaluation_interval,
                on_queued=on_queued,
            ),
            state=rule_state,
            evidence=evidence,
            monotonic=monotonic,
        )
        self._api = api_routes(self.service.status)

    @property
    def summary(self) -> str:
        """Who is told and by which rules, for people."""
        rules = sum(len(status.group.rules) for status in self.service.status())
        targets = ", ".join(notifier.target for notifier in self.notifiers)
        return f"{rules} rules, messages to {targets}"

    def api(self, path: str, query: Mapping[str, str]) -> bytes:
        """The JSON of Prometheus' own interface, of one of `API_PATHS`."""
        return self._api[path](query)

    @property
    def quiet(self) -> bool:
        """Whether no message waits and no alert about an event is on its way to one."""
        waiting = any(worker.stats().waiting for worker in self.workers)
        pending = any(alert.state is AlertState.PENDING and is_event(alert) for alert in self.service.alerts())
        return not waiting and not pending

    def groups_health(self) -> tuple[RuleGroupHealth, ...]:
        """How the evaluation goes."""
        return tuple(
            RuleGroupHealth(group=status.group.name, evaluations=status.evaluations, failures=status.failures)
            for status in self.service.status()
        )

    def receivers_health(self) -> tuple[ReceiverHealth, ...]:
        """How the deliveries go."""
        return tuple(
            ReceiverHealth(
                receiver=stats.receiver,
                delivered=stats.delivered,
                retried=stats.retried,
                rejected=stats.rejected,
                queue_length=stats.waiting,
                last_failure_at=stats.last_failure_at,
            )
            for stats in (worker.stats() for worker in self.workers)
        )

    def active(self) -> tuple[ActiveAlert, ...]:
        """What the page shows: the gravest first."""
        order = {"critical": 0, "warning": 1}
        alerts = (_active(alert) for alert in self.service.alerts())
        return tuple(sorted(alerts, key=lambda alert: (order.get(alert.severity, 2), alert.since)))

    def close(self) -> None:
        """Keeps the rule state and gives connections back. After the threads have ended."""
        self.service.close()
        for notifier in self.notifiers:
            notifier.close()
        self._log.close()


def _route(config: AlertsConfig) -> Route:
    return Route(
        group_by=config.group_by,
        group_wait_s=config.group_wait,
        group_interval_s=config.group_interval,
        repeat_interval_s=config.repeat_interval,
        send_resolved=config.send_resolved,
        inhibitions=(
            *shipped_inhibitions(),
            *(Inhibition(source=rule.source, target=rule.target, equal=rule.equal) for rule in config.inhibit_rules),
        ),
    )


def _active(alert: Alert) -> ActiveAlert:
    labels, annotations = dict(alert.labels), dict(alert.annotations)
    return ActiveAlert(
        name=alert.name,
        severity=labels.get("severity", "info"),
        action=labels.get("action", "none"),
        firing=alert.state is AlertState.FIRING,
        since=alert.fired_at or alert.active_at,
        summary=annotations.get("summary", ""),
        description=annotations.get("description", ""),
        advice=annotations.get("advice", ""),
        subject=labels.get("run") or labels.get("gpu") or labels.get("uuid") or "",
    )
