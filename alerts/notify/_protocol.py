"""What a notifier is."""

from __future__ import annotations

from typing import Protocol

from ..model import Delivery, Notification


class Notifier(Protocol):
    """Tells one receiver of notifications; used by one thread at a time."""

    @property
    def name(self) -> str:
        """The receiver's name in the log, the metrics and the configuration: `slack`."""

    @property
    def target(self) -> str:
        """Where messages go, in words for people and without secrets: `Slack (hooks.slack.com)`."""

    def deliver(self, notification: Notification, now: float) -> Delivery:
        """One attempt. Raises nothing: whatever goes wrong is a `Retry` or a `Rejected` with one clear sentence."""

    def close(self) -> None:
        """Gives connections back."""
