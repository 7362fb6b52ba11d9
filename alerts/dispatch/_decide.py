"""One group that is due and what a receiver knows of it, to what that receiver is told."""

from __future__ import annotations

from dataclasses import dataclass

from ..model import Alert, Decision, Fingerprint, LogEntry, Notification, NotifyReason, Route
from ._groups import Group, is_event


def decide(
    group: Group, receiver: str, entry: LogEntry | None, muted: frozenset[Fingerprint], route: Route, now: float
) -> Decision | None:
    """What to record and to send for one receiver; None: nothing changes.

    Args:
        group: one that is due.
        receiver: its name.
        entry: what it was last told; None: nothing, or nothing that still fires.
        muted: the alerts that are inhibited. One that was told before it was inhibited is still resolved.
        route: the intervals.
        now: Unix seconds.
    """
    told = frozenset[Fingerprint]() if entry is None else _told(group, entry)
    batch = _batch(group, told, muted, send_resolved=route.send_resolved)
    repeats = entry is not None and now - entry.at >= route.repeat_interval_s
    reason = _reason(batch, told, repeats=repeats)
    if reason is None and (entry is None or len(batch.known) == len(entry.firing)):
        return None  # without a reason, what is known can only have become less
    return Decision(
        entry=LogEntry(
            group_key=group.key,
            receiver=receiver,
            group_labels=group.labels,
            firing=batch.known,
            at=now if reason is not None or entry is None else entry.at,
        ),
        notification=None if reason is None else _notification(group, receiver, batch, reason, now),
    )


def _told(group: Group, entry: LogEntry) -> frozenset[Fingerprint]:
    """What the receiver was told to fire; an event that happened once more since then is news again."""
    again = {
        member.alert.fingerprint
        for member in group.members
        if is_event(member.alert) and member.alert.fired_at is not None and member.alert.fired_at > entry.at
    }
    return frozenset(alert.fingerprint for alert in entry.firing) - again


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    known: tuple[Alert, ...]
    """What the receiver will know of: what fires, and events that are over but may still be mentioned."""
    firing: tuple[Alert, ...]
    resolved: tuple[Alert, ...]
    ends: bool
    """Nothing fires any more."""


def _batch(group: Group, told: frozenset[Fingerprint], muted: frozenset[Fingerprint], *, send_resolved: bool) -> _Batch:
    alive = [member.alert for member in group.members if member.fires]
    over = [member.alert for member in group.members if not member.fires]
    past = [alert for alert in over if is_event(alert)]
    unheard = [alert for alert in past if alert.fingerprint not in told]
    ended = [alert for alert in over if not is_event(alert) and alert.fingerprint in told]
    return _Batch(
        known=tuple(a for a in (*alive, *past) if a.fingerprint in told or a.fingerprint not in muted),
        firing=tuple(alert for alert in (*alive, *unheard) if alert.fingerprint not in muted),
        resolved=tuple(ended) if send_resolved else (),
        ends=not alive,
    )


def _reason(batch: _Batch, told: frozenset[Fingerprint], *, repeats: bool) -> NotifyReason | None:
    if any(alert.fingerprint not in told for alert in batch.firing):
        return NotifyReason.NEW_FIRING if told else NotifyReason.FIRST
    if batch.resolved:
        return NotifyReason.ALL_RESOLVED if batch.ends else NotifyReason.NEW_RESOLVED
    return NotifyReason.REPEAT if batch.firing and repeats else None


def _notification(group: Group, receiver: str, batch: _Batch, reason: NotifyReason, now: float) -> Notification:
    return Notification(
        # A receiver hears of a group at most once at one time, so this is unique, and readable in the database.
        id=f"{receiver}{group.key}@{now:.3f}",
        group_key=group.key,
        receiver=receiver,
        group_labels=group.labels,
        firing=batch.firing,
        resolved=batch.resolved,
        reason=reason,
        created_at=now,
    )
