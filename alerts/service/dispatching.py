"""The rules' alerts to notifications in the queue: the dispatch's decisions, recorded and completed."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from typing import Final, Protocol

from ..context import attach
from ..dispatch import RESOLVE_AFTER_S, Groups, advance
from ..model import Alert, Route, RunContext
from ..notification_log import NotificationLog

_LOG: Final = logging.getLogger(__name__)

_RESENT: Final = 4
"""Prometheus lets an alert end after four intervals without a word of it (rules/manager.go, sendAlerts)."""
_RETRY_S: Final = 15.0
"""When the log could not be written (a full disk): the decisions are made anew then."""


class Dispatcher(Protocol):
    """What the service hands its alerts to."""

    def submit(self, alerts: tuple[Alert, ...], now: float, context: Callable[[str], RunContext]) -> float | None:
        """Takes in all firing and lately resolved alerts; gives when to be called again though nothing changed."""


class QueueDispatcher:
    """Groups alerts, decides what is told to whom, and queues it. Used by the thread that evaluates.

    Args:
        log: what was told and what waits.
        route: the grouping.
        receivers: their names.
        external_url: where the status page is; empty: unknown.
        evaluation_interval_s: how often alerts come in.
        on_queued: called when something new waits; may wake a thread.
    """

    def __init__(
        self,
        log: NotificationLog,
        *,
        route: Route,
        receivers: tuple[str, ...],
        external_url: str = "",
        evaluation_interval_s: float = 15.0,
        on_queued: Callable[[], None] = lambda: None,
    ) -> None:
        self._log = log
        self._route = route
        self._receivers = receivers
        self._external_url = external_url
        self._resolve_after_s = max(RESOLVE_AFTER_S, _RESENT * evaluation_interval_s)
        self._on_queued = on_queued
        self._groups: Groups = ()

    def submit(self, alerts: tuple[Alert, ...], now: float, context: Callable[[str], RunContext]) -> float | None:
        """Takes in all firing and lately resolved alerts; gives when to be called again though nothing changed."""
        advanced = advance(
            self._groups,
            alerts,
            self._log.entries(),
            route=self._route,
            receivers=self._receivers,
            now=now,
            resolve_after_s=self._resolve_after_s,
        )
        try:
            self._log.commit(attach(advanced.decisions, context, self._external_url))
        except sqlite3.Error as error:
            _LOG.error("notification_log=unwritable reason=%r", str(error))
            return now + _RETRY_S
        self._groups = advanced.groups
        if any(decision.notification is not None for decision in advanced.decisions):
            self._on_queued()
        return advanced.next_due
