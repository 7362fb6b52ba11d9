"""The delivery worker against a scripted receiver: when it tries, when it gives up, what it says."""

from __future__ import annotations

import logging
from itertools import pairwise

import pytest

from alerts.model import (
    Alert,
    Decision,
    Delivered,
    Delivery,
    LogEntry,
    Notification,
    Rejected,
    Retry,
)
from alerts.notification_log import KEPT_S, NotificationLog
from alerts.notify import DeliveryWorker, Secret, Webhook
from alerts.notify.slack import SlackNotifier
from tests.support.alerting import alert, notification
from tests.support.slack import Reply, SlackServer

NOW = 1_795_300_000.0


class Scripted:
    """A notifier whose deliveries are given; then everything is delivered."""

    name = "slack"
    target = "nowhere"

    def __init__(self, *script: Delivery | Exception) -> None:
        self.script = list(script)
        self.at: list[float] = []
        self.delivered: list[Notification] = []

    def deliver(self, item: Notification, now: float) -> Delivery:
        self.at.append(now)
        delivery = self.script.pop(0) if self.script else Delivered()
        if isinstance(delivery, Exception):
            raise delivery
        if isinstance(delivery, Delivered):
            self.delivered.append(item)
        return delivery

    def close(self) -> None:
        """There is nothing to close."""


def queued(*alerts: Alert, created_at: float = NOW) -> NotificationLog:
    """A queue with one notification for each alert."""
    log = NotificationLog(None, NOW)
    for item in alerts:
        waiting = notification(item, group=item.name, created_at=created_at)
        entry = LogEntry(group_key=waiting.group_key, receiver="slack", group_labels=(), firing=(item,), at=created_at)
        log.commit([Decision(entry=entry, notification=waiting)])
    return log


def run(worker: DeliveryWorker, now: float = NOW, until: float = NOW + 1e6) -> None:
    """Calls the worker whenever it asks for it, until nothing waits."""
    due: float | None = now
    while due is not None and due <= until:
        due = worker.deliver_due(due)


def test_everything_that_waits_is_delivered_in_order() -> None:
    notifier = Scripted()
    worker = DeliveryWorker(notifier, queued(alert("A"), alert("B")))
    run(worker)
    assert [item.firing[0].name for item in notifier.delivered] == ["A", "B"]
    stats = worker.stats()
    assert (stats.delivered, stats.retried, stats.rejected, stats.waiting, stats.last_failure_at) == (2, 0, 0, 0, None)


@pytest.mark.parametrize(("chance", "first", "last"), [(0.0, 0.25, 30.0), (0.5, 0.5, 60.0), (0.999, 0.75, 90.0)])
def test_pauses_grow_by_half_to_a_minute_and_vary_by_half(chance: float, first: float, last: float) -> None:
    notifier = Scripted(*[Retry(reason="away")] * 20)
    worker = DeliveryWorker(notifier, queued(alert("A")), chance=lambda: chance)
    run(worker)
    pauses = [after - before for before, after in pairwise(notifier.at)]
    assert pauses[0] == pytest.approx(first, rel=0.01)
    assert pauses[1] == pytest.approx(first * 1.5, rel=0.01)
    assert pauses[-1] == pytest.approx(last, rel=0.01)
    assert worker.stats().retried == 20
    assert len(notifier.delivered) == 1


def test_a_receiver_that_asks_for_time_gets_it_but_not_more_than_an_hour() -> None:
    notifier = Scripted(Retry(reason="slow down", after_s=30.0), Retry(reason="slow down", after_s=1e9))
    run(DeliveryWorker(notifier, queued(alert("A"))))
    assert notifier.at == [NOW, NOW + 30, NOW + 30 + 3600]


def test_a_receiver_that_asks_for_no_time_is_not_asked_without_pause() -> None:
    notifier = Scripted(*[Retry(reason="slow down", after_s=0.0)] * 20)
    run(DeliveryWorker(notifier, queued(alert("A")), chance=lambda: 0.5))
    assert notifier.at[-1] - notifier.at[0] > 300


