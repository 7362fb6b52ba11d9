"""What can be configured, with the defaults. Durations are seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..model import Budget

DEFAULT_LISTEN = "127.0.0.1:9936"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration: where, and what to do."""

    where: str
    """`FILE:LINE`, or the flag."""
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


class ConfigError(Exception):
    """All mistakes of a configuration at once."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """One entry of `runs`: which logs, and what is known of their runs."""

    log: str
    """A path, a glob or a folder."""
    run: str | None = None
    """A name, a template (`{parent}`) or a regex over the path with named groups; None: from the path."""
    format: str | None = None
    """A format's name; None: by content."""
    gpus: tuple[str, ...] | None = None
    """Indices or uuids; None: found by itself."""
    labels: tuple[tuple[str, str], ...] = ()
    targets: tuple[tuple[str, float], ...] = ()
    """By the user's word for the metric: (`mAP`, 0.9), (`loss`, 0.5)."""
    budget: Budget = field(default_factory=Budget)
    cost_per_gpu_hour: float | None = None
    thresholds: tuple[tuple[str, float], ...] = ()
    """Limits of the advice that differ from their defaults, by name; docs/ALERTS.md lists them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuConfig:
    """Whether and how often NVML is asked."""

    enabled: bool = True
    interval: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsConfig:
    """The embedded evaluator, in the words and with the defaults of Prometheus and Alertmanager."""

    enabled: bool = True
    rules: tuple[str, ...] = ("builtin",)
    scrape_interval: float = 5.0
    evaluation_interval: float = 15.0
    job: str = "training-exporter"
    instance: str | None = None
    """None: the address that the server listens on."""
    group_by: tuple[str, ...] = ("instance", "run")
    group_wait: float = 10.0
    group_interval: float = 300.0
    repeat_interval: float = 43200.0
    send_resolved: bool = True
    log_lines: int = 12
    """How many of a failed run's last log lines a message shows; 0: none."""
    external_labels: tuple[tuple[str, str], ...] = ()
    runbook_base: str | None = None
    inhibit_rules: tuple[InhibitRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InhibitRule:
    """While an alert with the source labels fires, those with the target labels and equal values are not notified."""

    source: tuple[tuple[str, str], ...]
    target: tuple[tuple[str, str], ...]
    equal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """The one HTTP server."""

    listen: str = ""
    """`HOST:PORT`; empty: not said, see `DEFAULT_LISTEN`."""
    external_url: str | None = None
    """How people reach it, for links; None: `http://` and the address it listens on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything."""

    runs: tuple[RunConfig, ...] = ()
    gpu: GpuConfig = GpuConfig()
    alerts: AlertsConfig = AlertsConfig()
    receivers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Settings by the notifier's name, which the notifier itself checks; none: the terminal."""
    web: WebConfig = WebConfig()
    state: str | None = None
    """A folder; `none` keeps nothing; None: the default place."""
    exit_with_run: bool = False
