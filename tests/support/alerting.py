"""Alerts and notifications as values, short to write, for the tests of what is told."""

from __future__ import annotations

from alerts.model import (
    Alert,
    AlertState,
    Fingerprint,
    GroupKey,
    Labels,
    Notification,
    NotifyReason,
    RunContext,
)


def alert(
    name: str,
    *,
    fired_at: float = 0.0,
    resolved_at: float | None = None,
    annotations: dict[str, str] | None = None,
    **labels: str,
) -> Alert:
    """An alert that fires, or is over if it has an end."""
    pairs: Labels = tuple(sorted({"alertname": name, **labels}.items()))
    return Alert(
        fingerprint=Fingerprint(repr(pairs)),
        labels=pairs,
        annotations=tuple(sorted((annotations or {}).items())),
        state=AlertState.FIRING if resolved_at is None else AlertState.INACTIVE,
        value=1.0,
        active_at=fired_at,
        fired_at=fired_at,
        resolved_at=resolved_at,
    )


def notification(
    *firing: Alert,
    resolved: tuple[Alert, ...] = (),
    reason: NotifyReason = NotifyReason.FIRST,
    created_at: float = 1_795_300_000.0,
    runs: tuple[RunContext, ...] = (),
    external_url: str = "",
    receiver: str = "slack",
    group: str = "{}",
) -> Notification:
    """A notification about these alerts."""
    return Notification(
        id=f"{receiver}{group}@{created_at}",
        group_key=GroupKey(group),
        receiver=receiver,
        group_labels=(),
        firing=firing,
        resolved=resolved,
        reason=reason,
        created_at=created_at,
        runs=runs,
        external_url=external_url,
    )
