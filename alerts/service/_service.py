"""The loop's one turn: scrape what is due, evaluate what is due, keep the rules' state, hand the alerts on."""

from __future__ import annotations

import logging
import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..context import CURVE_NEEDS, run_context
from ..evaluation import GroupEvaluator, Memory, RuleEvaluator, TemplateQueries
from ..model import Alert, AlertState, Evidence, Labels
from ..rulefile import RuleGroup, retention, rule_options
from ..scrape import Scraper, Target
from ..state import OUTAGE_TOLERANCE_S
from ..state.status import GroupStatus
from ..store import STALE, Retention, Store
from .dispatching import Dispatcher
from .persistence import RuleKey, RuleStateFile, rule_keys
from .schedule import Schedule

if TYPE_CHECKING:
    from prometheus_client import Metric

_LOG: Final = logging.getLogger(__name__)

_OUTAGE_INTERVALS: Final = 4
_OUTAGE_LEAST_S: Final = 60.0
"""A pause of four evaluations, and of a minute at least, is an outage (a suspended machine), not a slow scrape."""
_SET_BACK_MS: Final = 60_000
"""By how much the clock may be set back before the samples are given up; less than that is waited for."""
_EXPIRE_MS: Final = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scheduled:
    """A group, when it is evaluated, and the keys of its rules in the state file."""

    evaluator: GroupEvaluator
    schedule: Schedule
    keys: tuple[RuleKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """What the user chooses; times in seconds."""

    target: Target
    scrape_interval_s: float = 5.0
    evaluation_interval_s: float = 15.0
    """Of groups that name none."""
    external_labels: Labels = ()
    external_url: str = ""


class Service:
    """The embedded Prometheus. `tick` and `close` belong to one thread, `status` and `alerts` to any.

    Args:
        settings: intervals and names.
        collect: the registry's families, as a scrape of `/metrics` would get them.
        groups: the rules.
        dispatcher: gets all firing and lately resolved alerts after each evaluation.
        state: where the rules' state outlives the process.
        evidence: the end of a failed run's log, for messages.
        monotonic: seconds that never step back, to measure durations.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        collect: Callable[[], Iterable[Metric]],
        groups: tuple[RuleGroup, ...],
        dispatcher: Dispatcher,
        state: RuleStateFile,
        evidence: Evidence | None = None,
        monotonic: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._options = rule_options(settings.evaluation_interval_s)
        self._monotonic = monotonic
        self._dispatcher = dispatcher
        self._state = state
        self._evidence = evidence
        self._scraper = Scraper(collect, settings.target, monotonic)
        self._scrapes = Schedule(_ms(settings.scrape_interval_s), at_once=True)
        self._set_rules(groups)
        self._scraped: tuple[int, ...] = ()
        """The slots of the last two scrapes."""
        self._last_tick_ms: int | None = None
        self._expire_at_ms = 0
        self._submit_at: float | None = None
        self._scrape_error: str | None = None
        self._unwritable = False
        self._renew_store()
        self._publish()

    def tick(self, now: float) -> float:
        """Does what is due at a time in Unix seconds; gives the time of the next call.

        What collectors, rules or a full disk do wrong is logged and counted, not raised.
        """
        now_ms = int(now * 1000)
        if self._last_tick_ms is None:
            self._restore(now)
        elif now_ms < self._last_tick_ms - _SET_BACK_MS:
            self._begin_anew(now_ms)
        self._last_tick_ms = now_ms
        self._scrape(now_ms)
        evaluated = [self._evaluate(group, now_ms) for group in self._groups]
        if any(evaluated):
            self._save(now)
            self._publish()
        if any(evaluated) or (self._submit_at is not None and now >= self._submit_at):
            self._submit(now)
        if now_ms >= self._expire_at_ms:
            self._expire_at_ms = now_ms + _EXPIRE_MS
            self._store.expire(now_ms)
        return self._next(now_ms)

    def status(self) -> tuple[GroupStatus, ...]:
        """All groups as the last evaluation left them. From any thread."""
        return self._published

    def alerts(self) -> tuple[Alert, ...]:
        """The pending and firing alerts. From any thread."""
        return tuple(alert for group in self._published for rule in group.rules for alert in rule.active)

    def reload(self, groups: tuple[RuleGroup, ...], now: float) -> None:
        """Puts other rules in place, between two ticks. A rule of the same group and name goes on where it was."""
        left = {key: rule.memory for key, rule in self._rules()}
        self._set_rules(groups)
        for key, rule in self._rules():
            rule.adopt(left.pop(key, Memory()))
        for labels in (labels for memory in left.values() for labels in memory.written):
            self._store.append(labels, int(now * 1000), STALE)
        self._store.retention = self._retention
        self._queries = TemplateQueries(self._store, self._options)
        self._publish()

    def close(self) -> None:
        """Keeps the state as of the last tick and ends the use of the state file."""
        if self._last_tick_ms is not None:
            self._save(self._last_tick_ms / 1000)
        self._state.close()

    def _scrape(self, now_ms: int) -> None:
        due = self._scrapes.take(now_ms)
        if due is None:
            return
        scrape = self._scraper.scrape(due.at_ms)
        for sample in scrape.samples:
            self._store.append(sample.labels, sample.at_ms, sample.value)
        self._scraped = (*self._scraped[-1:], due.at_ms)
        if scrape.error != self._scrape_error:
            _LOG.warning("scrape=%s", f"failing reason={scrape.error!r}" if scrape.error else "recovered")
        self._scrape_error = scrape.error

    def _evaluate(self, group: _Scheduled, now_ms: int) -> bool:
        """Evaluates a group if it is due and there are samples of that time."""
        due, evaluator = group.schedule.take(now_ms), group.evaluator
        if due is None:
            return False
        if not self._fresh(due.at_ms):
            evaluator.miss(due.missed + 1)
            return False
        evaluator.miss(due.missed)
        before = evaluator.status
        self._notice_outage(group, before.evaluated_at, due.at_ms / 1000)
        for alert in evaluator.evaluate(self._store, self._queries, due.at_ms):
            _LOG.info("alert=%s state=%s labels=%r", alert.name, alert.state.value, dict(alert.labels))
        _log_health(before, evaluator.status)
        return True

    def _fresh(self, at_ms: int) -> bool:
        """Whether a scrape belongs to that time. After a pause there is none: what ended in it would seem resolved."""
        return any(0 <= at_ms - scraped < 2 * self._scrapes.interval_ms for scraped in self._scraped)

    def _notice_outage(self, group: _Scheduled, last: float | None, at: float) -> None:
        """Treats a long pause as a restart whose length does not matter: the process knows that it was away."""
        longest = max(_OUTAGE_LEAST_S, _OUTAGE_INTERVALS * group.schedule.interval_ms / 1000)
        if last is None or at - last <= longest:
            return
        _LOG.warning("group=%s outage_s=%.0f", group.evaluator.status.group.name, at - last)
        for rule in group.evaluator.rules:
            rule.restore(rule.status.alerts, last, at, math.inf)

    def _restore(self, now: float) -> None:
        """Takes up what the process before left."""
        try:
            saved = self._state.load()
        except sqlite3.Error as error:
            _LOG.error("rule_state=unreadable reason=%r", str(error))
            return
        if saved.at is None:
            return
        for key, rule in self._rules():
            rule.restore(saved.alerts.get(key, ()), saved.at, now, OUTAGE_TOLERANCE_S)
        self._publish()

    def _begin_anew(self, now_ms: int) -> None:
        """The clock was set back: samples of the future would hide all new ones."""
        _LOG.warning("clock=set_back seconds=%d", ((self._last_tick_ms or 0) - now_ms) // 1000)
        self._scrapes.reset()
        for group in self._groups:
            group.schedule.reset()
        self._scraped = ()
        self._expire_at_ms = 0
        self._submit_at = None
        self._renew_store()

    def _set_rules(self, groups: tuple[RuleGroup, ...]) -> None:
        self._retention = _retention(groups)
        scheduled = zip(groups, rule_keys(groups), strict=True)
        self._groups = tuple(self._scheduled(group, keys) for group, keys in scheduled)

    def _scheduled(self, group: RuleGroup, keys: tuple[RuleKey, ...]) -> _Scheduled:
        settings = self._settings
        interval_ms = group.interval_ms or _ms(settings.evaluation_interval_s)
        evaluator = GroupEvaluator(
            group,
            interval_s=interval_ms / 1000,
            external_labels=settings.external_labels,
            external_url=settings.external_url,
            monotonic=self._monotonic,
        )
        return _Scheduled(evaluator=evaluator, schedule=Schedule(interval_ms), keys=keys)

    def _rules(self) -> Iterator[tuple[RuleKey, RuleEvaluator]]:
        for group in self._groups:
            yield from zip(group.keys, group.evaluator.rules, strict=True)

    def _renew_store(self) -> None:
        self._store = Store(self._retention)
        self._queries = TemplateQueries(self._store, self._options)

    def _save(self, now: float) -> None:
        """A state file that cannot be written (a full disk) must not silence the alerts: it is tried again."""
        alerts = {key: rule.status.alerts for key, rule in self._rules()}
        try:
            self._state.save(alerts, now)
        except sqlite3.Error as error:
            if not self._unwritable:
                _LOG.error("rule_state=unwritable reason=%r", str(error))
            self._unwritable = True
        else:
            self._unwritable = False

    def _publish(self) -> None:
        self._published = tuple(group.evaluator.status for group in self._groups)

    def _submit(self, now: float) -> None:
        alerts = (alert for _, rule in self._rules() for alert in rule.status.alerts)
        told = tuple(alert for alert in alerts if alert.state is not AlertState.PENDING)
        now_ms = int(now * 1000)
        self._submit_at = self._dispatcher.submit(
            told, now, lambda run: run_context(self._store, run, now_ms, self._evidence)
        )

    def _next(self, now_ms: int) -> float:
        schedules = (self._scrapes, *(group.schedule for group in self._groups))
        soonest = min(schedule.next_ms(now_ms) for schedule in schedules) / 1000
        return soonest if self._submit_at is None else max(now_ms / 1000, min(soonest, self._submit_at))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _log_health(before: GroupStatus, after: GroupStatus) -> None:
    """Says when a rule begins to fail and when it ends to, not each time."""
    for old, new in zip(before.rules, after.rules, strict=True):
        if new.error and new.error != old.error:
            _LOG.warning("group=%s rule=%s state=failing reason=%r", after.group.name, new.rule.name, new.error)
        elif old.error and not new.error:
            _LOG.info("group=%s rule=%s state=recovered", after.group.name, new.rule.name)


def _retention(groups: tuple[RuleGroup, ...]) -> Retention:
    """For the rules, and for the curves in messages."""
    return Retention.covering(_needs(retention(groups)))


def _needs(rules: Retention) -> Iterator[tuple[str | None, int]]:
    yield None, rules.default_ms
    yield from rules.by_name.items()
    yield from CURVE_NEEDS
