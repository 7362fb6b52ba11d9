"""One test group on the embedded evaluator, step by step as promtool does it, to what differs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ..evaluation import GroupEvaluator, TemplateQueries
from ..model import AlertState, Sample
from ..promql import Options, PromqlError, compile_query
from ..rulefile import AlertingRule, RuleGroup
from ..store import Store
from ..template.values import GoDuration, format_go_duration
from .model import AlertTest, Expected, InputSeries, QueryTest, TestFile, TestGroup
from .show import alert_difference, query_difference, query_title, sorted_samples


def run_group(test: TestGroup, file: TestFile, groups: Sequence[RuleGroup], options: Options) -> tuple[str, ...]:
    """The differences, each as promtool words it; none: the test holds."""
    run = _Run(test, file, groups, options)
    return tuple(run.differences())


class _Run:
    def __init__(self, test: TestGroup, file: TestFile, groups: Sequence[RuleGroup], options: Options) -> None:
        self._test = test
        self._file = file
        self._store = Store()
        self._options = options
        self._queries = TemplateQueries(self._store, options)
        self._evaluators = [
            GroupEvaluator(
                group,
                interval_s=file.evaluation_interval_ms / 1000,
                external_labels=test.external_labels,
                external_url=test.external_url,
                monotonic=lambda: 0.0,
            )
            for group in _ordered(groups, file.group_order)
        ]

    def differences(self) -> Iterator[str]:
        step, start = self._file.evaluation_interval_ms, self._test.start_ms
        tested = {test.at_ms for test in self._test.alerts} | {test.at_ms for test in self._test.queries}
        loaded = 0
        for after in range(0, max(tested, default=0) + 1, step):
            loaded = self._load(loaded, after)
            failures = tuple(self._evaluate(start + after, after))
            if failures:
                yield from failures
                return
            due = [test for test in self._test.alerts if after <= test.at_ms < after + step]
            for alert_test in sorted(due, key=lambda test: test.at_ms):
                yield from self._alert_difference(alert_test)
        for query_test in self._test.queries:
            yield from self._query_difference(query_test)

    def _load(self, first: int, until_ms: int) -> int:
        """Appends the input from one of its intervals up to a time; gives the first interval that is left."""
        interval = self._test.interval_ms
        end = until_ms // interval + 1
        for number in range(first, end):
            at_ms = self._test.start_ms + number * interval
            for series in self._test.series:
                self._append(series, number, at_ms)
        return end

    def _append(self, series: InputSeries, number: int, at_ms: int) -> None:
        value = series.values[number] if number < len(series.values) else None
        if value is not None:
            self._store.append(series.labels, at_ms, value)

    def _evaluate(self, at_ms: int, after_ms: int) -> Iterator[str]:
        """Evaluates all groups; yields what failed."""
        after = format_go_duration(GoDuration(after_ms * 1_000_000))
        for evaluator in self._evaluators:
            evaluator.evaluate(self._store, self._queries, at_ms)
            for rule in evaluator.status.rules:
                if rule.error:
                    yield f"    rule: {rule.rule.name}, time: {after}, err: {rule.error}"

    def _alert_difference(self, test: AlertTest) -> Iterator[str]:
        got = sorted(self._firing(test.alertname))
        if got != sorted(test.expected):
            yield alert_difference(test, got, self._test.name)

    def _firing(self, alertname: str) -> Iterator[Expected]:
        for evaluator in self._evaluators:
            for status in evaluator.status.rules:
                if isinstance(status.rule, AlertingRule) and status.rule.name == alertname:
                    firing = (alert for alert in status.alerts if alert.state is AlertState.FIRING)
                    yield from (Expected(alert.labels, alert.annotations) for alert in firing)

    def _query_difference(self, test: QueryTest) -> Iterator[str]:
        try:
            query = compile_query(test.text, self._options)
            got = sorted_samples(query.vector(self._store, self._test.start_ms + test.at_ms))
        except PromqlError as error:
            yield f"{query_title(test)}, err: {error}"
            return
        if not _equal(got, sorted_samples(test.expected), fuzzy=self._file.fuzzy):
            yield query_difference(test, got)


def _ordered(groups: Sequence[RuleGroup], order: tuple[str, ...]) -> Sequence[RuleGroup]:
    """As the file orders them; a group that it does not name counts as its first."""
    return sorted(groups, key=lambda group: order.index(group.name) if group.name in order else 0)


def _equal(got: Sequence[Sample], expected: Sequence[Sample], *, fuzzy: bool) -> bool:
    """NaN equals nothing, as in promtool."""
    if [sample.labels for sample in got] != [sample.labels for sample in expected]:
        return False
    pairs = ((mine.value, theirs.value) for mine, theirs in zip(got, expected, strict=True))
    return all(one == other or (fuzzy and _neighbours(one, other)) for one, other in pairs)


def _neighbours(one: float, other: float) -> bool:
    return math.nextafter(one, other) == other
