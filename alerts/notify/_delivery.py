"""The queue of one receiver, emptied one attempt at a time: what fails for now is tried again, more and more rarely.

A receiver that is unreachable or refuses is left alone as a whole, not message by message: the pause holds for all
that waits for it, and a start of the program ends it.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, assert_never

from ..human import duration
from ..model import Delivered, Delivery, Rejected, Retry
from ..notification_log import KEPT_S, NotificationLog, Queued
from ._protocol import Notifier

_LOG: Final = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 0.5
PAUSE_FACTOR: Final = 1.5
LONGEST_PAUSE_S: Final = 60.0
JITTER: Final = 0.5
"""The back-off of Alertmanager's notify.go: the pauses grow by half, vary by half, and end at a minute."""

REFUSED_PAUSE_S: Final = 3600.0
"""After a refusal of the receiver itself (a revoked webhook): somebody has to act first, and may without a restart.
Also the most that a `Retry-After` is granted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStats:
    """What became of the notifications of one receiver since the start."""

    receiver: str
    delivered: int = 0
    retried: int = 0
    """Attempts that failed and are made again."""
    rejected: int = 0
    """Refused for good, or given up after 120 hours; and refusals of the receiver itself."""
    waiting: int = 0
    """Not delivered yet."""
    last_failure_at: float | None = None
    """Unix seconds."""
    problem: str = ""
    """Why the last attempt failed, one sentence; empty after a success."""


class DeliveryWorker:
    """Delivers what the log holds for one receiver; used by one thread, its `stats` by any.

    Args:
        notifier: makes the attempts.
        log: holds the queue.
        chance: uniform in [0, 1), for the jitter.
    """

    def __init__(
        self,
        notifier: Notifier,
        log: NotificationLog,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._notifier, self._log, self._chance = notifier, log, chance
        self._stats = DeliveryStats(receiver=notifier.name)
        self._failures = 0
        self._paused_until = 0.0

    def stats(self) -> DeliveryStats:
        """The present figures."""
        return replace(self._stats, waiting=self._log.waiting(self._notifier.name))

    def retry_now(self) -> None:
        """Ends a pause: somebody changed something. From any thread."""
        self._paused_until = 0.0

    def deliver_due(self, now: float) -> float | None:
        """Makes one attempt if one is due; when to call again, None: when something new was queued.

        Raises:
            sqlite3.Error: the queue cannot be read or written; what was delivered is not sent again by this process.
        """
        if now < self._paused_until <= now + REFUSED_PAUSE_S:  # beyond: the clock was set back
            return self._paused_until
        queued = self._log.take(self._notifier.name)
        if queued is None:
            return None
        if now - queued.notification.created_at > KEPT_S:
            self._give_up(queued, f"it could not be delivered for {duration(KEPT_S)}", now)
            return now
        self._settle(queued, self._attempt(queued, now), now)
        return max(now, self._paused_until)

    def _attempt(self, queued: Queued, now: float) -> Delivery:
        try:
            return self._notifier.deliver(queued.notification, now)
        except Exception as error:  # noqa: BLE001 - one message that cannot be shown must not stop all others
            _LOG.debug("receiver=%s state=broken", self._notifier.name, exc_info=error)
            return Rejected(reason=f"the message could not be made ({type(error).__name__})")

    def _settle(self, queued: Queued, delivery: Delivery, now: float) -> None:
        match delivery:
            case Delivered():
                self._recovered(queued, now)
                self._log.remove(queued)
            case Retry(reason=reason, after_s=after_s):
                self._failed(reason, min(max(after_s or 0.0, self._pause()), REFUSED_PAUSE_S), now)
                self._stats = replace(self._stats, retried=self._stats.retried + 1)
                self._log.put_back(queued)
            case Rejected(reason=reason, of_receiver=True):
                self._failed(reason, REFUSED_PAUSE_S, now)
                self._stats = replace(self._stats, rejected=self._stats.rejected + 1)
                self._log.put_back(queued)
            case Rejected(reason=reason):
                self._give_up(queued, reason, now)
            case _ as unknown:
                assert_never(unknown)

    def _pause(self) -> float:
        steady = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * PAUSE_FACTOR ** min(self._failures, 20))
        return steady * (1 - JITTER + 2 * JITTER * self._chance())

    def _recovered(self, queued: Queued, now: float) -> None:
        if self._stats.problem:
            late = duration(now - queued.notification.created_at)
            _LOG.info(
                "receiver=%s state=delivering attempts=%d late=%r", self._notifier.name, queued.attempts + 1, late
            )
        self._failures, self._paused_until = 0, 0.0
        self._stats = replace(self._stats, delivered=self._stats.delivered + 1, problem="")

    def _failed(self, reason: str, pause: float, now: float) -> None:
        """Logs what changed: a receiver that fails as before is not worth a line each minute."""
        if reason != self._stats.problem:
            _LOG.warning(
                "receiver=%s state=failing retry_in=%r reason=%r", self._notifier.name, duration(pause), reason
            )
        self._failures += 1
        self._paused_until = now + pause
        self._stats = replace(self._stats, last_failure_at=now, problem=reason)

    def _give_up(self, queued: Queued, reason: str, now: float) -> None:
        names = ",".join(sorted({alert.name for alert in (*queued.notification.firing, *queued.notification.resolved)}))
        _LOG.error("receiver=%s state=rejected alerts=%s reason=%r", self._notifier.name, names, reason)
        rejected = self._stats.rejected + 1
        self._stats = replace(self._stats, rejected=rejected, last_failure_at=now, problem=reason)
        self._log.remove(queued)
