"""The notification log and the queue, shared by the thread that decides and those that deliver."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..model import Decision, GroupKey, LogEntry, Notification
from ._database import decode, encode, open_database
from ._merge import merge

_LOG: Final = logging.getLogger(__name__)

MAX_WAITING: Final = 10_000
"""Notifications in the queue. One group has at most one waiting per receiver, so only thousands of groups reach it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A notification on its way: taken from the queue, to be given back or removed."""

    number: int
    attempts: int
    """How often it was tried before."""
    notification: Notification


class NotificationLog:
    """One connection behind one lock, which is never held while a message is on its way; usable from any thread.

    Args:
        path: the database, shared with others that own other tables; None: in memory.
        now: Unix seconds; what is older than `KEPT_S` is forgotten at the start.
        patience_s: how long to wait while another one writes, before `sqlite3.OperationalError`.

    Raises:
        NotificationLogError: the database cannot be opened or is none.
    """

    def __init__(self, path: Path | None, now: float, patience_s: float = 5.0) -> None:
        self._lock = threading.Lock()
        self._taken: set[int] = set()
        """Rows that are on their way or went through; nothing is merged into them."""
        self._done: set[int] = set()
        """Those among them that are not to be sent again, should their deletion have failed."""
        self._database = open_database(path, now, patience_s)
        entries = (decode(blob, LogEntry) for (blob,) in self._execute("SELECT entry FROM notification_log"))
        self._entries = {(entry.group_key, entry.receiver): entry for entry in entries}

    def entries(self) -> tuple[LogEntry, ...]:
        """What each receiver was last told of each group of which something still fires."""
        with self._lock:
            return tuple(self._entries.values())

    def commit(self, decisions: Iterable[Decision]) -> None:
        """Records all decisions and queues their notifications, or does nothing and raises `sqlite3.Error`.

        A notification of the same group and receiver that still waits is merged into the new one.
        """
        decided = tuple(decisions)
        if not decided:
            return
        with self._transaction():
            for decision in decided:
                self._write_entry(decision.entry)
                if decision.notification is not None:
                    self._enqueue(decision.notification)
            self._drop_excess()
        with self._lock:
            self._entries.update({(d.entry.group_key, d.entry.receiver): d.entry for d in decided})
            self._entries = {key: entry for key, entry in self._entries.items() if entry.firing}

    def take(self, receiver: str) -> Queued | None:
        """The next notification to send, the least tried and then the oldest first; None: nothing waits.

        It stays in the database until it is removed: after a crash it waits again.
        """
        if self._done:
            with self._transaction():
                pass
        query = "SELECT number, attempts, notification FROM notification_queue WHERE receiver = ?"
        with self._lock:
            for number, attempts, blob in self._database.execute(f"{query} ORDER BY attempts, number", (receiver,)):
                if number not in self._taken:
                    self._taken.add(number)
                    return Queued(number=number, attempts=attempts, notification=decode(blob, Notification))
        return None

    def put_back(self, queued: Queued) -> None:
        """It could not be delivered now: it waits on, or is merged into a newer one of its group that waits."""
        item = queued.notification
        try:
            with self._transaction():
                newer = self._waiting(item.receiver, item.group_key)
                if newer is None:
                    self._execute(
                        "UPDATE notification_queue SET attempts = attempts + 1 WHERE number = ?", queued.number
                    )
                else:
                    number, other = newer
                    merged = encode(merge(item, other))
                    self._execute("UPDATE notification_queue SET notification = ? WHERE number = ?", merged, number)
                    self._execute("DELETE FROM notification_queue WHERE number = ?", queued.number)
        finally:
            with self._lock:
                self._taken.discard(queued.number)

    def remove(self, queued: Queued) -> None:
        """It was delivered, or is given up: it is never taken again, even if this raises `sqlite3.Error`."""
        with self._lock:
            self._done.add(queued.number)
        with self._transaction():
            pass

    def waiting(self, receiver: str) -> int:
        """How many notifications are not delivered yet."""
        with self._lock:
            query = "SELECT COUNT(*) FROM notification_queue WHERE receiver = ?"
            return int(self._database.execute(query, (receiver,)).fetchone()[0])

    def close(self) -> None:
        """Ends the use of the database."""
        with self._lock:
            self._database.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Holds the lock, deletes what is done, and commits all or nothing."""
        with self._lock:
            with self._database:
                self._execute("BEGIN IMMEDIATE")
                for number in self._done:
                    self._execute("DELETE FROM notification_queue WHERE number = ?", number)
                yield
            self._taken -= self._done
            self._done.clear()

    def _execute(self, statement: str, *values: str | float | bytes) -> sqlite3.Cursor:
        return self._database.execute(statement, values)

    def _write_entry(self, entry: LogEntry) -> None:
        row = (entry.receiver, entry.group_key)
        if entry.firing:
            self._execute("INSERT OR REPLACE INTO notification_log VALUES (?, ?, ?, ?)", *row, entry.at, encode(entry))
        else:
            self._execute("DELETE FROM notification_log WHERE receiver = ? AND group_key = ?", *row)

    def _enqueue(self, notification: Notification) -> None:
        receiver, group_key = notification.receiver, notification.group_key
        waiting = self._waiting(receiver, group_key)
        if waiting is not None:
            number, older = waiting
            notification = merge(older, notification)
            self._execute("DELETE FROM notification_queue WHERE number = ?", number)
        self._execute(
            "INSERT INTO notification_queue (receiver, group_key, attempts, notification) VALUES (?, ?, 0, ?)",
            receiver,
            group_key,
            encode(notification),
        )

    def _waiting(self, receiver: str, group_key: GroupKey) -> tuple[int, Notification] | None:
        """The notification of a group that waits and is not on its way."""
        query = "SELECT number, notification FROM notification_queue WHERE receiver = ? AND group_key = ?"
        for number, blob in self._execute(query, receiver, group_key):
            if number not in self._taken:
                return number, decode(blob, Notification)
        return None

    def _drop_excess(self) -> None:
        newest = "SELECT number FROM notification_queue ORDER BY number DESC LIMIT ?"
        dropped = self._execute(f"DELETE FROM notification_queue WHERE number NOT IN ({newest})", MAX_WAITING).rowcount  # noqa: S608 - a constant
        if dropped > 0:
            _LOG.error("queue=full dropped=%d reason=%r", dropped, f"more than {MAX_WAITING} notifications wait")
