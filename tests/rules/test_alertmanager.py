"""The Alertmanager configuration that ships, on the real amtool."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "alerts" / "alertmanager"


def rules() -> dict[str, dict[str, str]]:
    """The annotations of every alert that ships."""
    files = (ROOT / "alerts" / "rules").glob("*.yml")
    groups = (group for file in files for group in yaml.safe_load(file.read_text())["groups"])
    return {rule["alert"]: rule["annotations"] for group in groups for rule in group["rules"]}


def alert(name: str, status: str = "firing", severity: str = "critical", run: str = "resnet50") -> dict[str, object]:
    return {
        "status": status,
        "labels": {"alertname": name, "severity": severity, "action": "stop", "run": run, "instance": "gpu1:9936"},
        "annotations": {
            "summary": f"Stop {run}",
            "description": "The loss is > 9 & rises.",
            "advice": "Stop it.",
            "runbook_url": f"https://example.org/{name}.md",
            "dashboard_url": "http://gpu1:9936/#run-resnet50",
        },
        "startsAt": "2026-11-21T22:00:00Z",
    }


def render(template: str, tmp_path: Path, *alerts: dict[str, object]) -> str:
    data = {
        "status": "firing" if any(each["status"] == "firing" for each in alerts) else "resolved",
        "alerts": alerts,
        "commonLabels": {"run": "resnet50", "instance": "gpu1:9936"},
        "commonAnnotations": {"dashboard_url": "http://gpu1:9936/#run-resnet50"},
        "externalURL": "http://alertmanager:9093",
    }
    (tmp_path / "data.json").write_text(json.dumps(data))
    done = subprocess.run(
        [
            *("amtool", "template", "render"),
            f"--template.glob={FOLDER / 'templates' / '*.tmpl'}",
            f"--template.data={tmp_path / 'data.json'}",
            f'--template.text={{{{ template "{template}" . }}}}',
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.real("amtool")
def test_alertmanager_takes_the_configuration() -> None:
    done = subprocess.run(
        ["amtool", "check-config", str(FOLDER / "alertmanager.yml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_alerts_without_a_resolved_message_are_those_that_the_rules_mark() -> None:
    config = yaml.safe_load((FOLDER / "alertmanager.yml").read_text())
    (route,) = config["route"]["routes"]
    names = re.fullmatch(r'alertname =~ "(.+)"', route["matchers"][0])
    assert names
    assert names[1].split("|") == sorted(name for name, texts in rules().items() if "notify_resolved" in texts)
    resolved = {each["name"]: each["slack_configs"][0]["send_resolved"] for each in config["receivers"]}
    assert resolved == {config["route"]["receiver"]: True, route["receiver"]: False}


def test_inhibition_names_alerts_that_ship_and_the_overview_tells_of_it() -> None:
    config = yaml.safe_load((FOLDER / "alertmanager.yml").read_text())
    overview = " ".join((ROOT / "docs" / "ALERTS.md").read_text().split())
    for rule in config["inhibit_rules"]:
        source, target = (re.findall(r"\b[A-Z]\w+", rule[side][0]) for side in ("source_matchers", "target_matchers"))
        assert {*source, *target} <= set(rules())
        assert f"- {' and '.join(source)}: {', '.join(target)}" in overview


@pytest.mark.real("amtool")
def test_a_message_about_one_alert(tmp_path: Path) -> None:
    one = alert("TrainingDiverging", run="a<b>&c")
    assert render("training.title", tmp_path, one) == "[STOP] TrainingDiverging · a&lt;b&gt;&amp;c"
    assert render("training.color", tmp_path, one) == "danger"
    assert render("training.text", tmp_path, one) == (
        "Stop a&lt;b&gt;&amp;c\n"
        "The loss is &gt; 9 &amp; rises.\n"
        "*Advice:* Stop it.\n"
        "<https://example.org/TrainingDiverging.md|Runbook> · <http://gpu1:9936/#run-resnet50|Status page>"
    )
    assert render("training.fallback", tmp_path, one).endswith(": Stop a&lt;b&gt;&amp;c")
    assert render("training.title_link", tmp_path, one) == "http://gpu1:9936/#run-resnet50"


@pytest.mark.real("amtool")
def test_a_message_about_several_alerts_has_the_gravest_first_and_what_is_over_last(tmp_path: Path) -> None:
    alerts = (
        alert("TrainingSlowedDown", severity="warning"),
        alert("TrainingLossSpike", "resolved"),
        alert("TrainingDiverging"),
    )
    text = render("training.text", tmp_path, *alerts)
    assert re.findall(r"^\*\[.*", text, re.MULTILINE) == [
        "*[STOP] TrainingDiverging*",
        "*[STOP] TrainingSlowedDown*",
        "*[RESOLVED]* It was: Stop resnet50",
    ]
    assert render("training.title", tmp_path, *alerts) == "[2 FIRING] resnet50"


@pytest.mark.real("amtool")
@pytest.mark.parametrize(
    ("severities", "colour"),
    [
        (("info",), "#439FE0"),
        (("warning", "info"), "warning"),
        (("info", "warning"), "warning"),
        (("critical", "warning"), "danger"),
        (("warning", "critical", "info"), "danger"),
        ((), "good"),
    ],
)
def test_a_message_has_the_colour_of_its_gravest_alert(
    severities: tuple[str, ...], colour: str, tmp_path: Path
) -> None:
    firing = [alert(f"Alert{index}", severity=severity) for index, severity in enumerate(severities)]
    assert render("training.color", tmp_path, *firing, alert("Over", "resolved")) == colour


@pytest.mark.real("amtool")
def test_a_message_about_what_is_over(tmp_path: Path) -> None:
    over = alert("TrainingDiverging", "resolved")
    assert render("training.title", tmp_path, over) == "[RESOLVED] TrainingDiverging · resnet50"
    assert render("training.text", tmp_path, over) == "It was: Stop resnet50"
    two = (over, alert("TrainingLossSpike", "resolved"))
    assert render("training.title", tmp_path, *two) == "[RESOLVED] 2 alerts · resnet50"
