"""All that the collectors and the page may read, at one time: published whole, by one reference, never changed."""

from __future__ import annotations

from dataclasses import dataclass, field

from .gpu import GpuReading
from .log import RunName, SourcePath
from .run import LineCounts, RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHealth:
    """How the reading of one source goes."""

    path: SourcePath
    readable: bool = True
    bytes_read: int = 0
    """Since this program started."""
    lag_bytes: int = 0
    """Written but not read yet."""
    rotations: int = 0
    """Times it was rotated, truncated or made again, since this program started."""
    lines: LineCounts = field(default=LineCounts())


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A value that the user wants to reach: a loss (`metric` is `total`) from above, a score from below."""

    split: str
    metric: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What the user wants to spend at most; None: no limit."""

    seconds: float | None = None
    """Of active time."""
    gpu_seconds: float | None = None
    joules: float | None = None
    cost: float | None = None
    """In the currency of the cost per GPU hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: what it is, what the user set for it, and the merged state of its sources."""

    name: RunName
    format: str
    """The framework's lower-case name: `detectron2`; empty while no line was recognised."""
    paths: tuple[SourcePath, ...]
    """The main source first."""
    labels: tuple[tuple[str, str], ...] = ()
    """The user's own."""
    gpus: tuple[str, ...] = ()
    """UUIDs of the devices it uses; empty: not known."""
    targets: tuple[Target, ...] = ()
    budget: Budget = Budget()
    thresholds: tuple[tuple[str, float], ...] = ()
    """The user's own limits of the advice; the others have their defaults."""
    cost_per_gpu_hour: float | None = None
    energy_joules: float | None = None
    """Used by its devices while it was active; None where no device tells."""
    gpu_seconds: float | None = None
    """Active time on each of its devices; None where it has none."""
    state: RunState | None = None
    """None while nothing of it could be read."""
    logs: tuple[LogHealth, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroupHealth:
    """The evaluation of one rule group since this program started."""

    group: str
    evaluations: int = 0
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverHealth:
    """The deliveries to one receiver since this program started."""

    receiver: str
    delivered: int = 0
    retried: int = 0
    rejected: int = 0
    queue_length: int = 0
    last_failure_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """This program itself."""

    version: str = ""
    python_version: str = ""
    external_url: str = ""
    """Where the status page is; empty: not known, no series."""
    rule_groups: tuple[RuleGroupHealth, ...] = ()
    receivers: tuple[ReceiverHealth, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything at one time."""

    at: float
    """Unix seconds."""
    runs: tuple[Run, ...] = ()
    gpus: tuple[GpuReading, ...] = ()
    health: Health = Health()
