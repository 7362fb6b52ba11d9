"""One rule group, evaluated on the store: its rules one after the other, each seeing what the ones before it wrote."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from .model import Alert, Labels, Sample
from .promql import Options, PromqlError, Query, compile_query
from .rulefile import AlertingRule, RecordingRule, Rule, RuleGroup
from .state import RuleError, RuleState, Surroundings, advance, alert_samples, ended, record, restore
from .state.status import GroupStatus, Health, RuleStatus
from .store import Retention, Store
from .template import Environment

_LOG: Final = logging.getLogger(__name__)

_KEPT_QUERIES: Final = 256
"""Queries that templates put together, by text: a few for each run. One takes 90 µs to parse."""


class TemplateQueries:
    """The queries that templates ask while they are expanded, compiled once; the store keeps what they look at."""

    def __init__(self, store: Store, options: Options) -> None:
        self._store = store
        self._options = options
        self._compiled = lru_cache(maxsize=_KEPT_QUERIES)(self._compile)

    def ask(self, text: str, at_ms: int) -> tuple[Sample, ...]:
        """The vector at a time. Raises `PromqlError`."""
        return self._compiled(text).vector(self._store, at_ms)

    def _compile(self, text: str) -> Query:
        query = compile_query(text, self._options)
        kept = self._store.retention
        needed = [(name, span) for name, span in query.needs.items() if span > kept.of(name or "")]
        if needed:
            known = [*kept.by_name.items(), (None, kept.default_ms)]
            self._store.retention = Retention.covering([*known, *needed])
        return query


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a rule remembers from one evaluation to the next."""

    state: RuleState = field(default_factory=RuleState)
    written: tuple[Labels, ...] = ()
    """The series it wrote at its last evaluation."""


class RuleEvaluator:
    """One rule, what it remembers, and how it fares."""

    def __init__(self, rule: Rule, group: RuleGroup, monotonic: Callable[[], float]) -> None:
        self.memory = Memory()
        self.status = RuleStatus(rule=rule)
        self._rule = rule
        self._limit = group.limit
        self._offset_ms = group.query_offset_ms
        self._monotonic = monotonic

    def adopt(self, memory: Memory) -> None:
        """Goes on from what the same rule remembered elsewhere."""
        self.memory = memory
        self.status = replace(self.status, alerts=memory.state.alerts)

    def restore(self, alerts: tuple[Alert, ...], down_at: float, at: float, tolerance_s: float) -> None:
        """Takes up alerts from before an outage."""
        if isinstance(self._rule, AlertingRule):
            self.adopt(replace(self.memory, state=restore(self._rule, alerts, down_at, at, tolerance_s)))

    def evaluate(self, store: Store, at_ms: int, surroundings: Surroundings) -> tuple[Alert, ...]:
        """Evaluates at a time and writes the samples; gives the alerts whose state changed.

        If the query fails, what the rule remembers and wrote stays as it is.
        """
        started = self._monotonic()
        error, changed = "", tuple[Alert, ...]()
        try:
            changed = self._advance(store, at_ms, surroundings)
        except (PromqlError, RuleError) as failure:
            error = str(failure)
        except Exception as failure:  # noqa: BLE001 - the boundary: one broken rule must not silence the others
            _LOG.debug("rule=%s state=broken", self._rule.name, exc_info=True)
            error = f"{type(failure).__name__}: {failure}"
        self.status = RuleStatus(
            rule=self._rule,
            alerts=self.memory.state.alerts,
            health=Health.ERROR if error else Health.OK,
            error=error,
            evaluated_at=at_ms / 1000,
            duration_s=self._monotonic() - started,
        )
        return changed

    def _advance(self, store: Store, at_ms: int, surroundings: Surroundings) -> tuple[Alert, ...]:
        rule, sample_ms = self._rule, at_ms - self._offset_ms
        vector = rule.query.vector(store, sample_ms)
        if isinstance(rule, RecordingRule):
            self._write(store, sample_ms, record(rule, vector, self._limit))
            return ()
        advanced = advance(rule, self.memory.state, vector, at_ms / 1000, surroundings, self._limit)
        self.memory = replace(self.memory, state=advanced.state)
        if advanced.error is not None:
            raise RuleError(advanced.error)
        self._write(store, sample_ms, tuple(alert_samples(advanced.state.alerts)))
        return advanced.transitions

    def _write(self, store: Store, at_ms: int, samples: tuple[Sample, ...]) -> None:
        for sample in (*samples, *ended(self.memory.written, samples)):
            store.append(sample.labels, at_ms, sample.value)
        self.memory = replace(self.memory, written=tuple(sample.labels for sample in samples))


class GroupEvaluator:
    """A group's rules in their order. Belongs to the thread that owns the store.

    Args:
        group: the rules.
        interval_s: its evaluation interval.
        external_labels: shown to templates.
        external_url: shown to templates.
        monotonic: seconds, to measure how long an evaluation takes.
    """

    def __init__(
        self,
        group: RuleGroup,
        *,
        interval_s: float,
        external_labels: Labels = (),
        external_url: str = "",
        monotonic: Callable[[], float],
    ) -> None:
        self.rules = tuple(RuleEvaluator(rule, group, monotonic) for rule in group.rules)
        self._counted = GroupStatus(group=group, interval_s=interval_s, rules=())
        self._external_labels = external_labels
        self._external_url = external_url
        self._monotonic = monotonic

    @property
    def status(self) -> GroupStatus:
        """How the group and its rules fare now."""
        return replace(self._counted, rules=tuple(rule.status for rule in self.rules))

    def miss(self, count: int) -> None:
        """Counts evaluations that were left out."""
        self._counted = replace(self._counted, missed=self._counted.missed + count)

    def evaluate(self, store: Store, queries: TemplateQueries, at_ms: int) -> tuple[Alert, ...]:
        """Evaluates all rules at a time and writes their samples; gives the alerts whose state changed."""
        started = self._monotonic()
        environment = Environment(
            at=at_ms / 1000, external_url=self._external_url, query=lambda text: queries.ask(text, at_ms)
        )
        surroundings = Surroundings(environment=environment, external_labels=self._external_labels)
        changed = [alert for rule in self.rules for alert in rule.evaluate(store, at_ms, surroundings)]
        self._counted = replace(
            self._counted,
            evaluated_at=at_ms / 1000,
            duration_s=self._monotonic() - started,
            evaluations=self._counted.evaluations + 1,
            failures=self._counted.failures + sum(rule.status.health is Health.ERROR for rule in self.rules),
        )
        return tuple(changed)
