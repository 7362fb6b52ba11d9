"""The YAML of a rule unit test file to its values, with every problem at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from ..model import Labels, Sample
from ..rulefile.reader import Reader
from ..rulefile.yaml import FilesError, YamlEntry, YamlNode, load_yaml, read_text
from ..state import ALERT_NAME
from .model import AlertTest, Expected, InputSeries, QueryTest, TestFile, TestGroup
from .notation import NotationError, parse_metric, parse_values

_DEFAULT_INTERVAL_MS: Final = 60_000
_FILE_FIELDS: Final = ("rule_files", "evaluation_interval", "group_eval_order", "fuzzy_compare", "tests")
_TEST_FIELDS: Final = (
    "name",
    "interval",
    "input_series",
    "alert_rule_test",
    "promql_expr_test",
    "external_labels",
    "external_url",
    "start_timestamp",
)
_T = TypeVar("_T")


def read_test_file(path: Path) -> TestFile:
    """What a file says. Raises `FilesError` with all that is wrong with it."""
    root = load_yaml(read_text(path), str(path))
    reader = _TestReader(str(path))
    file = reader.file_of(root)
    if reader.problems:
        raise FilesError(tuple(sorted(reader.problems, key=lambda problem: problem.line or 0)))
    return file


class _TestReader(Reader):
    def file_of(self, root: YamlNode | None) -> TestFile:
        fields = {} if root is None else self.fields(root, "the file", _FILE_FIELDS)
        interval_ms = self.duration_ms(fields.get("evaluation_interval")) or _DEFAULT_INTERVAL_MS
        order = tuple(self.scalar(item, "a group") for item in self.items(fields.get("group_eval_order")))
        for name in {name for name in order if order.count(name) > 1}:
            self.problem(fields["group_eval_order"].line, f"group name repeated in evaluation order: {name}")
        return TestFile(
            rule_files=tuple(self.scalar(item, "a rule file") for item in self.items(fields.get("rule_files"))),
            evaluation_interval_ms=interval_ms,
            group_order=order,
            fuzzy=self.boolean(fields.get("fuzzy_compare")),
            tests=tuple(self._test(item, interval_ms) for item in self.items(fields.get("tests"))),
        )

    def _test(self, node: YamlNode, interval_ms: int) -> TestGroup:
        fields = self.fields(node, "a test", _TEST_FIELDS)
        return TestGroup(
            name=self.text(fields.get("name")),
            interval_ms=self.duration_ms(fields.get("interval")) or interval_ms,
            series=tuple(self._series(item) for item in self.items(fields.get("input_series"))),
            alerts=tuple(self._alert_test(item) for item in self.items(fields.get("alert_rule_test"))),
            queries=tuple(self._query_test(item) for item in self.items(fields.get("promql_expr_test"))),
            external_labels=self._labels(fields.get("external_labels")),
            external_url=self.text(fields.get("external_url")),
            start_ms=self._start_ms(fields.get("start_timestamp")),
        )

    def _series(self, node: YamlNode) -> InputSeries:
        fields = self.fields(node, "an input series", ("series", "values"))
        return InputSeries(
            labels=self._notation(fields.get("series"), node, parse_metric),
            values=self._notation(fields.get("values"), node, parse_values),
        )

    def _alert_test(self, node: YamlNode) -> AlertTest:
        fields = self.fields(node, "an alert test", ("eval_time", "alertname", "exp_alerts"))
        alertname = self.text(fields.get("alertname"))
        if not alertname:
            self.problem(node.line, "an item under alert_rule_test needs an 'alertname'")
        return AlertTest(
            at_ms=self.duration_ms(fields.get("eval_time")) or 0,
            alertname=alertname,
            expected=tuple(self._expected(item, alertname) for item in self.items(fields.get("exp_alerts"))),
        )

    def _expected(self, node: YamlNode, alertname: str) -> Expected:
        fields = self.fields(node, "an expected alert", ("exp_labels", "exp_annotations"))
        labels = {**dict(self._labels(fields.get("exp_labels"))), ALERT_NAME: alertname}
        return Expected(labels=tuple(sorted(labels.items())), annotations=self._labels(fields.get("exp_annotations")))

    def _query_test(self, node: YamlNode) -> QueryTest:
        fields = self.fields(node, "a query test", ("expr", "eval_time", "exp_samples"))
        return QueryTest(
            at_ms=self.duration_ms(fields.get("eval_time")) or 0,
            text=self.text(fields.get("expr")),
            expected=tuple(self._sample(item) for item in self.items(fields.get("exp_samples"))),
        )

    def _sample(self, node: YamlNode) -> Sample:
        fields = self.fields(node, "an expected sample", ("labels", "value", "histogram"))
        if "histogram" in fields:
            self.problem(fields["histogram"].line, "native histograms are not supported")
        entry = fields.get("labels")
        labels = self._notation(entry, node, parse_metric) if entry else ()
        return Sample(labels, self.number(fields.get("value")))

    def _labels(self, entry: YamlEntry | None) -> Labels:
        return tuple(sorted(self.texts(entry).items()))

    def _notation(
        self, entry: YamlEntry | None, node: YamlNode, parse: Callable[[str], tuple[_T, ...]]
    ) -> tuple[_T, ...]:
        try:
            return parse(self.text(entry))
        except NotationError as error:
            self.problem(node.line if entry is None else entry.line, str(error))
            return ()

    def _start_ms(self, entry: YamlEntry | None) -> int:
        """Unix milliseconds of seconds or of an RFC 3339 time."""
        text = self.text(entry)
        if entry is None or not text:
            return 0
        try:
            return math.floor(float(text) * 1000)
        except ValueError:
            pass
        try:
            moment = datetime.fromisoformat(text)
            return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
        except ValueError:
            self.problem(entry.line, f"{entry.key!r} must be Unix seconds or like 2026-01-31T12:00:00Z, not {text!r}")
            return 0
