from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from exporter.checkpoints import DATABASE, Checkpoint, Checkpoints, StateError
from exporter.model import SourcePath

PATH = SourcePath("/logs/train.log")
STORED = Checkpoint(path=PATH, position=b"\x00p", decoder=b"d", run=b"r\xff")


def test_what_was_committed_is_there_after_a_restart(tmp_path: Path) -> None:
    first = Checkpoints(tmp_path / "new" / "state")
    first.commit([STORED], [("run", 12.5)])
    first.close()
    second = Checkpoints(tmp_path / "new" / "state")
    assert second.load(PATH) == STORED
    assert second.energy() == {"run": 12.5}
    assert second.load(SourcePath("/other")) is None
    second.close()


def test_another_versions_state_is_forgotten(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.commit([STORED])
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        connection.execute("UPDATE sources SET version = '0.0.0'")
    connection.close()
    assert checkpoints.load(PATH) is None
    checkpoints.close()


def test_a_folder_serves_one_process_at_a_time(tmp_path: Path) -> None:
    first = Checkpoints(tmp_path)
    with pytest.raises(
        StateError, match=r"is used by another training-exporter; give this one its own with --state DIR"
    ):
        Checkpoints(tmp_path)
    first.close()
    Checkpoints(tmp_path).close()


def test_a_folder_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match=r"choose another with --state DIR, or keep nothing with --state none"):
        Checkpoints(tmp_path / "file" / "state")


def test_without_a_folder_nothing_is_kept() -> None:
    checkpoints = Checkpoints(None)
    checkpoints.commit([STORED])
    assert checkpoints.load(PATH) == STORED
    checkpoints.close()
    assert Checkpoints(None).load(PATH) is None
