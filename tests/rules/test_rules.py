"""The rules that ship: complete, documented, and with the same verdicts on Prometheus and on the embedded evaluator."""

from __future__ import annotations

import io
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

from alerts.ruletest import run_test_files
from exporter.catalog import METRICS
from exporter.model import THRESHOLDS, Threshold

ROOT = Path(__file__).parents[2]
GROUPS = ("stop", "health", "memory", "gpu", "exporter")
RUNBOOKS = "https://github.com/training-exporter/training-exporter/blob/main/docs/runbooks/"
LONGEST_WINDOW_MINUTES = 60
# Matches the `[20m] offset 40m` of `max_over_time(gpu_memory_free_bytes[20m] offset 40m)`.
WINDOW = re.compile(r"\[(\d+)([mh])\](?: offset (\d+)m)?")
# Matches the `training_loss{split="train"` of `training_loss{split="train"} * 0 != 0`.
SELECTOR = re.compile(r"\b((?:training|gpu)_\w+)(?:\{([^}]*))?")
# Matches the `plateau_gain_ratio` of `training_threshold{name="plateau_gain_ratio"}`.
LIMIT = re.compile(r'training_threshold\{name="(\w+)"\}')


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    group: str
    name: str
    expr: str
    labels: dict[str, str]
    annotations: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a unit test says of one alert at one time."""

    alert: str
    fires: bool


def rules_of(group: str) -> list[Rule]:
    (found,) = yaml.safe_load((ROOT / "alerts" / "rules" / f"{group}.yml").read_text())["groups"]
    assert found["name"] == group
    return [
        Rule(
            group=group,
            name=rule["alert"],
            expr=rule["expr"],
            labels=rule["labels"],
            annotations=rule["annotations"],
        )
        for rule in found["rules"]
    ]


@cache
def checks_of(group: str) -> tuple[Check, ...]:
    tests = yaml.safe_load(unit_tests(group).read_text())["tests"]
    return tuple(
        Check(alert=check["alertname"], fires=bool(check["exp_alerts"]))
        for test in tests
        for check in test["alert_rule_test"]
    )


def unit_tests(group: str) -> Path:
    return ROOT / "tests" / "rules" / f"{group}.test.yml"


RULES = [rule for group in GROUPS for rule in rules_of(group)]
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
each_group = pytest.mark.parametrize("group", GROUPS)


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)


def test_every_rule_file_is_a_known_group() -> None:
    assert {path.stem for path in (ROOT / "alerts" / "rules").iterdir()} == set(GROUPS)


def test_no_two_rules_share_a_name() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


@each_rule
def test_a_rule_has_a_severity_and_an_action(rule: Rule) -> None:
    assert set(rule.labels) == {"severity", "action"}
    assert rule.labels["severity"] in {"critical", "warning", "info"}
    assert rule.labels["action"] in {"stop", "reduce_memory", "investigate", "none"}


@each_rule
def test_a_rule_says_what_was_seen_and_what_to_do(rule: Rule) -> None:
    texts = set(rule.annotations) - {"notify_resolved"}
    assert texts == {"summary", "description", "advice", "runbook_url", "dashboard_url"}
    assert rule.annotations.get("notify_resolved", "false") == "false"


@each_rule
def test_a_rule_has_a_runbook(rule: Rule) -> None:
    assert rule.annotations["runbook_url"] == f"{RUNBOOKS}{rule.name}.md"
    page = (ROOT / "docs" / "runbooks" / f"{rule.name}.md").read_text()
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    seen, do, how = "What was seen", "What to do", "How it is computed"
    assert headings == [rule.name, seen, do, how, "Tuning", "False alarms"]


def test_every_runbook_belongs_to_a_rule() -> None:
    assert {page.stem for page in (ROOT / "docs" / "runbooks").iterdir()} == {rule.name for rule in RULES}


def test_links_between_runbooks_lead_somewhere() -> None:
    for page in (ROOT / "docs" / "runbooks").iterdir():
        for target in re.findall(r"\]\((\w+\.md)\)", page.read_text()):
            assert (page.parent / target).is_file(), f"{page.name} links to {target}"


@each_rule
def test_a_rule_has_a_firing_and_a_quiet_test(rule: Rule) -> None:
    assert {check.fires for check in checks_of(rule.group) if check.alert == rule.name} == {True, False}


@each_rule
def test_a_rule_asks_for_metrics_and_labels_of_the_catalog(rule: Rule) -> None:
    labels = {metric.name: {*metric.labels, "job", "instance"} for metric in METRICS}
    texts = [rule.expr, *(text for text in rule.annotations.values() if "query" in text)]
    for name, matchers in SELECTOR.findall("\n".join(texts)):
        assert name in labels
        assert set(re.findall(r"(\w+)(?:=~|!~|!=|=)", matchers)) <= labels[name], name


@each_rule
def test_a_rule_does_not_depend_on_the_name_of_a_job(rule: Rule) -> None:
    assert not re.search(r"job\s*(?:=|!)", rule.expr)


@each_rule
def test_a_rule_looks_back_no_more_than_an_hour(rule: Rule) -> None:
    for length, unit, offset in WINDOW.findall(rule.expr):
        assert int(length) * {"m": 1, "h": 60}[unit] + int(offset or 0) <= LONGEST_WINDOW_MINUTES


@each_rule
def test_an_alert_about_an_event_sends_no_resolved(rule: Rule) -> None:
    if "< 900" in rule.expr and rule.name != "TrainingExporterNotificationsFailing":
        assert rule.annotations["notify_resolved"] == "false"


def test_the_limits_of_the_rules_are_those_of_the_exporter() -> None:
    assert {name for rule in RULES for name in LIMIT.findall(rule.expr)} == {limit.name for limit in THRESHOLDS}


@each_rule
def test_an_alert_is_in_the_overview_with_its_labels(rule: Rule) -> None:
    overview = (ROOT / "docs" / "ALERTS.md").read_text()
    (row,) = (line for line in overview.splitlines() if line.startswith(f"| [{rule.name}](runbooks/{rule.name}.md)"))
    assert row.endswith(f"| {rule.labels['severity']} | {rule.labels['action']} |")
    assert ("¹" in row) == ("notify_resolved" in rule.annotations)


@pytest.mark.parametrize("limit", THRESHOLDS, ids=lambda limit: limit.name)
def test_a_limit_is_in_the_overview_with_its_default(limit: Threshold) -> None:
    assert f"| `{limit.name}` | {limit.default:g} |" in (ROOT / "docs" / "ALERTS.md").read_text()


@pytest.mark.real("promtool")
@each_group
def test_prometheus_finds_no_fault_with_a_rule_file(group: str) -> None:
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", ROOT / "alerts" / "rules" / f"{group}.yml")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.real("promtool")
@each_group
def test_the_unit_tests_hold_on_prometheus(group: str) -> None:
    done = promtool("test", "rules", unit_tests(group))
    assert done.returncode == 0, done.stdout + done.stderr


@each_group
def test_the_unit_tests_hold_on_the_embedded_evaluator(group: str) -> None:
    out = io.StringIO()
    assert run_test_files([unit_tests(group)], out) == 0, out.getvalue()


@pytest.mark.real("promtool")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "alertname: TrainingExporterDown\n        exp_alerts: []",
            "alertname: TrainingExporterDown\n        exp_alerts: [{}]",
        ),
        ("eval_time: 5m45s", "eval_time: 6m"),
        ("so alerts come late.", "so alerts come later."),
        ('severity: "warning"', 'severity: "info"'),
    ],
    ids=["alert", "time", "annotation", "label"],
)
def test_both_engines_refuse_the_same_wrong_expectation(old: str, new: str, tmp_path: Path) -> None:
    text = unit_tests("exporter").read_text().replace("../../alerts", str(ROOT / "alerts"))
    assert old in text
    wrong = tmp_path / "wrong.test.yml"
    wrong.write_text(text.replace(old, new))
    assert promtool("test", "rules", wrong).returncode == 1
    assert run_test_files([wrong], io.StringIO()) == 1
