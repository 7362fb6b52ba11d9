"""Alerts to notifications: grouping, waiting, repeating, inhibition and de-duplication as Alertmanager does them.

Pure: `advance` takes the groups so far, all alerts, the notification log and the time, and returns the groups, what is
to be recorded and sent, and when to look again. The groups live in memory only: after a restart they follow from the
alerts and the log, so that a process that dies anywhere neither loses a notification nor decides one twice.

Two things differ from Alertmanager. An alert about an event (annotation `notify_resolved: "false"`) is told once and
never as resolved, even if it ended before its group was due. And "resolved" is said only of what was told as firing.
"""

from ._advance import RESOLVE_AFTER_S, Advanced, advance
from ._groups import Group, Groups, Member, group_key, group_labels, is_event

__all__ = [
    "RESOLVE_AFTER_S",
    "Advanced",
    "Group",
    "Groups",
    "Member",
    "advance",
    "group_key",
    "group_labels",
    "is_event",
]
