"""The groups so far, all alerts, the log and the time, to the groups, the decisions and the next time to look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from ..model import Alert, AlertState, Decision, Fingerprint, GroupKey, LogEntry, Route
from ._decide import decide
from ._groups import Group, Groups, Member, belongs, first_flush, group_key, group_labels, is_event, next_flush
from ._inhibition import inhibited

RESOLVE_AFTER_S: Final = 240.0
"""How long an alert may be missing before it counts as resolved: the `EndsAt` of Prometheus, rules/manager.go, at its
default resend delay; with a longer evaluation interval four of those."""

_Log: TypeAlias = Mapping[tuple[GroupKey, str], LogEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """What one step came to."""

    groups: Groups
    decisions: tuple[Decision, ...]
    """To be recorded together, before `groups` replaces the former ones."""
    next_due: float | None
    """When to look again if no alert changes before; None: no group waits."""


def advance(
    groups: Groups,
    alerts: Iterable[Alert],
    log: Iterable[LogEntry],
    *,
    route: Route,
    receivers: tuple[str, ...],
    now: float,
    resolve_after_s: float = RESOLVE_AFTER_S,
) -> Advanced:
    """Takes in the present alerts and flushes the groups that are due.

    Args:
        groups: as the last step left them; empty at start.
        alerts: all that fire and those that resolved lately; pending ones are passed over. One that is missing
            for `resolve_after_s` counts as resolved.
        log: what each receiver was last told.
        route: grouping, intervals (greater than 0) and inhibitions.
        receivers: each is told of every group.
        now: Unix seconds.
        resolve_after_s: see `alerts`.
    """
    present = {alert.fingerprint: alert for alert in alerts if alert.state is not AlertState.PENDING}
    entries = {(entry.group_key, entry.receiver): entry for entry in log if entry.receiver in receivers}
    foreign = [entry for entry in entries.values() if not belongs(entry, route)]
    for entry in foreign:
        del entries[entry.group_key, entry.receiver]
    # No group waits longer than this, unless the clock was set back.
    latest = now + max(route.group_wait_s, route.group_interval_s)
    refreshed = [
        replace(_refresh(group, present, now, resolve_after_s), next_flush=min(group.next_flush, latest))
        for group in _restore(groups, entries, route, now)
    ]
    joined = _join(refreshed, present, route, now)
    muted = _muted(joined, route)
    kept: list[Group] = []
    decisions = [Decision(entry=replace(entry, firing=())) for entry in foreign]
    for group in joined:
        if group.next_flush > now:
            kept.append(group)
            continue
        made = (decide(group, name, entries.get((group.key, name)), muted, route, now) for name in receivers)
        decisions += [decision for decision in made if decision is not None]
        kept += _flushed(group, route, now)
    due = min((group.next_flush for group in kept), default=None)
    return Advanced(groups=tuple(kept), decisions=tuple(decisions), next_due=due)


def _restore(groups: Groups, log: _Log, route: Route, now: float) -> list[Group]:
    """The groups, and those that only the log still knows: this process has just started."""
    known = {group.key for group in groups}
    lost: dict[GroupKey, list[LogEntry]] = {}
    for entry in log.values():
        if entry.group_key not in known and entry.firing:
            lost.setdefault(entry.group_key, []).append(entry)
    return [*groups, *(_restored(entries, route, now) for entries in lost.values())]


def _restored(entries: list[LogEntry], route: Route, now: float) -> Group:
    last = max(entries, key=lambda entry: entry.at)
    told = {alert.fingerprint: alert for entry in entries for alert in entry.firing}
    return Group(
        key=last.group_key,
        labels=last.group_labels,
        members=tuple(Member(alert=alert, seen_at=now) for alert in told.values()),
        next_flush=first_flush(last.at, last.at, route, now),
    )


def _refresh(group: Group, present: Mapping[Fingerprint, Alert], now: float, resolve_after_s: float) -> Group:
    members = tuple(
        _seen(member, present.get(member.alert.fingerprint), now, resolve_after_s) for member in group.members
    )
    return replace(group, members=members)


def _seen(member: Member, alert: Alert | None, now: float, resolve_after_s: float) -> Member:
    if alert is not None:
        return Member(alert=alert, seen_at=now)
    if member.fires and now - member.seen_at >= resolve_after_s:
        return replace(member, alert=replace(member.alert, state=AlertState.INACTIVE, resolved_at=now))
    return member


def _join(groups: list[Group], present: Mapping[Fingerprint, Alert], route: Route, now: float) -> list[Group]:
    """What no group holds yet joins its own, if it fires or is an event: what else is over was never told."""
    held = {member.alert.fingerprint for group in groups for member in group.members}
    by_key = {group.key: group for group in groups}
    new = [alert for alert in present.values() if alert.fingerprint not in held]
    for alert in sorted(new, key=lambda alert: _fired_at(alert, now)):
        if alert.state is not AlertState.FIRING and not is_event(alert):
            continue
        labels = group_labels(alert, route.group_by)
        key = group_key(labels)
        group = by_key.get(key, Group(key=key, labels=labels, members=(), next_flush=now))
        if all(is_event(member.alert) and not member.fires for member in group.members):
            group = replace(group, next_flush=first_flush(_fired_at(alert, now), None, route, now))
        by_key[key] = replace(group, members=(*group.members, Member(alert=alert, seen_at=now)))
    return list(by_key.values())


def _fired_at(alert: Alert, now: float) -> float:
    return now if alert.fired_at is None else alert.fired_at


def _muted(groups: list[Group], route: Route) -> frozenset[Fingerprint]:
    members = [member for group in groups for member in group.members]
    firing = [member.alert for member in members if member.fires]
    return inhibited([member.alert for member in members], firing, route.inhibitions)


def _flushed(group: Group, route: Route, now: float) -> list[Group]:
    """What remains of a group once every receiver was told: nothing, if nothing fires and no event is mentioned."""
    members = tuple(m for m in group.members if m.fires or (is_event(m.alert) and m.seen_at == now))
    due = next_flush(group.next_flush, route.group_interval_s, now)
    return [replace(group, members=members, next_flush=due)] if members else []
