"""Two notifications of one group to one receiver, the older of which was never delivered, to one that says it all."""

from __future__ import annotations

from dataclasses import replace

from ..model import Alert, Notification, NotifyReason


def merge(older: Notification, newer: Notification) -> Notification:
    """The newer one, with what only the older one would have told: nothing is lost while a receiver is unreachable.

    An alert of the older one that the newer one does not mention is still told as it was: it was about an event, or
    nothing is sent about its end.
    """
    mentioned = {alert.fingerprint for alert in (*newer.firing, *newer.resolved)}

    def untold(alerts: tuple[Alert, ...]) -> tuple[Alert, ...]:
        return tuple(alert for alert in alerts if alert.fingerprint not in mentioned)

    firing = (*newer.firing, *untold(older.firing))
    runs = {context.run: context for context in (*older.runs, *newer.runs)}
    return replace(
        newer,
        firing=firing,
        resolved=(*newer.resolved, *untold(older.resolved)),
        reason=_reason(older.reason, newer.reason, fires=bool(firing)),
        runs=tuple(runs.values()),
    )


def _reason(older: NotifyReason, newer: NotifyReason, *, fires: bool) -> NotifyReason:
    """Why the receiver is told, seen from what it knows: for it, a repetition of what it never got is the first."""
    if not fires:
        return NotifyReason.ALL_RESOLVED
    if older is NotifyReason.FIRST or newer is NotifyReason.REPEAT:
        return older
    return NotifyReason.NEW_RESOLVED if newer is NotifyReason.ALL_RESOLVED else newer
