"""The text of a Prometheus rule file to compiled groups, with every problem at once.

Source: https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/ and rulefmt of Prometheus 3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..promql import Options, PromqlError, Query, ValueType, compile_query
from ..template import Template, TemplateError, parse_template
from .model import AlertingRule, RecordingRule, Rule, RuleGroup, Templates
from .reader import Reader
from .yaml import FilesError, YamlEntry, YamlMap, YamlNode, load_yaml

CANONICAL_RUNBOOKS: Final = "https://github.com/training-exporter/training-exporter/blob/main/docs/runbooks/"
"""What `runbook_url` begins with in the rules that ship."""

_GROUP_FIELDS: Final = ("name", "interval", "query_offset", "limit", "labels", "rules")
_RULE_FIELDS: Final = ("record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations")
_ONLY_OF_ALERTS: Final = ("for", "keep_firing_for", "annotations")
_RULE_TYPES: Final = (ValueType.VECTOR, ValueType.SCALAR)
_RESERVED_LABEL: Final = "__name__"
# Matches `training_loss:rate5m`.
_METRIC_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
# Matches `severity`.
_LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")

_MS: Final = 1000
_Fields = Mapping[str, YamlEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """What the rules of a group inherit."""

    name: str
    labels: Mapping[str, str]


def rule_options(evaluation_interval_s: float) -> Options:
    """How the queries of rules are evaluated: a subquery without a step takes the evaluation interval, in seconds."""
    return Options(subquery_step_ms=round(evaluation_interval_s * _MS))


def read_rules(text: str, file: str, *, options: Options, runbook_base: str = "") -> tuple[RuleGroup, ...]:
    """The groups of a rule file.

    Args:
        text: the file's content.
        file: its name, for messages and as the groups' `file`.
        options: for the queries; see `rule_options`.
        runbook_base: where the runbooks are, if not at the project's own address; ends in a slash.

    Raises:
        FilesError: all that is wrong with the file.
    """
    root = load_yaml(text, file)
    return () if root is None else _RuleFile(file, options, runbook_base).groups(root)


class _RuleFile:
    def __init__(self, file: str, options: Options, runbook_base: str) -> None:
        self._reader = Reader(file)
        self._options = options
        self._runbook_base = runbook_base

    def groups(self, root: YamlNode) -> tuple[RuleGroup, ...]:
        fields = self._reader.fields(root, "the file", ("groups",))
        groups = tuple(self._group(node) for node in self._reader.items(fields.get("groups")))
        names: set[str] = set()
        for group, node in zip(groups, self._reader.items(fields.get("groups")), strict=True):
            if group.name in names:
                self._reader.problem(node.line, f"group {group.name!r} is already in this file")
            names.add(group.name)
        if self._reader.problems:
            raise FilesError(tuple(sorted(self._reader.problems, key=lambda problem: problem.line or 0)))
        return groups

    def _group(self, node: YamlNode) -> RuleGroup:
        reader = self._reader
        fields = reader.fields(node, "a group", _GROUP_FIELDS)
        name = reader.text(fields.get("name"))
        if not name:
            reader.problem(node.line, "a group needs a 'name'")
        group = _Group(name=name, labels=self._labels(fields.get("labels")))
        rules = tuple(self._rule(item, group) for item in reader.items(fields.get("rules")))
        return RuleGroup(
            name=name,
            file=reader.file,
            rules=tuple(rule for rule in rules if rule is not None),
            interval_ms=reader.duration_ms(fields.get("interval")) or None,
            limit=reader.integer(fields.get("limit")),
            query_offset_ms=reader.duration_ms(fields.get("query_offset")) or 0,
        )

    def _rule(self, node: YamlNode, group: _Group) -> Rule | None:
        """The rule, None where something is wrong with it that was noted."""
        reader = self._reader
        fields = reader.fields(node, "a rule", _RULE_FIELDS)
        if not isinstance(node, YamlMap):
            return None
        record, alert = reader.text(fields.get("record")), reader.text(fields.get("alert"))
        if bool(record) == bool(alert):
            wrong = "only one of 'record' and 'alert' may be set" if record else "a rule needs 'record' or 'alert'"
            reader.problem(node.line, wrong)
            return None
        query = self._query(fields.get("expr"), node, record or alert)
        labels = {**group.labels, **self._labels(fields.get("labels"))}
        if alert:
            return self._alerting(fields, node, query, alert, labels)
        self._check_recording(fields, record)
        return None if query is None else _recording(record, node, query, labels)

    def _check_recording(self, fields: _Fields, record: str) -> None:
        for field in _ONLY_OF_ALERTS:
            if field in fields:
                self._reader.problem(fields[field].line, f"{field!r} belongs to alerts; {record} is a recording rule")
        if not _METRIC_NAME.fullmatch(record):
            self._reader.problem(fields["record"].line, f"{record!r} is no valid metric name")

    def _alerting(
        self, fields: _Fields, node: YamlNode, query: Query | None, alert: str, labels: Mapping[str, str]
    ) -> AlertingRule | None:
        reader = self._reader
        annotations = self._annotations(fields.get("annotations"))
        asked: list[Query] = []
        label_templates = self._templates(labels, fields.get("labels"), alert, node, asked)
        annotation_templates = self._templates(annotations, fields.get("annotations"), alert, node, asked)
        for_ms = reader.duration_ms(fields.get("for")) or 0
        keep_firing_for_ms = reader.duration_ms(fields.get("keep_firing_for")) or 0
        if query is None:
            return None
        return AlertingRule(
            name=alert,
            line=node.line,
            query=query,
            labels=label_templates,
            annotations=annotation_templates,
            for_ms=for_ms,
            keep_firing_for_ms=keep_firing_for_ms,
            template_queries=tuple(asked),
        )

    def _query(self, entry: YamlEntry | None, node: YamlNode, rule: str) -> Query | None:
        text = self._reader.text(entry).strip()
        if entry is None or not text:
            self._reader.problem(node.line, f"rule {rule}: it needs an 'expr'")
            return None
        try:
            query = compile_query(text, self._options)
        except PromqlError as error:
            self._reader.problem(entry.line, f"rule {rule}: {error}")
            return None
        if query.type not in _RULE_TYPES:
            self._reader.problem(entry.line, f"rule {rule}: it yields a {query.type.value}, not a vector: {text}")
        if query.has_fixed_time:
            self._reader.problem(entry.line, f"rule {rule}: a fixed time after @ is never kept in memory: {text}")
        return query

    def _labels(self, entry: YamlEntry | None) -> Mapping[str, str]:
        labels = self._reader.texts(entry)
        for name in labels:
            if not _LABEL_NAME.fullmatch(name) or name == _RESERVED_LABEL:
                self._reader.problem(_line_of(entry, name), f"{name!r} is no valid label name")
        return labels

    def _annotations(self, entry: YamlEntry | None) -> Mapping[str, str]:
        annotations = dict(self._reader.texts(entry))
        for name, text in annotations.items():
            if not _LABEL_NAME.fullmatch(name):
                self._reader.problem(_line_of(entry, name), f"{name!r} is no valid annotation name")
            if self._runbook_base and name == "runbook_url" and text.startswith(CANONICAL_RUNBOOKS):
                annotations[name] = self._runbook_base + text.removeprefix(CANONICAL_RUNBOOKS)
        return annotations

    def _templates(
        self, texts: Mapping[str, str], entry: YamlEntry | None, alert: str, node: YamlNode, asked: list[Query]
    ) -> Templates:
        """The parsed templates; what they query is added to `asked`."""
        found: list[tuple[str, Template]] = []
        for name, text in sorted(texts.items()):
            try:
                template = parse_template(text, alert)
                asked += [compile_query(query, self._options) for query in template.queries()]
            except (TemplateError, PromqlError) as error:
                line = _line_of(entry, name) or node.line
                self._reader.problem(line, f"rule {alert}: the template of {name!r}: {error}")
            else:
                found.append((name, template))
        return tuple(found)


def _recording(record: str, node: YamlNode, query: Query, labels: Mapping[str, str]) -> RecordingRule:
    return RecordingRule(name=record, line=node.line, query=query, labels=tuple(sorted(labels.items())))


def _line_of(entry: YamlEntry | None, name: str) -> int | None:
    """Where a mapping sets a key."""
    if entry is None:
        return None
    lines = (item.line for item in getattr(entry.value, "entries", ()) if item.key == name)
    return next(lines, entry.line)
