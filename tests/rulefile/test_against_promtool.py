from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from alerts.rulefile import FilesError, read_rules, rule_options

RULES = (
    "groups: []",
    "groups: [{name: a}]",
    "groups: [{name: a, rules: [{alert: A, expr: up}]}]",
    "groups: [{name: a, interval: 0s, rules: [{alert: A, expr: up, for: 0s, keep_firing_for: 1h30m}]}]",
    "groups: [{name: a, interval: 1x}]",
    "groups: [{name: a, interval: -1s}]",
    "groups: [{name: a, limit: 3}]",
    "groups: [{name: a, limit: x}]",
    "groups: [{name: a, wrong: 3}]",
    "groups: [{name: a}, {name: a}]",
    "groups: [{name: ''}]",
    "groups: [{rules: []}]",
    "wrong: []",
    "[]",
    "groups: [{name: a, rules: [{alert: A, record: B, expr: up}]}]",
    "groups: [{name: a, rules: [{expr: up}]}]",
    "groups: [{name: a, rules: [{alert: A}]}]",
    "groups: [{name: a, rules: [{alert: A, expr: ''}]}]",
    "groups: [{name: a, rules: [{alert: A, expr: 1}]}]",
    "groups: [{name: a, rules: [{alert: A B é, expr: up}]}]",
    "groups: [{name: a, rules: [{record: A B, expr: up}]}]",
    "groups: [{name: a, rules: [{record: 'a:b', expr: up, labels: {x: y}}]}]",
    "groups: [{name: a, rules: [{record: a, expr: up, for: 1m}]}]",
    "groups: [{name: a, rules: [{record: a, expr: up, annotations: {x: y}}]}]",
    "groups: [{name: a, rules: [{alert: A, expr: up, labels: {1a: y}}]}]",
    "groups: [{name: a, rules: [{alert: A, expr: up, labels: {__name__: y}}]}]",
    "groups: [{name: a, rules: [{alert: A, expr: up, labels: {a: 1, b: true, c: 1.5}}]}]",
    "groups: [{name: a, rules: [{alert: A, expr: up, annotations: {a-b: y}}]}]",
    "groups: [{name: a, rules: [{alert: A, expr: up, annotations: {a: '{{ $labels.x | nofunc }}'}}]}]",
    "groups: [{name: a, rules: [{alert: A, expr: up, labels: {a: '{{ end }}'}}]}]",
    "groups: [{name: a, rules: [{alert: A, expr: 'sum('}]}]",
    "groups: [{name: a, rules: [{alert: A, expr: 'up[5m]'}]}]",
    "groups: [{name: a, rules: [{alert: A, expr: up, expr: down}]}]",
    "groups: [{name: a, rules: [{alert: A, expr: up, for: [1m]}]}]",
    "groups: [{name: a, rules: {alert: A}}]",
    "groups: [{name: a, rules: [&x {alert: A, expr: up}, {<<: *x, alert: B}]}]",
    "groups: [",
)
# promtool finds it out only when the rule is evaluated.
LATER = frozenset({"groups: [{name: a, rules: [{alert: A, expr: 'up[5m]'}]}]"})


@pytest.mark.real("promtool")
def test_refuses_what_promtool_refuses_and_nothing_else(tmp_path: Path) -> None:
    for number, text in enumerate(RULES):
        (tmp_path / f"{number}.yml").write_text(text)
    done = subprocess.run(
        ["promtool", "check", "rules", *(tmp_path / f"{number}.yml" for number in range(len(RULES)))],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    sections = done.stdout.split("Checking ")[1:]
    theirs = {RULES[int(Path(section.split("\n")[0]).stem)]: "SUCCESS" in section for section in sections}
    assert {text: _accepted(text) for text in RULES} == {text: theirs[text] and text not in LATER for text in RULES}


def _accepted(text: str) -> bool:
    try:
        read_rules(text, "r.yml", options=rule_options(15))
    except FilesError:
        return False
    return True