def test_what_slack_refuses_for_now_arrives_once_it_takes_messages_again() -> None:
    busy = Reply(status=429, body="rate_limited", headers={"Retry-After": "30"})
    with SlackServer(Reply(status=503, body=""), busy, Reply(reset=True)) as server:
        notifier = SlackNotifier(Webhook(Secret(server.url), "$SLACK_WEBHOOK_URL"))
        worker = DeliveryWorker(notifier, queued(alert("A")), chance=lambda: 0.5)
        run(worker)
        notifier.close()
    assert [item.problems for item in server.received] == [()] * 4
    assert (worker.stats().delivered, worker.stats().retried, worker.stats().last_failure_at) == (1, 3, NOW + 30.5)


def test_a_pause_holds_for_all_that_waits() -> None:
    notifier = Scripted(Retry(reason="slow down", after_s=30.0))
    worker = DeliveryWorker(notifier, queued(alert("A"), alert("B")))
    run(worker)
    assert notifier.at == [NOW, NOW + 30, NOW + 30]
    assert [item.firing[0].name for item in notifier.delivered] == ["B", "A"]


def test_a_refused_message_is_given_up_and_named(caplog: pytest.LogCaptureFixture) -> None:
    notifier = Scripted(Rejected(reason="Slack does not understand the message"))
    worker = DeliveryWorker(notifier, queued(alert("A"), alert("B")))
    run(worker)
    assert [item.firing[0].name for item in notifier.delivered] == ["B"]
    assert (worker.stats().rejected, worker.stats().last_failure_at, worker.stats().waiting) == (1, NOW, 0)
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == (
        "receiver=slack state=rejected alerts=A reason='Slack does not understand the message'"
    )


def test_a_refused_receiver_keeps_its_messages_and_is_asked_each_hour(caplog: pytest.LogCaptureFixture) -> None:
    gone = Rejected(reason="the webhook was removed", of_receiver=True)
    notifier = Scripted(gone, gone)
    worker = DeliveryWorker(notifier, queued(alert("A")))
    run(worker)
    assert notifier.at == [NOW, NOW + 3600, NOW + 7200]
    assert len(notifier.delivered) == 1
    assert worker.stats().rejected == 2
    assert caplog.text.count("the webhook was removed") == 1


def test_somebody_who_changed_something_need_not_wait() -> None:
    notifier = Scripted(Rejected(reason="the webhook was removed", of_receiver=True))
    worker = DeliveryWorker(notifier, queued(alert("A")))
    assert worker.deliver_due(NOW) == NOW + 3600
    assert worker.deliver_due(NOW + 1) == NOW + 3600
    worker.retry_now()
    worker.deliver_due(NOW + 2)
    assert len(notifier.delivered) == 1


def test_a_restart_ends_a_pause() -> None:
    log = queued(alert("A"))
    DeliveryWorker(Scripted(Rejected(reason="no", of_receiver=True)), log).deliver_due(NOW)
    notifier = Scripted()
    DeliveryWorker(notifier, log).deliver_due(NOW + 1)
    assert len(notifier.delivered) == 1


def test_what_cannot_be_delivered_for_120_hours_is_given_up() -> None:
    notifier = Scripted()
    worker = DeliveryWorker(notifier, queued(alert("A")))
    run(worker, now=NOW + KEPT_S + 1)
    assert notifier.at == []
    assert (worker.stats().rejected, worker.stats().waiting) == (1, 0)


def test_a_clock_that_is_set_back_does_not_prolong_a_pause() -> None:
    notifier = Scripted(Retry(reason="slow down", after_s=600.0))
    worker = DeliveryWorker(notifier, queued(alert("A")))
    worker.deliver_due(NOW)
    worker.deliver_due(NOW - 86400)
    assert len(notifier.delivered) == 1


def test_a_notifier_that_breaks_loses_one_message_and_not_its_thread() -> None:
    notifier = Scripted(KeyError("alertname"))
    worker = DeliveryWorker(notifier, queued(alert("A"), alert("B")))
    run(worker)
    assert [item.firing[0].name for item in notifier.delivered] == ["B"]
    assert worker.stats().rejected == 1


def test_failures_are_logged_when_they_begin_change_and_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    away, slow = Retry(reason="away"), Retry(reason="slow")
    worker = DeliveryWorker(Scripted(away, away, away, slow, slow), queued(alert("A")), chance=lambda: 0.5)
    run(worker)
    states = [record.getMessage().split()[1] for record in caplog.records]
    assert states == ["state=failing", "state=failing", "state=delivering"]
    assert worker.stats().problem == ""
