from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from alerts.model import Sample
from alerts.template import Environment, TemplateError, parse_template
from tests.template import templates

SERIES = {
    "sort(m)": (Sample((("__name__", "m"), ("job", "a")), 1.0), Sample((("__name__", "m"), ("job", "b")), 2.0)),
    'm{job="b"}': (Sample((("__name__", "m"), ("job", "b")), 2.0),),
    "nope": (),
}
ENVIRONMENT = Environment(at=0.0, external_url="http://ex.org/pre/fix", query=SERIES.__getitem__)
EXPANDED = (
    *templates.VALUES,
    *templates.HUMANIZED,
    *templates.PRINTED,
    *templates.CONTROL,
    *templates.FUNCTIONS,
    *templates.FAILING,
)
# Matches `alertname: A12, time: 0s, … Annotations:{t="text"}` over several lines.
GOT = re.compile(r'alertname: A(\d+), time.*?Annotations:\{t=("(?:\\.|[^"\\])*")\}', re.DOTALL)


def rules(texts: Sequence[str]) -> str:
    alerts = [{"alert": f"A{i}", "expr": "n", "annotations": {"t": text}} for i, text in enumerate(texts)]
    return yaml.safe_dump({"groups": [{"name": "g", "rules": alerts}]})


@pytest.fixture(scope="module")
def promtool_texts(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """What promtool makes of each template: it says so where it expects nothing."""
    folder = tmp_path_factory.mktemp("promtool")
    folder.joinpath("rules.yml").write_text(rules(EXPANDED))
    test = {
        "interval": "1m",
        "external_labels": {"dc": "eu"},
        "external_url": "http://ex.org/pre/fix",
        "input_series": [
            {"series": 'n{job="j",instance="h.d:90"}', "values": "1234567.891"},
            {"series": 'm{job="a"}', "values": "1"},
            {"series": 'm{job="b"}', "values": "2"},
        ],
        "alert_rule_test": [{"eval_time": "0m", "alertname": f"A{i}", "exp_alerts": []} for i in range(len(EXPANDED))],
    }
    folder.joinpath("test.yml").write_text(yaml.safe_dump({"rule_files": ["rules.yml"], "tests": [test]}))
    done = subprocess.run(
        ["promtool", "test", "rules", folder / "test.yml"], capture_output=True, text=True, check=False, timeout=120
    )
    return {int(found[1]): ast.literal_eval(found[2]) for found in GOT.finditer(done.stdout + done.stderr)}


@pytest.mark.real("promtool")
@pytest.mark.parametrize("number", range(len(EXPANDED)), ids=lambda number: EXPANDED[number][:40])
def test_expands_as_promtool(number: int, promtool_texts: dict[int, str]) -> None:
    template = parse_template(EXPANDED[number], f"A{number}")
    labels = (("__name__", "n"), ("instance", "h.d:90"), ("job", "j"))
    text = template.expand(labels=labels, value=1234567.891, external_labels=(("dc", "eu"),), environment=ENVIRONMENT)
    assert text == promtool_texts[number]


@pytest.mark.real("promtool")
def test_refuses_what_promtool_refuses(tmp_path: Path) -> None:
    for number, text in enumerate(templates.REFUSED):
        file = tmp_path / f"{number}.yml"
        file.write_text(rules([text]))
    done = subprocess.run(
        ["promtool", "check", "rules", *sorted(tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    accepted = {path.name for path in tmp_path.iterdir() if f"Checking {path}\n  SUCCESS" in done.stdout + done.stderr}
    assert not accepted


@pytest.mark.parametrize("text", templates.REFUSED)
def test_refuses_at_load(text: str) -> None:
    with pytest.raises(TemplateError):
        parse_template(text, "A")
