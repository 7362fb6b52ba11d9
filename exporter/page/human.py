"""Numbers as people read them."""

from __future__ import annotations

import math
from typing import Final

_STEPS: Final = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))
GIBIBYTE: Final = 2.0**30


def duration(seconds: float) -> str:
    """The two largest units that matter: `3 h 20 min`, `45 s`; below one second milliseconds."""
    if not math.isfinite(seconds):
        return "unknown"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    rest = round(seconds, 1 if seconds < 10 else 0)  # noqa: PLR2004 - one decimal below ten seconds
    parts: list[str] = []
    for size, unit in _STEPS:
        if rest >= size and len(parts) < 2:  # noqa: PLR2004 - two units
            whole = rest if unit == "s" else rest // size
            parts.append(f"{whole:g} {unit}")
            rest -= whole * size
        elif parts:
            break
    return " ".join(parts)


def count(value: float) -> str:
    """`12,000`."""
    return f"{value:,.0f}"


def number(value: float) -> str:
    """Four significant digits: `0.5213`, `2.5e-05`, `NaN`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"  # noqa: RUF001 - the minus sign is meant
    return f"{value:.4g}"


def percent(ratio: float) -> str:
    """`87.5 %`."""
    return f"{ratio * 100:.1f} %"


def memory(size: float) -> str:
    """`11.5 GiB`."""
    return f"{size / GIBIBYTE:.1f} GiB"
