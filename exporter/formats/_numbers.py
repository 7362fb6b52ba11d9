"""Numbers and durations as frameworks print them, to floats."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

import msgspec

SECONDS_PER_MINUTE = 60
SECONDS_PER_HOUR = 3600
SECONDS_PER_DAY = 86400
MIB = 1024 * 1024
MAX_ITERATION = 10**15 - 1
"""A larger one is damage: it fits neither a stored state nor a float. The patterns know it as `\\d{1,15}`."""
TWO_DIGITS = {f"{value:02d}": value for value in range(100)}
"""Faster than `int`, for minutes and seconds."""

# `-nan(ind)`, `1.#QNAN0`, `-1.#IND00`: how the C run-time of Visual Studio prints NaN before and after 2015.
_MSVC_NAN = re.compile(r"-?(?:nan\((?:ind|snan)\)|1\.#(?:QNAN|SNAN|IND)\d*)", re.ASCII | re.IGNORECASE)
# `1.#INF00`
_MSVC_INF = re.compile(r"(-?)1\.#INF\d*", re.ASCII)
# `1 day, 2:03:04`, `-1 day, 23:59:59`, `0:14:11`: what `str(datetime.timedelta)` gives, without its fraction.
DURATION = r"(?:-?\d{1,9} days?, )?\d{1,9}:\d\d:\d\d"
_DURATION = re.compile(r"(?:(-?\d{1,9}) days?, )?(\d{1,9}):(\d\d):(\d\d)", re.ASCII)


def number(text: str) -> float | None:
    """A logged number; NaN and infinities as logged, None where it is no number."""
    try:
        return float(text)
    except ValueError:
        return _foreign_number(text)


def _foreign_number(text: str) -> float | None:
    if _MSVC_NAN.fullmatch(text):
        return math.nan
    infinite = _MSVC_INF.fullmatch(text)
    if infinite:
        return -math.inf if infinite[1] else math.inf
    return None


def finite(text: str) -> float | None:
    """A logged number; None where it is no number or not finite."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def duration(text: str) -> float | None:
    """Seconds of `1 day, 2:03:04`; None where it is no duration."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    days, hours, minutes, seconds = found.groups(default="0")
    whole = int(days) * SECONDS_PER_DAY + int(hours) * SECONDS_PER_HOUR + int(minutes) * SECONDS_PER_MINUTE
    return float(whole + int(seconds))


def durations(texts: Iterable[str]) -> list[float]:
    """Seconds of texts that `DURATION` matches; the minute, which many share, is worked out once."""
    hours: dict[str, float] = {}
    minutes: dict[str, float] = {}
    known, two = minutes.get, TWO_DIGITS

    def first(text: str) -> float:
        hour = text[:-6]
        if hour not in hours:
            hours[hour] = duration(f"{hour}:00:00") or 0.0
        minute = minutes[text[:-2]] = hours[hour] + two[text[-5:-3]] * SECONDS_PER_MINUTE
        return minute + two[text[-2:]]

    return [first(text) if (minute := known(text[:-2])) is None else minute + two[text[-2:]] for text in texts]


def numbers(texts: Sequence[str]) -> list[float]:
    """A column of logged numbers. Raises `ValueError` where one is none, or one that only `number` knows.

    A JSON decoder reads a list of numbers three times faster than `float` each; it knows no NaN.
    """
    try:
        column = _NUMBERS.decode(f"[{','.join(texts)}]")
    except msgspec.MsgspecError:
        return list(map(float, texts))
    return column if len(column) == len(texts) else list(map(float, texts))


_NUMBERS = msgspec.json.Decoder(list[float])
