"""The queue and the log on a real file, closed and opened again as by a crash."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.model import Alert, Decision, LogEntry, Notification, NotifyReason, RunContext
from alerts.notification_log import KEPT_S, NotificationLog, NotificationLogError
from alerts.notification_log._log import MAX_WAITING
from alerts.notification_log._merge import merge
from tests.support.alerting import alert, notification

A, B, C = alert("A"), alert("B"), alert("C")
NOW = 1_795_300_000.0


def decision(*firing: Alert, about: Notification | None = None, receiver: str = "slack", group: str = "{}") -> Decision:
    item = about or notification(*firing, receiver=receiver, group=group, created_at=NOW)
    entry = LogEntry(group_key=item.group_key, receiver=item.receiver, group_labels=(), firing=firing, at=NOW)
    return Decision(entry=entry, notification=item)


def taken(log: NotificationLog, receiver: str = "slack") -> Notification | None:
    queued = log.take(receiver)
    return None if queued is None else queued.notification


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def test_what_was_committed_is_there_after_a_crash(path: Path) -> None:
    log = NotificationLog(path, NOW)
    extreme = replace(A, value=float("-inf"), annotations=(("summary", "déjà vu \u2028"),))
    rich = replace(notification(extreme), runs=(RunContext(run="r", curve=(1.0, 0.5), last_lines=("x",)),))
    log.commit([decision(extreme, about=rich)])
    again = NotificationLog(path, NOW)
    assert taken(again) == rich
    assert again.entries() == log.entries()
    log.close()
    again.close()


def test_what_is_on_its_way_is_taken_once_and_again_after_a_crash(path: Path) -> None:
    log = NotificationLog(path, NOW)
    log.commit([decision(A)])
    assert taken(log) is not None
    assert taken(log) is None
    log.close()
    again = NotificationLog(path, NOW)
    assert taken(again) is not None
    again.close()


def test_what_was_removed_is_gone_for_good(path: Path) -> None:
    log = NotificationLog(path, NOW)
    log.commit([decision(A)])
    queued = log.take("slack")
    assert queued is not None
    log.remove(queued)
    assert log.waiting("slack") == 0
    log.close()
    again = NotificationLog(path, NOW)
    assert taken(again) is None
    again.close()


def test_a_delivered_message_is_not_sent_again_though_its_mark_failed(path: Path) -> None:
    log = NotificationLog(path, NOW, patience_s=0)
    log.commit([decision(A)])
    queued = log.take("slack")
    assert queued is not None
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        log.remove(queued)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        log.take("slack")
    other.rollback()
    other.close()
    assert taken(log) is None
    assert log.waiting("slack") == 0
    log.close()


def test_a_commit_that_fails_changes_nothing(path: Path) -> None:
    log = NotificationLog(path, NOW, patience_s=0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        log.commit([decision(A)])
    other.rollback()
    other.close()
    assert log.entries() == ()
    assert taken(log) is None
    log.close()


def test_a_newer_notification_takes_in_the_one_that_waits() -> None:
    log = NotificationLog(None, NOW)
    log.commit([decision(A)])
    log.commit([decision(B)])
    item = taken(log)
    assert item is not None
    assert item.firing == (B, A)
    assert log.waiting("slack") == 1
    log.close()


def test_groups_and_receivers_wait_apart() -> None:
    log = NotificationLog(None, NOW)
    log.commit([decision(A, group="{1}"), decision(A, group="{2}"), decision(A, receiver="other")])
    assert (log.waiting("slack"), log.waiting("other")) == (2, 1)
    log.close()


def test_what_is_on_its_way_is_left_alone_and_merged_if_it_comes_back() -> None:
    log = NotificationLog(None, NOW)
    log.commit([decision(A)])
    away = log.take("slack")
    assert away is not None
    log.commit([decision(B)])
    assert log.waiting("slack") == 2
    log.put_back(away)
    item = taken(log)
    assert item is not None
    assert item.firing == (B, A)
    assert log.waiting("slack") == 1
    log.close()


def test_what_was_tried_less_often_goes_first() -> None:
    log = NotificationLog(None, NOW)
    log.commit([decision(A, group="{1}"), decision(B, group="{2}")])
    first = log.take("slack")
    assert first is not None
    assert first.notification.firing == (A,)
    log.put_back(first)
    second, third = log.take("slack"), log.take("slack")
    assert second is not None
    assert third is not None
    assert (second.notification.firing, second.attempts) == ((B,), 0)
    assert (third.notification.firing, third.attempts) == ((A,), 1)
    log.close()


def test_the_queue_is_bounded_and_the_oldest_go(caplog: pytest.LogCaptureFixture) -> None:
    log = NotificationLog(None, NOW)
    log.commit([decision(A, group=f"{{{number}}}") for number in range(MAX_WAITING + 3)])
    assert log.waiting("slack") == MAX_WAITING
    first = taken(log)
    assert first is not None
    assert first.group_key == "{3}"
    assert "queue=full dropped=3" in caplog.text
    log.close()


def test_an_entry_of_which_nothing_fires_is_forgotten(path: Path) -> None:
    log = NotificationLog(path, NOW)
    log.commit([decision(A)])
    (entry,) = log.entries()
    log.commit([Decision(entry=replace(entry, firing=()))])
    assert log.entries() == ()
    log.close()
    again = NotificationLog(path, NOW)
    assert again.entries() == ()
    again.close()


def test_what_was_told_is_remembered_for_120_hours(path: Path) -> None:
    log = NotificationLog(path, NOW)
    log.commit([decision(A)])
    log.close()
    for now, count in ((NOW + KEPT_S, 1), (NOW + KEPT_S + 1, 0)):
        again = NotificationLog(path, now)
        assert len(again.entries()) == count
        again.close()


def test_what_another_version_wrote_is_dropped_and_the_rest_kept(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = NotificationLog(path, NOW)
    log.commit([decision(A, group="{1}"), decision(B, group="{2}")])
    log.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE notification_queue SET notification = x'80' WHERE group_key = '{1}'")
        database.execute("UPDATE notification_log SET entry = x'80' WHERE group_key = '{1}'")
    again = NotificationLog(path, NOW)
    assert [entry.firing for entry in again.entries()] == [(B,)]
    assert again.waiting("slack") == 1
    assert caplog.text.count("state=dropped") == 2
    again.close()


def test_a_file_that_is_no_database_is_one_clear_sentence(path: Path) -> None:
    path.write_bytes(b"training log, not a database" * 100)
    with pytest.raises(NotificationLogError, match=r"state\.db cannot be used: file is not a database; remove it, or"):
        NotificationLog(path, NOW)


def test_two_threads_may_decide_and_deliver_at_once(path: Path) -> None:
    log = NotificationLog(path, NOW)
    delivered: list[Alert] = []
    done = threading.Event()

    def deliver() -> None:
        while not done.is_set() or log.waiting("slack"):
            queued = log.take("slack")
            if queued is not None:
                delivered.extend(queued.notification.firing)
                log.remove(queued)

    thread = threading.Thread(target=deliver)
    thread.start()
    for number in range(100):
        log.commit([decision(alert(f"Alert{number}"))])
    done.set()
    thread.join()
    assert [item.name for item in sorted(delivered, key=lambda item: int(item.name[5:]))] == [
        f"Alert{number}" for number in range(100)
    ]
    log.close()


@pytest.mark.parametrize(
    ("older", "newer", "firing", "resolved", "reason"),
    [
        pytest.param(
            notification(A),
            notification(resolved=(A,), reason=NotifyReason.ALL_RESOLVED),
            (),
            (A,),
            NotifyReason.ALL_RESOLVED,
            id="fired and resolved: told as resolved",
        ),
        pytest.param(
            notification(A, B),
            notification(resolved=(A,), reason=NotifyReason.ALL_RESOLVED),
            (B,),
            (A,),
            NotifyReason.FIRST,
            id="an event that nothing resolves is still told",
        ),
        pytest.param(
            notification(resolved=(A,), reason=NotifyReason.ALL_RESOLVED),
            notification(A),
            (A,),
            (),
            NotifyReason.FIRST,
            id="fires again: no resolved in between",
        ),
        pytest.param(
            notification(A, B, reason=NotifyReason.NEW_FIRING),
            notification(A, B, reason=NotifyReason.REPEAT),
            (A, B),
            (),
            NotifyReason.NEW_FIRING,
            id="a repetition of what was never told is no repetition",
        ),
        pytest.param(
            notification(A, resolved=(B,), reason=NotifyReason.NEW_RESOLVED),
            notification(A, C, reason=NotifyReason.NEW_FIRING),
            (A, C),
            (B,),
            NotifyReason.NEW_FIRING,
            id="what was resolved stays resolved",
        ),
    ],
)
def test_merge(
    older: Notification,
    newer: Notification,
    firing: tuple[Alert, ...],
    resolved: tuple[Alert, ...],
    reason: NotifyReason,
) -> None:
    merged = merge(older, newer)
    assert (merged.firing, merged.resolved, merged.reason, merged.id) == (firing, resolved, reason, newer.id)
