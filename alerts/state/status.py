"""What a person or a program may ask of the rules: how each of them fares, and its alerts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..model import Alert, AlertState
from ..rulefile import Rule, RuleGroup


class Health(Enum):
    """How the last evaluation of a rule went, in Prometheus' words."""

    UNKNOWN = "unknown"
    OK = "ok"
    ERROR = "err"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStatus:
    """One rule after its last evaluation."""

    rule: Rule
    alerts: tuple[Alert, ...] = ()
    """Pending, firing, and lately resolved; none for a recording rule."""
    health: Health = Health.UNKNOWN
    error: str = ""
    evaluated_at: float | None = None
    """Unix seconds; None: never."""
    duration_s: float = 0.0

    @property
    def active(self) -> tuple[Alert, ...]:
        """The pending and firing ones."""
        return tuple(alert for alert in self.alerts if alert.state is not AlertState.INACTIVE)

    @property
    def state(self) -> AlertState:
        """The gravest state of its alerts."""
        states = {alert.state for alert in self.alerts}
        gravest = (state for state in (AlertState.FIRING, AlertState.PENDING) if state in states)
        return next(gravest, AlertState.INACTIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupStatus:
    """One group after its last evaluation, and what was counted since the start."""

    group: RuleGroup
    interval_s: float
    rules: tuple[RuleStatus, ...]
    evaluated_at: float | None = None
    duration_s: float = 0.0
    evaluations: int = 0
    failures: int = 0
    """Of single rules."""
    missed: int = 0
    """Evaluations left out because they were late."""
