"""A notification to the words of a message: what every notifier shows in its own way.

The most urgent alert comes first, what is over comes last, and each run is described once, under the first section
about it. Everything here is plain text as it came; whoever shows it escapes it and keeps to its own limits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from ..human import duration, number, sparkline
from ..model import Alert, Notification, NotifyReason, RunContext

MAX_ALERTS: Final = 20
"""Alerts of a message that are shown in full: Slack advises no more attachments than that, and fewer read better."""

CURVE_WIDTH: Final = 24
"""Columns of a curve: one line on a phone."""

_SETTLED_S: Final = 60.0
"""From this age on an alert is old enough for "firing for" to say something."""


class Tone(Enum):
    """What colour a section has."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
    RESOLVED = "resolved"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where to read on."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One alert, or all that are over, or what did not fit; any text may be empty."""

    tone: Tone
    title: str
    """One line: `[STOP] TrainingPlateaued · resnet50`."""
    summary: str = ""
    description: str = ""
    """What was seen, in numbers."""
    advice: str = ""
    """What to do."""
    state: str = ""
    """How long it fires."""
    lines: tuple[str, ...] = ()
    """A list."""
    facts: str = ""
    """How far the run is, on one line."""
    curve: str = ""
    """The loss as a sparkline with its first and last value."""
    log: tuple[str, ...] = ()
    """The end of the log of a failed run."""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notification in words."""

    sections: tuple[Section, ...]
    at: float
    """When it was decided, in Unix seconds."""
    url: str
    """The status page; empty: unknown."""
    urgent: bool
    """Something critical, or a reason to stop, is new or still there."""


def compose(notification: Notification) -> Message:
    """The words for a notification."""
    firing = sorted(notification.firing, key=_rank)
    resolved = sorted(notification.resolved, key=_rank)
    parts = [(_run(alert), _firing(alert, notification)) for alert in firing[:MAX_ALERTS]]
    if len(firing) > MAX_ALERTS:
        parts.append(("", _more(firing[MAX_ALERTS:])))
    if resolved:
        parts.append((_run(resolved[0]), _resolved(resolved)))
    sections = list(_describe_runs(parts, notification))
    url = notification.external_url if _is_web(notification.external_url) else ""
    if sections and url:
        sections[0] = replace(sections[0], links=(*sections[0].links, Link(title="Status page", url=url)))
    return Message(
        sections=tuple(sections),
        at=notification.created_at,
        url=url,
        urgent=any(map(_is_urgent, firing)) and notification.reason is not NotifyReason.NEW_RESOLVED,
    )


def _firing(alert: Alert, notification: Notification) -> Section:
    texts = dict(alert.annotations)
    age = 0.0 if alert.fired_at is None else notification.created_at - alert.fired_at
    return Section(
        tone=_tone(alert),
        title=f"[{_tag(alert)}] {_name(alert)}",
        summary=_summary(alert),
        description=texts.get("description", ""),
        advice=texts.get("advice", ""),
        state=f"Firing for {duration(age)}." if age >= _SETTLED_S and alert.resolved_at is None else "",
        links=_links(alert),
    )


def _resolved(alerts: list[Alert]) -> Section:
    """One that is over keeps its summary; several are a list."""
    first = alerts[0]
    if len(alerts) == 1:
        return Section(
            tone=Tone.RESOLVED,
            title=f"[RESOLVED] {_name(first)}",
            summary=_over(first).capitalize(),
            description=f"It was: {summary}" if (summary := _summary(first)) else "",
        )
    lines = [f"{_name(alert)}: {_over(alert)}" for alert in alerts[:MAX_ALERTS]]
    if len(alerts) > MAX_ALERTS:
        lines.append(f"+ {len(alerts) - MAX_ALERTS} more")
    return Section(tone=Tone.RESOLVED, title=f"[RESOLVED] {len(alerts)} alerts", lines=tuple(lines))


def _more(alerts: list[Alert]) -> Section:
    names = ", ".join(dict.fromkeys(alert.name for alert in alerts))
    return Section(tone=Tone.NEUTRAL, title=f"+ {len(alerts)} more", summary=names)


def _describe_runs(parts: Iterable[tuple[str, Section]], notification: Notification) -> Iterable[Section]:
    """Puts what is known of each run under the first section about it."""
    contexts = {context.run: context for context in notification.runs}
    for run, section in parts:
        context = contexts.pop(run, None)
        yield section if context is None else _described(section, context)


def _described(section: Section, context: RunContext) -> Section:
    facts = " · ".join(f"{name} {value}" for name, value in context.facts)
    line = sparkline(context.curve, CURVE_WIDTH)
    return replace(
        section,
        facts=facts[:1].upper() + facts[1:],
        curve=f"Loss {line} {number(context.curve[0])} → {number(context.curve[-1])}" if line else "",
        log=context.last_lines if section.tone is not Tone.RESOLVED else (),
    )


def _label(alert: Alert, name: str) -> str:
    return dict(alert.labels).get(name, "")


def _run(alert: Alert) -> str:
    return _label(alert, "run")


def _name(alert: Alert) -> str:
    """The alert and what it is about: `GpuMemoryNearLimit · resnet50 · GPU 0`."""
    gpu = _label(alert, "gpu")
    about = (alert.name, _run(alert), f"GPU {gpu}" if gpu else "")
    return " · ".join(part for part in about if part)


def _tag(alert: Alert) -> str:
    match _label(alert, "action"):
        case "stop":
            return "STOP"
        case "reduce_memory":
            return "REDUCE MEMORY"
        case _:
            return _label(alert, "severity").upper() or "FIRING"


def _tone(alert: Alert) -> Tone:
    match _label(alert, "severity"):
        case "critical":
            return Tone.CRITICAL
        case "info" | "none":
            return Tone.INFO
        case _:
            return Tone.WARNING


def _is_urgent(alert: Alert) -> bool:
    return _tone(alert) is Tone.CRITICAL or _label(alert, "action") == "stop"


def _rank(alert: Alert) -> tuple[int, bool, str]:
    """By severity; among equals reasons to stop first, then by name."""
    severities = (Tone.CRITICAL, Tone.WARNING, Tone.INFO)
    return severities.index(_tone(alert)), _label(alert, "action") != "stop", _name(alert)


def _summary(alert: Alert) -> str:
    """The annotation, under one of its usual names, or else the labels: a user's rule may have no annotations."""
    texts = dict(alert.annotations)
    written = texts.get("summary") or texts.get("message") or texts.get("title")
    if written or "description" in texts:
        return written or ""
    return ", ".join(f"{name}={value}" for name, value in alert.labels if name != "alertname")


def _over(alert: Alert) -> str:
    """How long it fired."""
    if alert.fired_at is None or alert.resolved_at is None:
        return "over."
    return f"over after {duration(alert.resolved_at - alert.fired_at)}."


def _links(alert: Alert) -> tuple[Link, ...]:
    texts = dict(alert.annotations)
    named = (("Runbook", texts.get("runbook_url", "")), ("Dashboard", texts.get("dashboard_url", "")))
    return tuple(Link(title=title, url=url) for title, url in named if _is_web(url))


def _is_web(url: str) -> bool:
    return url.startswith(("http://", "https://"))
