"""Two tables in the state file, opened and rid of what cannot be read."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from ..model import AlertsError, LogEntry, Notification

_LOG: Final = logging.getLogger(__name__)
_T = TypeVar("_T")

KEPT_S: Final = 120 * 3600.0
"""How long what was told is remembered and what could not be told is tried: Alertmanager's `--data.retention`."""

_SCHEMA: Final = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=NORMAL;
CREATE TABLE IF NOT EXISTS notification_log (
    receiver TEXT NOT NULL, group_key TEXT NOT NULL, at REAL NOT NULL, entry BLOB NOT NULL,
    PRIMARY KEY (receiver, group_key)
);
CREATE TABLE IF NOT EXISTS notification_queue (
    number INTEGER PRIMARY KEY AUTOINCREMENT, receiver TEXT NOT NULL, group_key TEXT NOT NULL,
    attempts INTEGER NOT NULL, notification BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS notification_queue_order ON notification_queue (receiver, attempts, number);
CREATE INDEX IF NOT EXISTS notification_queue_group ON notification_queue (receiver, group_key);
"""
# WAL with NORMAL: a killed process loses nothing that was committed, and others may write their tables beside these.

_CONTENT: Final = (
    ("SELECT rowid, entry FROM notification_log", "DELETE FROM notification_log WHERE rowid = ?", LogEntry),
    (
        "SELECT number, notification FROM notification_queue",
        "DELETE FROM notification_queue WHERE number = ?",
        Notification,
    ),
)


class NotificationLogError(AlertsError):
    """The database cannot be used; the text says which, why and what to do."""


def open_database(path: Path | None, now: float, patience_s: float) -> sqlite3.Connection:
    """The database with both tables, without what is older than `KEPT_S` or of another version's shape.

    Raises:
        NotificationLogError: it cannot be opened, or is none.
    """
    try:
        database = sqlite3.connect(
            ":memory:" if path is None else path, isolation_level=None, check_same_thread=False, timeout=patience_s
        )
        database.executescript(_SCHEMA)
        database.execute("DELETE FROM notification_log WHERE at < ?", (now - KEPT_S,))
        _drop_unreadable(database)
    except sqlite3.Error as error:
        raise NotificationLogError(
            f"the state file {path} cannot be used: {error}; remove it, or choose another folder with --state DIR"
        ) from error
    return database


def encode(value: Notification | LogEntry) -> bytes:
    """As stored."""
    return msgspec.msgpack.encode(value)  # and not JSON, which has no NaN


def decode(blob: bytes, kind: type[_T]) -> _T:
    """What was stored.

    Raises:
        msgspec.DecodeError: another version wrote it in another shape.
    """
    return msgspec.msgpack.decode(blob, type=kind)


def _drop_unreadable(database: sqlite3.Connection) -> None:
    for select, delete, kind in _CONTENT:
        for row, blob in database.execute(select).fetchall():
            try:
                decode(blob, kind)
            except msgspec.DecodeError as error:
                _LOG.warning("stored=%s state=dropped reason=%r", kind.__name__, str(error))
                database.execute(delete, (row,))
