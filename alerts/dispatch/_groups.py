"""Alerts to groups of alerts, each with the time at which it is due."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final, TypeAlias

from ..model import Alert, AlertState, GroupKey, Labels, LogEntry, Route

ALL_LABELS: Final = "..."
"""In `group_by`: every label, so that each alert is a group of its own."""


EVENT: Final = ("notify_resolved", "false")
"""The annotation of an alert about an event, such as a failed run: that it is over is no news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An alert of a group, as it was last seen."""

    alert: Alert
    seen_at: float

    @property
    def fires(self) -> bool:
        """Whether it is not over."""
        return self.alert.state is AlertState.FIRING


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Alerts that are told together.

    What is over stays until the next flush. An event that is over stays for as long as it is mentioned, so that after
    a restart, too, it is known whether it was told.
    """

    key: GroupKey
    labels: Labels
    members: tuple[Member, ...]
    next_flush: float


Groups: TypeAlias = tuple[Group, ...]
"""In no particular order; empty at start."""


def is_event(alert: Alert) -> bool:
    """Whether the alert tells of an event, so that no "resolved" is sent for it."""
    return EVENT in alert.annotations


def group_labels(alert: Alert, group_by: tuple[str, ...]) -> Labels:
    """The labels that the alert shares with its group; a label that it lacks counts as empty."""
    if ALL_LABELS in group_by:
        return alert.labels
    return tuple(pair for pair in alert.labels if pair[0] in group_by)


def group_key(labels: Labels) -> GroupKey:
    """Group labels as a selector: `{instance="127.0.0.1:9936", run="resnet"}`."""
    return GroupKey("{" + ", ".join(f'{name}="{_escape(value)}"' for name, value in labels) + "}")


def belongs(entry: LogEntry, route: Route) -> bool:
    """Whether the entry was written under the present `group_by`."""
    return all(group_key(group_labels(alert, route.group_by)) == entry.group_key for alert in entry.firing)


def first_flush(fired_at: float, told_at: float | None, route: Route, now: float) -> float:
    """When a group that was not in memory is due.

    A new one waits `group_wait` from its first alert, so a late one is due at once; one that a restart interrupted
    (`told_at` is not None) keeps its pace.
    """
    if told_at is None:
        return fired_at + route.group_wait_s
    return told_at + route.group_interval_s * max(1, ceil((now - told_at) / route.group_interval_s))


def next_flush(due: float, interval: float, now: float) -> float:
    """The first tick of the group's own pace after now; missed ones are not made up for."""
    return due + interval * (int((now - due) / interval) + 1)


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
