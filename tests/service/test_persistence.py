from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.model import Alert, AlertState
from alerts.rulefile import read_rules, rule_options
from alerts.service import RuleStateError, RuleStateFile
from alerts.service.persistence import HEARTBEAT_S, rule_keys
from alerts.state import fingerprint

LABELS = (("alertname", "A"), ("run", "r"))
FIRING = Alert(
    fingerprint=fingerprint(LABELS),
    labels=LABELS,
    annotations=(("text", "é"),),
    state=AlertState.FIRING,
    value=-math.inf,
    active_at=1.5,
    fired_at=2.5,
)


def written_at(path: Path) -> int:
    """The time of the last write."""
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("SELECT at FROM rule_evaluations").fetchone()[0])


def test_finds_again_what_it_stored(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    RuleStateFile(path).save({"g/A/1": (FIRING,), "g/B/1": ()}, 10)
    saved = RuleStateFile(path).load()
    assert (saved.at, saved.alerts) == (10, {"g/A/1": (FIRING,)})


def test_keeps_a_value_that_is_no_number(tmp_path: Path) -> None:
    file = RuleStateFile(tmp_path / "state.db")
    file.save({"g/A/1": (replace(FIRING, value=math.nan),)}, 10)
    assert math.isnan(file.load().alerts["g/A/1"][0].value)


def test_finds_nothing_in_a_new_file() -> None:
    saved = RuleStateFile(None).load()
    assert (saved.at, saved.alerts) == (None, {})


def test_writes_only_when_a_state_changes_or_a_minute_passed(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    file = RuleStateFile(path)
    file.save({"g/A/1": (FIRING,)}, 100)
    file.save({"g/A/1": (replace(FIRING, value=2.0, annotations=()),)}, 115)
    assert written_at(path) == 100
    file.save({"g/A/1": (FIRING,)}, 100 + HEARTBEAT_S)
    assert written_at(path) == 160
    file.save({"g/A/1": (replace(FIRING, state=AlertState.INACTIVE, resolved_at=175),)}, 175)
    assert written_at(path) == 175
    file.save({"g/A/1": (replace(FIRING, state=AlertState.INACTIVE, resolved_at=175),)}, 999)
    assert written_at(path) == 175
    file.save({"g/A/1": ()}, 1000)
    assert (file.load().alerts, written_at(path)) == ({}, 1000)


def test_forgets_what_another_version_stored(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    file = RuleStateFile(path)
    file.save({"g/A/1": (FIRING,), "g/B/1": (FIRING,)}, 10)
    file.close()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE rule_alerts SET alert = x'81a3' WHERE rule = 'g/B/1'")
    assert set(RuleStateFile(path).load().alerts) == {"g/A/1"}


def test_says_which_file_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_text("no database, but long enough to be seen as none" * 10)
    with pytest.raises(RuleStateError, match=r"state\.db cannot be used: file is not a database; remove it"):
        RuleStateFile(path)


def test_names_each_rule_apart() -> None:
    text = """\
groups:
  - {name: g, rules: [{alert: A, expr: x}, {alert: A, expr: y}, {record: A, expr: z}]}
  - {name: h, rules: [{alert: A, expr: x}]}
"""
    groups = read_rules(text, "r.yml", options=rule_options(15))
    assert rule_keys((*groups, *groups)) == (
        ("g/A/1", "g/A/2", "g/A/3"),
        ("h/A/1",),
        ("g/A/4", "g/A/5", "g/A/6"),
        ("h/A/2",),
    )
