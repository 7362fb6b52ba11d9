"""The document: alerts, runs, devices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from markupsafe import Markup

from ..model import GpuReading, Snapshot
from . import human
from .run_card import run_card

_DOCUMENT: Final = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
<script src="page.js" defer></script>
<noscript><meta http-equiv="refresh" content="5"></noscript>
</head>
<body>
<header><h1>training-exporter</h1><span class="soft" id="at">{at}</span></header>
<main>{alerts}{runs}{gpus}</main>
<footer class="soft">{alerting} · <a href="metrics">metrics</a> · version {version}</footer>
</body>
</html>
""")
_ALERT: Final = Markup("""
<section class="card alert {severity}">
<div class="title"><h3>{summary}</h3><span class="pill {severity}">{label}</span></div>
<p>{description}</p>
<p><strong>{advice}</strong></p>
<div class="soft">{name} · since {since} · <a href="runbooks/{name}">what to do</a></div>
</section>
""")
_GPU: Final = Markup("""
<section class="card">
<div class="title"><h3>GPU {index} · {name}</h3>{lost}</div>
{memory}
<dl class="facts">{facts}</dl>
</section>
""")
_MEMORY: Final = Markup("""
<div class="bar {level}" role="meter" aria-label="memory in use" aria-valuemin="0" aria-valuemax="100"
 aria-valuenow="{percent:.0f}"><i style="width:{percent:.1f}%"></i>{peak}</div>
<div class="line"><span>{used} of {total} in use{top}</span><span class="soft">{share}</span></div>
""")
WARN_FROM: Final = 0.90
"""As GpuMemoryNearLimit."""
CRITICAL_FROM: Final = 0.95
"""As GpuMemoryCritical."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveAlert:
    """An alert that is pending or fires."""

    name: str
    severity: str
    action: str
    firing: bool
    since: float
    summary: str
    description: str = ""
    advice: str = ""
    subject: str = ""
    """The run or device that it is about."""


def document(snapshot: Snapshot, alerts: Iterable[ActiveAlert], *, gpu_absence: str, alerting: str) -> str:
    """The whole page as HTML."""
    firing = [alert for alert in alerts if alert.firing]
    pending = [alert for alert in alerts if not alert.firing]
    return str(
        _DOCUMENT.format(
            title=_title(snapshot, len(firing)),
            at=_clock_time(snapshot.at),
            alerts=_section("Alerts", [*map(_alert, firing), *map(_pending, pending)]),
            runs=_section("Runs", map(run_card, snapshot.runs)) or _no_run(),
            gpus=_section("Devices", map(_gpu, snapshot.gpus)) or _absence(gpu_absence),
            alerting=alerting,
            version=snapshot.health.version,
        )
    )


def _title(snapshot: Snapshot, firing: int) -> str:
    warning = f"({firing}) " if firing else ""
    return f"{warning}{', '.join(run.name for run in snapshot.runs[:2]) or 'no run'} · training-exporter"


def _section(title: str, cards: Iterable[Markup]) -> Markup:
    body = Markup("").join(cards)
    return Markup("<h2>{}</h2>{}").format(title, body) if body else body


def _no_run() -> Markup:
    return Markup('<h2>Runs</h2><section class="card soft">No log has been read yet.</section>')


def _absence(reason: str) -> Markup:
    return Markup('<h2>Devices</h2><section class="card soft">{}</section>').format(reason) if reason else Markup("")


def _alert(alert: ActiveAlert) -> Markup:
    return _ALERT.format(
        severity=alert.severity,
        label={"stop": "stop the run", "reduce_memory": "reduce memory"}.get(alert.action, alert.severity),
        summary=alert.summary or alert.name,
        description=alert.description,
        advice=alert.advice,
        name=alert.name,
        since=_clock_time(alert.since),
    )


def _pending(alert: ActiveAlert) -> Markup:
    return Markup('<section class="card soft">{} · {} · pending since {}</section>').format(
        alert.name, alert.subject, _clock_time(alert.since)
    )


def _gpu(gpu: GpuReading) -> Markup:
    return _GPU.format(
        index=gpu.index,
        name=gpu.name,
        lost=Markup('<span class="pill failed">does not answer</span>') if gpu.lost else "",
        memory=_memory(gpu),
        facts=Markup("").join(Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(*fact) for fact in _gpu_facts(gpu)),
    )


def _memory(gpu: GpuReading) -> Markup:
    total, free, used = gpu.memory_total_bytes, gpu.memory_free_bytes, gpu.memory_used_bytes
    if not total or free is None or used is None:
        return Markup("")
    ratio, peak = 1 - free / total, gpu.memory_used_peak_bytes
    if peak is not None:
        # NVML's `used` leaves out what the driver reserves; the bar is all that is not free.
        peak += total - free - used
    mark = Markup('<b style="left:{:.1f}%"></b>').format(100 * peak / total) if peak else ""
    return _MEMORY.format(
        level="critical" if ratio > CRITICAL_FROM else "warning" if ratio > WARN_FROM else "",
        percent=100 * ratio,
        peak=mark,
        used=human.memory(total - free),
        total=human.memory(total),
        top=f" · peak of the last minute {human.memory(peak)}" if peak else "",
        share=human.percent(ratio),
    )


def _gpu_facts(gpu: GpuReading) -> Iterable[tuple[str, str]]:
    if gpu.utilization_ratio is not None:
        yield "utilisation", human.percent(gpu.utilization_ratio)
    if gpu.temperature_celsius is not None:
        yield "temperature", f"{gpu.temperature_celsius:.0f} °C"
    if gpu.power_watts is not None:
        limit = "" if gpu.power_limit_watts is None else f" of {gpu.power_limit_watts:.0f}"
        yield "power", f"{gpu.power_watts:.0f}{limit} W"
    for process in gpu.processes or ():
        if process.memory_used_bytes is not None:
            yield process.name, human.memory(process.memory_used_bytes)


def _clock_time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
