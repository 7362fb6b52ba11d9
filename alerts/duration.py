"""Durations as Prometheus writes them (`1d2h`, `15s`, `250ms`, `0`) to whole milliseconds, and back.

Source: https://prometheus.io/docs/prometheus/latest/querying/basics/#float-literals-and-time-durations
"""

from __future__ import annotations

import re
from typing import Final

_UNITS_MS: Final = (
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
)
# Matches `1d2h30m`: each unit at most once, from the longest to the shortest.
_DURATION: Final = re.compile("".join(rf"(?:(\d+){unit})?" for unit, _ in _UNITS_MS), re.ASCII)
_ONLY_WHOLE: Final = ("y", "w")
"""Printed only where nothing remains: 14d is `2w`, 15d is `15d`."""
_LONGEST_MS: Final = (2**63 - 1) // 1_000_000
"""Go's durations are 64 bits of nanoseconds."""


def parse_duration(text: str) -> int:
    """Milliseconds. Raises `ValueError` for what is no duration."""
    found = _DURATION.fullmatch(text)
    if text == "0":
        return 0
    if found is None or not text:
        raise ValueError(f"not a valid duration string: {text!r}")
    total = sum(int(count) * ms for count, (_, ms) in zip(found.groups(), _UNITS_MS, strict=True) if count)
    if total > _LONGEST_MS:
        raise ValueError(f"duration out of range: {text!r}")
    return total


def format_duration(milliseconds: int) -> str:
    """As Prometheus prints it: `0s`, `1h30m`, `1w`."""
    pieces: list[str] = []
    rest = milliseconds
    for unit, ms in _UNITS_MS:
        if unit in _ONLY_WHOLE and rest % ms:
            continue
        count, rest = divmod(rest, ms)
        if count:
            pieces.append(f"{count}{unit}")
    return "".join(pieces) or "0s"
