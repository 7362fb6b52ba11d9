"""The alerts of all rules in the state file, so that a restart neither forgets one nor tells it anew.

Two tables beside those of others. A row is written when an alert changes its state, not when its value does; the time
of the last evaluation goes with each write, and at least once a minute while any alert is active.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from ..model import Alert, AlertsError, AlertState, Fingerprint
from ..rulefile import RuleGroup

_LOG: Final = logging.getLogger(__name__)

HEARTBEAT_S: Final = 60.0
"""The most by which the stored time of the last evaluation may lag, and so a pending time be made up too long."""

_SCHEMA: Final = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=NORMAL;
CREATE TABLE IF NOT EXISTS rule_alerts (
    rule TEXT NOT NULL, fingerprint TEXT NOT NULL, alert BLOB NOT NULL, PRIMARY KEY (rule, fingerprint)
);
CREATE TABLE IF NOT EXISTS rule_evaluations (number INTEGER PRIMARY KEY CHECK (number = 0), at REAL NOT NULL);
"""
# WAL with NORMAL: a killed process loses nothing that was committed, and others may write their tables beside these.

RuleKey: TypeAlias = str
"""Names a rule over restarts: group, alert, and which of equal ones."""

_Row: TypeAlias = tuple[RuleKey, Fingerprint]


class RuleStateError(AlertsError):
    """The state file cannot be used; the text says which, why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedState:
    """What was stored by the process before."""

    at: float | None = None
    """The last evaluation, Unix seconds; None: there was none."""
    alerts: Mapping[RuleKey, tuple[Alert, ...]] = field(default_factory=dict)


def rule_keys(groups: Iterable[RuleGroup]) -> tuple[tuple[RuleKey, ...], ...]:
    """A key for each rule of each group; the same as long as no rule of that group and name is put before it."""
    seen: dict[tuple[str, str], int] = {}

    def key(group: str, rule: str) -> RuleKey:
        number = seen[group, rule] = seen.get((group, rule), 0) + 1
        return f"{group}/{rule}/{number}"

    return tuple(tuple(key(group.name, rule.name) for rule in group.rules) for group in groups)


class RuleStateFile:
    """The two tables; used by one thread.

    Args:
        path: the state file, shared with others that own other tables; None: in memory.

    Raises:
        RuleStateError: it cannot be opened, or is no database.
    """

    def __init__(self, path: Path | None) -> None:
        try:
            self._database = sqlite3.connect(
                ":memory:" if path is None else path, isolation_level=None, check_same_thread=False, timeout=5
            )
            self._database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise RuleStateError(
                f"the state file {path} cannot be used: {error}; remove it, or choose another folder with --state DIR"
            ) from error
        self._stored: dict[_Row, tuple[object, ...]] = {}
        self._at = 0.0

    def load(self) -> SavedState:
        """What is stored. A row that another version wrote in another shape is left out, and said in the log."""
        alerts: dict[RuleKey, tuple[Alert, ...]] = {}
        for rule, blob in self._database.execute("SELECT rule, alert FROM rule_alerts ORDER BY rule, fingerprint"):
            try:
                alert = msgspec.msgpack.decode(blob, type=Alert)
            except msgspec.DecodeError as error:
                _LOG.warning("rule=%s state=dropped reason=%r", rule, str(error))
                continue
            alerts[rule] = (*alerts.get(rule, ()), alert)
            self._stored[rule, alert.fingerprint] = _lasting(alert)
        row = self._database.execute("SELECT at FROM rule_evaluations").fetchone()
        return SavedState(at=None if row is None else float(row[0]), alerts=alerts)

    def save(self, alerts: Mapping[RuleKey, tuple[Alert, ...]], at: float) -> None:
        """Stores what changed since the last call in one transaction. Raises `sqlite3.Error`, having stored nothing."""
        present = {(rule, alert.fingerprint): alert for rule, group in alerts.items() for alert in group}
        lasting = {row: _lasting(alert) for row, alert in present.items()}
        changed = [row for row, values in lasting.items() if self._stored.get(row) != values]
        gone = [row for row in self._stored if row not in lasting]
        active = any(alert.state is not AlertState.INACTIVE for alert in present.values())
        if not (changed or gone or (active and abs(at - self._at) >= HEARTBEAT_S)):
            return
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("DELETE FROM rule_alerts WHERE rule = ? AND fingerprint = ?", gone)
            self._database.executemany(
                "INSERT OR REPLACE INTO rule_alerts VALUES (?, ?, ?)",
                # msgpack and not JSON, which has no NaN.
                [(*row, msgspec.msgpack.encode(present[row])) for row in changed],
            )
            self._database.execute("INSERT OR REPLACE INTO rule_evaluations VALUES (0, ?)", (at,))
        self._stored = lasting
        self._at = at

    def close(self) -> None:
        """Ends the use of the database."""
        self._database.close()


def _lasting(alert: Alert) -> tuple[object, ...]:
    """What a restart needs to find again: all but the value and the texts made from it."""
    return (alert.state, alert.active_at, alert.fired_at, alert.resolved_at, alert.keep_firing_since)
