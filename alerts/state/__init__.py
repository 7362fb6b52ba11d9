"""Rules' results to alerts and series. Pure: values in, values out; no I/O, no clock, no logging."""

from .alerting import (
    ALERT_NAME,
    RESOLVED_RETENTION_S,
    Advanced,
    RuleError,
    RuleState,
    Surroundings,
    advance,
    fingerprint,
)
from .recording import record
from .restore import GRACE_S, OUTAGE_TOLERANCE_S, restore
from .series import ALERTS, ALERTS_FOR_STATE, alert_samples, ended

__all__ = [
    "ALERTS",
    "ALERTS_FOR_STATE",
    "ALERT_NAME",
    "GRACE_S",
    "OUTAGE_TOLERANCE_S",
    "RESOLVED_RETENTION_S",
    "Advanced",
    "RuleError",
    "RuleState",
    "Surroundings",
    "advance",
    "alert_samples",
    "ended",
    "fingerprint",
    "record",
    "restore",
]
