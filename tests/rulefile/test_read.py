from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rulefile import (
    CANONICAL_RUNBOOKS,
    AlertingRule,
    FilesError,
    RecordingRule,
    builtin_rule_files,
    load_rules,
    read_rules,
    retention,
    rule_options,
)

OPTIONS = rule_options(15)
GOOD = """\
groups:
  - name: training
    interval: 1m30s
    query_offset: 10s
    limit: 3
    labels: {team: vision, tier: "1"}
    rules:
      - record: training:loss:mean
        expr: avg_over_time(training_loss[1h] offset 5m)
        labels: {kind: mean}
      - &base
        alert: High
        expr: |
          training_loss > 3
        for: 0s
        keep_firing_for: 1d2h
        labels: {severity: "{{ if gt $value 5.0 }}critical{{ else }}warning{{ end }}", tier: 2}
        annotations:
          summary: "{{ $labels.run }}"
          runbook_url: https://github.com/training-exporter/training-exporter/blob/main/docs/runbooks/High.md
          other: '{{ query "max_over_time(gpu[2h])" | first | value }}'
      - <<: *base
        alert: Higher
        expr: training_loss > 1 + 4
  - name: empty
    rules:
"""


def problems(text: str) -> list[str]:
    with pytest.raises(FilesError) as caught:
        read_rules(text, "r.yml", options=OPTIONS)
    return [str(problem) for problem in caught.value.problems]


def test_reads_every_field_of_a_group() -> None:
    training, empty = read_rules(GOOD, "r.yml", options=OPTIONS)
    assert (training.name, training.file, training.interval_ms, training.query_offset_ms, training.limit) == (
        "training",
        "r.yml",
        90_000,
        10_000,
        3,
    )
    assert (empty.rules, empty.interval_ms, empty.limit) == ((), None, 0)


def test_reads_recording_rules_with_the_labels_of_the_group() -> None:
    rule = read_rules(GOOD, "r.yml", options=OPTIONS)[0].rules[0]
    assert isinstance(rule, RecordingRule)
    assert rule.name == "training:loss:mean"
    assert rule.labels == (("kind", "mean"), ("team", "vision"), ("tier", "1"))


def test_reads_alerting_rules_through_anchors_and_merges() -> None:
    _, high, higher = read_rules(GOOD, "r.yml", options=OPTIONS)[0].rules
    assert isinstance(high, AlertingRule)
    assert isinstance(higher, AlertingRule)
    assert (high.for_ms, high.keep_firing_for_ms, high.line) == (0, 93_600_000, 11)
    assert {name: template.text for name, template in high.labels}["tier"] == "2"
    assert (higher.name, higher.query.text) == ("Higher", "training_loss > 1 + 4")
    assert higher.annotations[1][0] == "runbook_url"


def test_keeps_the_samples_that_queries_and_templates_look_at() -> None:
    kept = retention(read_rules(GOOD, "r.yml", options=OPTIONS))
    assert kept.of("training_loss") == (3600 + 300 + 10) * 1000
    assert kept.of("gpu") == (7200 + 10) * 1000
    assert kept.of("anything") == 300_000


def test_moves_runbooks_to_the_given_base(tmp_path: Path) -> None:
    file = tmp_path / "r.yml"
    file.write_text(GOOD)
    rule = load_rules([str(file)], options=OPTIONS, runbook_base="http://books")[0].rules[1]
    assert isinstance(rule, AlertingRule)
    assert dict(rule.annotations)["runbook_url"].text == "http://books/High.md"


def test_takes_the_evaluation_interval_as_the_step_of_subqueries() -> None:
    group = read_rules(GOOD, "r.yml", options=rule_options(7))[0]
    assert {query.options.subquery_step_ms for query in group.queries()} == {7000}


@pytest.mark.parametrize("text", ["", "# nothing\n", "groups:\n", "groups: []\n"])
def test_reads_a_file_without_groups(text: str) -> None:
    assert read_rules(text, "r.yml", options=OPTIONS) == ()


BAD = """\
groups:
  - name: a
    intervall: 5s
    interval: 1x
    rules:
      - alert: A
        expr: sum(
        labels: {"1x": y, __name__: z}
        annotations:
          summary: "{{ nofunc 1 }}"
          bad-name: x
      - record: x-y
        expr: up
        for: 5m
      - alert: B
        expr: up[5m]
        for: 5m
        for: 6m
        annotations:
          s: '{{ query "sum(" }}'
      - expr: up
      - {alert: C, record: c}
      - {alert: D, expr: 'nosuch(up)'}
      - {alert: E, expr: 'up @ 1700000000'}
      - {alert: F, expr: 'info(up)'}
  - name: a
    limit: -3
    rules: {}
  - rules: [1]
"""


