"""Where each source was read to and what was known by then, in SQLite, committed together.

A process that is killed between two commits reads again from the last one, with the state of the last one: each line
counts once. What another version wrote, or what cannot be decoded, is forgotten: reading begins at the head.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from . import __version__
from .model import SourcePath

DATABASE = "state.db"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS checkpoints (
    path BLOB PRIMARY KEY, version TEXT NOT NULL, position BLOB NOT NULL, decoder BLOB NOT NULL, run BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS consumption (
    run TEXT PRIMARY KEY, joules REAL, gpu_seconds REAL, active_seconds REAL NOT NULL
) WITHOUT ROWID;
"""
"""A path is bytes: a file system holds names that are no text."""


class StateError(Exception):
    """The state folder cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One source at one moment: encoded position, decoder state and run state, which belong together."""

    path: SourcePath
    position: bytes
    decoder: bytes
    run: bytes


class Consumption(NamedTuple):
    """What a run used so far."""

    joules: float | None = None
    """None while no device told."""
    gpu_seconds: float | None = None
    """None while it had no device."""
    active_seconds: float = 0.0
    """Of the run, up to which its device time is counted."""


class Checkpoints:
    """The exporter's part of the state file; used by one thread at a time.

    Raises:
        StateError: the folder cannot be made or written, or another process uses it.
    """

    def __init__(self, folder: Path | None) -> None:
        self._lock = None if folder is None else _lock(folder)
        database = ":memory:" if folder is None else str(folder / DATABASE)
        try:
            self._connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False, timeout=5)
            # WAL: a killed process loses nothing that was committed, and the alerts' part writes beside this one.
            self._connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;{_SCHEMA}")
        except sqlite3.Error as error:
            raise StateError(
                f"the state file {database} cannot be used: {error}; remove it, "
                "or choose another folder with --state DIR"
            ) from error

    def load(self, path: SourcePath) -> Checkpoint | None:
        """What this version last stored of a source.

        Raises:
            StateError: the file cannot be read now.
        """
        query = "SELECT position, decoder, run FROM checkpoints WHERE path = ? AND version = ?"
        try:
            row = self._connection.execute(query, (os.fsencode(path), __version__)).fetchone()
        except sqlite3.Error as error:
            raise StateError(f"the state file cannot be read: {error}") from error
        return None if row is None else Checkpoint(path=path, position=row[0], decoder=row[1], run=row[2])

    def consumption(self) -> dict[str, Consumption]:
        """What each run used so far."""
        rows = self._connection.execute("SELECT run, joules, gpu_seconds, active_seconds FROM consumption")
        return {run: Consumption(*used) for run, *used in rows}

    def commit(self, checkpoints: Iterable[Checkpoint], consumption: Iterable[tuple[str, Consumption]] = ()) -> None:
        """Stores all of them or none.

        Raises:
            StateError: the file cannot be written now (a full disk); nothing was stored.
        """
        sources = [(os.fsencode(item.path), __version__, item.position, item.decoder, item.run) for item in checkpoints]
        used = [(run, *totals) for run, totals in consumption]
        try:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?)", sources)
                self._connection.executemany("INSERT OR REPLACE INTO consumption VALUES (?, ?, ?, ?)", used)
        except sqlite3.Error as error:
            raise StateError(f"the state file cannot be written: {error}") from error

    def close(self) -> None:
        """Lets another process use the folder."""
        self._connection.close()
        if self._lock is not None:
            os.close(self._lock)


def _lock(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateError(
            f"the state folder {folder} cannot be used: {error.strerror}; choose another with --state DIR, "
            "or keep nothing with --state none"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StateError(
            f"the state folder {folder} is used by another training-exporter; give this one its own with --state DIR"
        ) from error
    return descriptor
