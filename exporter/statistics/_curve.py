"""A whole curve in bounded memory: means of ever more neighbours."""

from __future__ import annotations

from ..model import Point, Thinned

CAPACITY = 240
"""Points: the width of a small chart in a message or on the page; the last fifth of them is enough for a trend."""


class Curve:
    """Collects observations into points; full, it merges neighbours."""

    def __init__(self, state: Thinned) -> None:
        self._points = list(state.points)
        self._width = state.width
        self._sum = state.partial_sum
        self._count = state.partial_count

    @property
    def room(self) -> int:
        """How many observations the present point still takes."""
        return self._width - self._count

    def add(self, total: float, count: int, iteration: int, smoothed: float) -> None:
        """Takes `count` ≤ `room` observations with that sum so far; `iteration` and `smoothed` are of the last one."""
        self._sum = total
        self._count += count
        if self._count == self._width:
            self._points.append(Point(iteration, self._sum / self._width, smoothed))
            self._sum, self._count = 0.0, 0
            if len(self._points) == CAPACITY:
                self._merge()

    @property
    def total(self) -> float:
        """The sum of the present point's observations so far."""
        return self._sum

    def _merge(self) -> None:
        pairs = zip(self._points[::2], self._points[1::2], strict=True)
        self._points = [Point(b.iteration, (a.mean + b.mean) / 2, b.smoothed) for a, b in pairs]
        self._width *= 2

    def freeze(self) -> Thinned:
        """The state."""
        return Thinned(points=tuple(self._points), width=self._width, partial_sum=self._sum, partial_count=self._count)