def test_tells_every_problem_at_once_with_its_line() -> None:
    assert [(line.split(": ", 1)[0], line.split(": ", 1)[1].split(";")[0]) for line in problems(BAD)] == [
        ("r.yml:3", "unknown field 'intervall' in a group"),
        ("r.yml:4", "'interval': not a valid duration string: '1x'"),
        ("r.yml:7", "rule A: unclosed left parenthesis, in the expression: sum("),
        ("r.yml:8", "'1x' is no valid label name"),
        ("r.yml:8", "'__name__' is no valid label name"),
        ("r.yml:10", "rule A: the template of 'summary': function \"nofunc\" not defined"),
        ("r.yml:11", "'bad-name' is no valid annotation name"),
        ("r.yml:12", "'x-y' is no valid metric name"),
        ("r.yml:14", "'for' belongs to alerts"),
        ("r.yml:16", "rule B: it yields a matrix, not a vector: up[5m]"),
        ("r.yml:18", "'for' is already set in line 17"),
        ("r.yml:20", "rule B: the template of 's': unclosed left parenthesis, in the expression: sum("),
        ("r.yml:21", "a rule needs 'record' or 'alert'"),
        ("r.yml:22", "only one of 'record' and 'alert' may be set"),
        ("r.yml:23", "rule D: unknown function with name 'nosuch', in the expression: nosuch(up)"),
        ("r.yml:24", "rule E: a fixed time after @ is never kept in memory: up @ 1700000000"),
        ("r.yml:25", "rule F: the function info() is not supported, in the expression: info(up)"),
        ("r.yml:26", "group 'a' is already in this file"),
        ("r.yml:27", "'limit' must be a whole number, not '-3'"),
        ("r.yml:28", "'rules' must be a list"),
        ("r.yml:29", "a group needs a 'name'"),
        ("r.yml:29", "a rule must be a mapping"),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("groups: [\n", "r.yml:2: YAML: while parsing a flow node did not find expected node content"),
        ("groups: &a [*a]\n", "r.yml: YAML: line 1: an anchor contains itself"),
        ("a: 1\n---\nb: 2\n", "r.yml:2: YAML: expected a single document in the stream but found another document"),
        ("[]", "r.yml:1: the file must be a mapping"),
        ("groups: {}", "r.yml:1: 'groups' must be a list"),
        ("groups: [{name: [a], rules: []}]", "r.yml:1: 'name' must be one value"),
    ],
)
def test_tells_what_is_no_rule_file(text: str, problem: str) -> None:
    assert problem in problems(text)


def test_tells_of_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.yml").write_bytes(b"groups: # \xe9\n")
    (tmp_path / "folder.yml").mkdir()
    with pytest.raises(FilesError) as caught:
        load_rules([str(tmp_path / "*.yml"), str(tmp_path / "none.yml")], options=OPTIONS)
    assert [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems] == [
        "folder.yml: cannot be read: Is a directory",
        "latin.yml: cannot be read: it is not UTF-8",
        "none.yml: there is no such rule file",
    ]


def test_reads_a_file_once_however_often_it_matches(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(GOOD)
    groups = load_rules([str(tmp_path / "*.yml"), str(tmp_path / "." / "r.yml")], options=OPTIONS)
    assert [group.name for group in groups] == ["training", "empty"]


def test_loads_the_rules_that_ship() -> None:
    groups = load_rules(["builtin", "builtin"], options=OPTIONS)
    assert {group.file for group in groups} == {f"builtin/{name}" for name, _ in builtin_rule_files()}
    for group in groups:
        for rule in group.rules:
            if isinstance(rule, AlertingRule):
                assert dict(rule.annotations)["runbook_url"].text == f"{CANONICAL_RUNBOOKS}{rule.name}.md"


@given(st.integers(0, len(GOOD)), st.integers(0, 12), st.text(max_size=4) | st.sampled_from("{}[]&*!|>'\"%@`#,:?-\t\n"))
def test_either_reads_a_text_or_tells_what_is_wrong_with_it(start: int, length: int, text: str) -> None:
    try:
        groups = read_rules(GOOD[:start] + text + GOOD[start + length :], "r.yml", options=OPTIONS)
    except FilesError as error:
        told = [str(problem) for problem in error.problems]
    else:
        told = [rule.query.text for group in groups for rule in group.rules]
    assert all(told)
