"""Numbers for people, exactly as Prometheus's template functions print them. Source: its template/template.go."""

from __future__ import annotations

import math
from typing import Final

from .values import format_significant

_LARGE: Final = "kMGTPEZY"
_SMALL: Final = "munpfazy"
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400


def humanize(value: float) -> str:
    """With an SI prefix: `1.234M`, `5m` for five thousandths."""
    if value == 0 or not math.isfinite(value):
        return format_significant(value)
    return _scaled(value, 1000, _LARGE) if abs(value) >= 1 else _small(value)


def humanize1024(value: float) -> str:
    """With a binary prefix: `976.6ki`."""
    if abs(value) <= 1 or not math.isfinite(value):
        return format_significant(value)
    return _scaled(value, 1024, tuple(f"{prefix}i" for prefix in _LARGE))


def humanize_percentage(value: float) -> str:
    """A ratio as per cent: `12.5%`."""
    return f"{format_significant(value * 100)}%"


def humanize_duration(seconds: float) -> str:
    """`1d 3h 46m 40s`, `12.5s`, `3ms`."""
    if seconds == 0 or not math.isfinite(seconds):
        return format_significant(seconds) + ("s" if seconds == 0 else "")
    if abs(seconds) < 1:
        return f"{_small(seconds)}s"
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    whole = int(seconds)
    days, hours, minutes = whole // _DAY, whole // _HOUR % 24, whole // _MINUTE % 60
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {whole % 60}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {whole % 60}s"
    if minutes:
        return f"{sign}{minutes}m {whole % 60}s"
    return f"{sign}{format_significant(seconds)}s"


def _scaled(value: float, base: int, prefixes: str | tuple[str, ...]) -> str:
    used = ""
    for prefix in prefixes:
        if abs(value) < base:
            break
        used = prefix
        value /= base
    return format_significant(value) + used


def _small(value: float) -> str:
    used = ""
    for prefix in _SMALL:
        if abs(value) >= 1:
            break
        used = prefix
        value *= 1000
    return format_significant(value) + used
