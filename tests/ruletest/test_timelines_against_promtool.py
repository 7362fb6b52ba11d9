from __future__ import annotations

import io
import random
import subprocess
from pathlib import Path

import pytest
import yaml

from alerts.ruletest import run_test_files

MINUTES = 30
ITEMS = ("0", "1", "2", "3", "4", "5", "_", "stale", "NaN")


def values(chance: random.Random) -> str:
    """Values with gaps that are shorter than the lookback: its edge differs between Prometheus 2 and 3."""
    items: list[str] = []
    while len(items) < MINUTES:
        item = chance.choice(ITEMS)
        items += ["_"] * (chance.random() < 0.3) + [item] * chance.randint(1, 4) if item != "_" else ["_"]
        if items[-4:] == ["_"] * 4:
            items.append("1")
    return " ".join(items)


def rules(chance: random.Random) -> str:
    def rule(number: int) -> dict[str, object]:
        return {
            "alert": f"A{number}",
            "expr": chance.choice(
                ["x > 2", "x == 4", "x != 0", "sum by (job) (x) > 5", "ALERTS{alertname='A0'}", "absent(x)"]
            ),
            "for": f"{chance.choice([0, 1, 2, 5])}m",
            "keep_firing_for": f"{chance.choice([0, 0, 1, 3])}m",
            "labels": {"level": "{{ if gt $value 3.0 }}high{{ end }}"},
            "annotations": {"text": "{{ $labels.job }} {{ $value }}"},
        }

    groups = [{"name": f"g{i}", "rules": [rule(3 * i + j) for j in range(3)]} for i in range(2)]
    return yaml.safe_dump({"groups": groups})


def timeline(chance: random.Random) -> str:
    """A test that expects nothing, so that whatever fires is shown."""
    series = [{"series": f'x{{job="{job}", host="{host}"}}', "values": values(chance)} for job in "ab" for host in "12"]
    tests = [
        {"eval_time": f"{minute}m", "alertname": f"A{number}", "exp_alerts": []}
        for minute in range(MINUTES)
        for number in range(6)
    ]
    group = {"interval": "1m", "input_series": series, "alert_rule_test": tests}
    order = ["g0", "g1"]
    return yaml.safe_dump({"rule_files": ["r.yml"], "group_eval_order": order, "tests": [group]})


@pytest.mark.real("promtool")
@pytest.mark.parametrize("seed", range(12))
def test_fires_when_promtool_fires(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)  # noqa: S311 - a reproducible timeline
    (tmp_path / "r.yml").write_text(rules(chance))
    file = tmp_path / "t.yml"
    file.write_text(timeline(chance))
    promtool = subprocess.run(
        ["promtool", "test", "rules", file],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    out = io.StringIO()
    run_test_files([file], out)
    assert out.getvalue() == promtool.stdout
    assert "got:[\n" in promtool.stdout
