"""A loss curve as inline SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from . import human

WIDTH: Final = 600
HEIGHT: Final = 140
_LOG_SCALE_FROM: Final = 20.0
"""Ratio of the highest to the lowest loss from which a linear axis would hide all but the first minutes."""


def loss_curve(points: Sequence[tuple[float, float]]) -> Markup:
    """Draws (iteration, loss) pairs, finite and in order; fewer than two draw nothing."""
    if len(points) < 2:  # noqa: PLR2004 - a line has two ends
        return Markup("")
    iterations, losses = [x for x, _ in points], [y for _, y in points]
    low, high = min(losses), max(losses)
    logarithmic = low > 0 and high / low > _LOG_SCALE_FROM
    heights = [math.log(y) for y in losses] if logarithmic else losses
    path = " ".join(
        f"{x:.1f},{HEIGHT - y:.1f}"
        for x, y in zip(_scaled(iterations, WIDTH), _scaled(heights, HEIGHT - 8, 4), strict=True)
    )
    return Markup(
        '<figure class="curve"><svg viewBox="0 0 {w} {h}" preserveAspectRatio="none" role="img" aria-label="{label}">'
        '<polygon points="0,{h} {path} {w},{h}"/><polyline points="{path}"/></svg>'
        "<figcaption><span>{high}</span><span>{low}</span></figcaption>"
        '<div class="axis"><span>{first}</span><span>iteration{scale}</span><span>{last}</span></div></figure>'
    ).format(
        w=WIDTH,
        h=HEIGHT,
        path=path,
        label=f"total loss from {human.number(losses[0])} to {human.number(losses[-1])}",
        high=human.number(high),
        low=human.number(low),
        first=human.count(iterations[0]),
        last=human.count(iterations[-1]),
        scale=" · loss on a logarithmic scale" if logarithmic else "",
    )


def _scaled(values: Sequence[float], size: float, margin: float = 0.0) -> list[float]:
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return [margin + (value - low) / span * size for value in values]
