from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.checkpoints import DATABASE, Checkpoint, Checkpoints, Consumption, StateError
from exporter.model import SourcePath

PATH = SourcePath("/logs/train.log")
STORED = Checkpoint(path=PATH, position=b"\x00p", decoder=b"d", run=b"r\xff")


def test_what_was_committed_is_there_after_a_restart(tmp_path: Path) -> None:
    first = Checkpoints(tmp_path / "new" / "state")
    first.commit([STORED], [("run", Consumption(12.5, None, 60.0))])
    first.close()
    second = Checkpoints(tmp_path / "new" / "state")
    assert second.load(PATH) == STORED
    assert second.consumption() == {"run": Consumption(12.5, None, 60.0)}
    assert second.load(SourcePath("/other")) is None
    second.close()


def test_a_path_may_be_any_bytes(tmp_path: Path) -> None:
    names = [os.fsdecode(b"/logs/\xff\xfe/log.txt"), os.fsdecode(b"/logs/\xff\xfd/log.txt")]
    stored = [replace(STORED, path=SourcePath(name), run=str(index).encode()) for index, name in enumerate(names)]
    checkpoints = Checkpoints(tmp_path)
    checkpoints.commit(stored)
    assert [checkpoints.load(SourcePath(name)) for name in names] == stored
    checkpoints.close()


def test_a_database_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        connection.execute("DROP TABLE checkpoints")
    connection.close()
    with pytest.raises(StateError, match=r"the state file cannot be read"):
        checkpoints.load(PATH)
    with pytest.raises(StateError, match=r"the state file cannot be written"):
        checkpoints.commit([STORED])
    checkpoints.close()


def test_another_versions_state_is_forgotten(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.commit([STORED])
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        connection.execute("UPDATE checkpoints SET version = '0.0.0'")
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
