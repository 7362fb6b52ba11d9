"""The values that cross the layers of `alerts`: samples, alerts, notifications. No behaviour, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple, NewType, Protocol, TypeAlias

METRIC_NAME: Final = "__name__"
"""The label that holds a metric's name."""

Labels: TypeAlias = tuple[tuple[str, str], ...]
"""Label pairs sorted by name, without empty values; the metric name, where there is one, is under `__name__`."""

Fingerprint = NewType("Fingerprint", str)
"""Identifies an alert: the hash of its labels."""

GroupKey = NewType("GroupKey", str)
"""Identifies a notification group: the receiver's route and the values of `group_by`."""


class Sample(NamedTuple):
    """One value of one series."""

    labels: Labels
    value: float


class AlertState(Enum):
    """As in Prometheus."""

    PENDING = "pending"
    FIRING = "firing"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert of one rule. Transitions are new objects. Times are Unix seconds."""

    fingerprint: Fingerprint
    labels: Labels
    """With `alertname`; without external labels."""
    annotations: Labels
    state: AlertState
    value: float
    active_at: float
    fired_at: float | None = None
    resolved_at: float | None = None
    keep_firing_since: float | None = None
    """The first evaluation that no longer saw it, while `keep_firing_for` holds it."""

    @property
    def name(self) -> str:
        """The `alertname`."""
        return dict(self.labels)["alertname"]


class NotifyReason(Enum):
    """Why a notification is sent."""

    FIRST = "first"
    NEW_FIRING = "new firing"
    NEW_RESOLVED = "new resolved"
    ALL_RESOLVED = "all resolved"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """What a message tells of one run beside its alerts; every part may be absent."""

    run: str
    facts: tuple[tuple[str, str], ...] = ()
    """Name and value, ready to show: (`iteration`, `12,000 of 40,000`), (`ETA`, `3 h 20 min`), …"""
    curve: tuple[float, ...] = ()
    """The recent total training loss, oldest first; finite."""
    last_lines: tuple[str, ...] = ()
    """The end of the log of a failed run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One message to one receiver about one group; complete, so that it can wait in a queue on disk."""

    id: str
    """Unique; the same after a restart, so that a delivery is recorded once."""
    group_key: GroupKey
    receiver: str
    group_labels: Labels
    firing: tuple[Alert, ...]
    resolved: tuple[Alert, ...]
    reason: NotifyReason
    created_at: float
    runs: tuple[RunContext, ...] = ()
    external_url: str = ""
    """Where this program's status page is, for the links; empty: unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """What one receiver was last told of one group, whether it was delivered yet or still waits in the queue."""

    group_key: GroupKey
    receiver: str
    group_labels: Labels
    firing: tuple[Alert, ...]
    """What the receiver believes to fire. Empty: there is nothing left to remember."""
    at: float
    """When it was last told anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What changes for one receiver of one group; recorded as a whole or not at all."""

    entry: LogEntry
    notification: Notification | None = None
    """None: the receiver need not hear of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The receiver took it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """It may go through later."""

    reason: str
    after_s: float | None = None
    """What the receiver asked for (`Retry-After`), else None: the queue's own back-off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """It will never go through as it is."""

    reason: str
    of_receiver: bool = False
    """The receiver is refused, not this message: any other would fare the same until somebody changes something."""


Delivery: TypeAlias = Delivered | Retry | Rejected


class Evidence(Protocol):
    """What a message needs and no series carries; filled by the composition root."""

    def last_lines(self, run: str) -> tuple[str, ...]:
        """The last lines of the run's log, oldest first; empty where there are none to show."""


class AlertsError(Exception):
    """Base of this package's errors; its text is one clear sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """While an alert that matches `source` fires, those that match `target` and agree on `equal` are not notified."""

    source: tuple[tuple[str, str], ...]
    target: tuple[tuple[str, str], ...]
    equal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How alerts become notifications, in Alertmanager's words and with its meaning; times in seconds."""

    group_by: tuple[str, ...] = ("instance", "run")
    group_wait_s: float = 10.0
    group_interval_s: float = 300.0
    repeat_interval_s: float = 43200.0
    send_resolved: bool = True
    inhibitions: tuple[Inhibition, ...] = field(default=())
