"""A receiver to a verdict: whether messages arrive there, and why not."""

from __future__ import annotations

from dataclasses import dataclass

from ..model import (
    Alert,
    AlertState,
    Delivered,
    Fingerprint,
    GroupKey,
    Notification,
    NotifyReason,
    Rejected,
    Retry,
)
from ._protocol import Notifier


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """What came of a test message."""

    __test__ = False  # the name begins as those that pytest collects
    ok: bool
    sentence: str
    """What happened and what to do, without secrets."""


def send_test(notifier: Notifier, now: float, external_url: str = "") -> TestResult:
    """Sends one message that looks as real ones do and says that nothing is wrong."""
    match notifier.deliver(_notification(notifier.name, now, external_url), now):
        case Delivered():
            return TestResult(ok=True, sentence=f"{notifier.name}: the test message arrived at {notifier.target}.")
        case Retry(reason=reason) | Rejected(reason=reason):
            return TestResult(ok=False, sentence=f"{notifier.name}: {reason}.")


def _notification(receiver: str, now: float, external_url: str) -> Notification:
    alert = Alert(
        fingerprint=Fingerprint("test"),
        labels=(("alertname", "TestMessage"), ("severity", "info")),
        annotations=(
            ("description", "Sent by `training-exporter send-test`; nothing is wrong."),
            ("summary", "Messages from training-exporter arrive here."),
        ),
        state=AlertState.FIRING,
        value=1.0,
        active_at=now,
        fired_at=now,
    )
    return Notification(
        id=f"{receiver}:test@{now}",
        group_key=GroupKey("{}"),
        receiver=receiver,
        group_labels=(),
        firing=(alert,),
        resolved=(),
        reason=NotifyReason.FIRST,
        created_at=now,
        external_url=external_url,
    )
