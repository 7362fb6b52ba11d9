"""Numbers, durations and curves as a message shows them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite, isnan
from typing import Final

_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_BARS: Final = "▁▂▃▄▅▆▇█"


def duration(seconds: float) -> str:
    """The two greatest units: `2 d 4 h`, `3 h 20 min`, `12 min`, `45 s`; seconds are left out from ten minutes on."""
    left = max(0, round(seconds))
    if left >= 600:  # noqa: PLR2004 - ten minutes
        left -= left % 60
    parts: list[str] = []
    for size, unit in _UNITS:
        count, rest = divmod(left, size)
        if count and len(parts) < 2:  # noqa: PLR2004 - two units
            parts.append(f"{count} {unit}")
            left = rest
        elif parts:
            break
    return " ".join(parts) or "0 s"


def number(value: float) -> str:
    """Three significant digits: `0.523`, `2.5e-5`, `12,300`; from a thousand on whole; `NaN`, `+Inf`, `-Inf`."""
    if not isfinite(value):
        return "NaN" if isnan(value) else f"{'+' if value > 0 else '-'}Inf"
    if abs(value) >= 1e9:  # noqa: PLR2004 - longer numbers are hard to take in
        return f"{value:.3g}".replace("e+0", "e").replace("e+", "e")
    if abs(value) >= 999.5:  # noqa: PLR2004 - what rounds to a thousand
        return f"{value:,.0f}"
    return f"{value:.3g}".replace("e-0", "e-")


def condense(values: Sequence[float], points: int) -> tuple[float, ...]:
    """At most so many points, each the mean of its share of the values, in order."""
    if len(values) <= points:
        return tuple(values)
    edges = [index * len(values) // points for index in range(points + 1)]
    return tuple(sum(value / (end - start) for value in values[start:end]) for start, end in pairwise(edges))


def sparkline(values: Sequence[float], width: int) -> str:
    """One line of bars from the least to the greatest of the finite values; empty for fewer than two."""
    if len(values) < 2:  # noqa: PLR2004 - one point is no curve
        return ""
    scale = max(map(abs, values)) or 1.0  # so that no difference overflows, whatever a diverging loss reached
    points = condense([value / scale for value in values], width)
    low, high = min(points), max(points)
    step = (high - low) / (len(_BARS) - 1)
    return "".join(_BARS[round((value - low) / step)] if step else _BARS[0] for value in points)
