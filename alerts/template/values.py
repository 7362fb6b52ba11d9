"""The values a template computes with, as Go sees them: their type names, their truth, their printed form.

Go's `string`, `bool`, `int` and `float64` are Python's; `nil` is `None`; a vector is a tuple of `TemplateSample`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from ..gofloat import general

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class StringMap:
    """Go's `map[string]string`: a missing key is the empty string."""

    items: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `args` makes, Go's `map[string]interface {}`: a missing key is no value."""

    items: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class TemplateSample:
    """One element of what `query` returns."""

    labels: StringMap
    value: float


@dataclass(frozen=True, slots=True)
class GoTime:
    """Go's `time.Time`, in UTC, of whole milliseconds."""

    milliseconds: int


@dataclass(frozen=True, slots=True)
class GoDuration:
    """Go's `time.Duration`."""

    nanoseconds: int


@dataclass(frozen=True, slots=True)
class Dot:
    """The data of a template: what `.` is at the top."""

    labels: StringMap
    external_labels: StringMap
    external_url: str
    value: float


Vector: TypeAlias = tuple[TemplateSample, ...]
Value: TypeAlias = (
    str | bool | int | float | StringMap | Arguments | TemplateSample | GoTime | GoDuration | Dot | Vector | None
)

_TYPE_NAMES: Final[Mapping[type, str]] = {
    str: "string",
    bool: "bool",
    int: "int",
    float: "float64",
    StringMap: "map[string]string",
    Arguments: "map[string]interface {}",
    TemplateSample: "*template.sample",
    GoTime: "*time.Time",
    GoDuration: "*time.Duration",
    tuple: "template.queryResult",
    Dot: "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value float64 }",
    type(None): "<nil>",
}


def type_name(value: Value) -> str:
    """Go's name of the value's type."""
    return _TYPE_NAMES[type(value)]


def is_true(value: Value) -> bool:
    """Go's truth: false are false, 0, nil, and what is empty. NaN is true."""
    if isinstance(value, StringMap | Arguments):
        return bool(value.items)
    return bool(value)


def format_significant(value: float) -> str:
    """Go's `%.4g`, the precision of all that is humanised."""
    return f"{value:.4g}" if math.isfinite(value) else general(value)


def format_time(at: GoTime) -> str:
    """As Go prints a time: `2015-09-15 16:46:23.128 +0000 UTC`, without trailing zeros of the fraction."""
    moment = _EPOCH + timedelta(milliseconds=at.milliseconds)
    fraction = f".{at.milliseconds % 1000:03d}".rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"


def format_go_duration(duration: GoDuration) -> str:
    """As Go prints a duration: `1h2m3.5s`, `1.5ms`, `0s`."""
    sign, nanoseconds = ("-", -duration.nanoseconds) if duration.nanoseconds < 0 else ("", duration.nanoseconds)
    if nanoseconds == 0:
        return "0s"
    for unit, size in (("ns", 1), ("µs", 1000), ("ms", 1_000_000)):
        if nanoseconds < min(size * 1000, 1_000_000_000):
            return f"{sign}{_trimmed(nanoseconds, size)}{unit}"
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    minutes, seconds = divmod(seconds, 60)
    text = f"{_trimmed(seconds * 1_000_000_000 + fraction, 1_000_000_000)}s"
    if minutes:
        hours, minutes = divmod(minutes, 60)
        text = f"{hours}h{minutes}m{text}" if hours else f"{minutes}m{text}"
    return sign + text


def _trimmed(value: int, unit: int) -> str:
    whole, fraction = divmod(value, unit)
    digits = f"{fraction:0{len(str(unit)) - 1}d}".rstrip("0") if fraction else ""
    return f"{whole}.{digits}" if digits else str(whole)


def to_text(value: Value) -> str:  # noqa: PLR0911 - one line for each type
    """Go's `%v`."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            return general(value)
        case int():
            return str(value)
        case None:
            return "<nil>"
        case GoTime():
            return format_time(value)
        case GoDuration():
            return format_go_duration(value)
        case _:
            return _compound_to_text(value)


def _compound_to_text(value: StringMap | Arguments | TemplateSample | Dot | Vector) -> str:
    match value:
        case StringMap(items) | Arguments(items):
            return f"map[{' '.join(f'{key}:{to_text(item)}' for key, item in sorted(items.items()))}]"
        case TemplateSample():
            return f"{{{to_text(value.labels)} {general(value.value)}}}"
        case Dot():
            parts = (value.labels, value.external_labels, value.external_url, value.value)
            return f"{{{' '.join(to_text(part) for part in parts)}}}"
        case _:
            return f"[{' '.join(to_text(sample) for sample in value)}]"
