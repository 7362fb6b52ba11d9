"""Advances the statistics of one split by the total losses that its log gives."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from ..model import LossStatistics
from ._control import Chart
from ._curve import Curve
from ._smooth import Smoother

LARGEST = 1e150
"""Larger losses count as this, so that no difference, sum or slope of two of them overflows."""


class LossAccumulator:
    """Takes rows in order, gives the new state. What it makes of rows does not depend on how they are cut."""

    def __init__(self, state: LossStatistics) -> None:
        self._split = state.split
        self._nonfinite = state.nonfinite
        self._smoother = Smoother(state.observations, state.smoothed, state.deviation)
        self._curve = Curve(state.curve)
        self._chart = Chart(state.control)

    def add(self, iterations: Sequence[int | None], values: Sequence[float]) -> None:
        """Takes equally many iterations (None before the first known) and losses; NaN and Inf are no observations."""
        if isfinite(sum(values)):
            self._nonfinite = 0 if values else self._nonfinite
        else:
            self._count_nonfinite(values)
            rows = [row for row in zip(iterations, values, strict=True) if isfinite(row[1])]
            iterations, values = [row[0] for row in rows], [row[1] for row in rows]
        if not values:
            return
        if max(values) > LARGEST or min(values) < -LARGEST:
            values = [max(-LARGEST, min(LARGEST, value)) for value in values]
        self._chart.add(values)
        self._trace(iterations, values)

    def _count_nonfinite(self, values: Sequence[float]) -> None:
        for value in values:
            self._nonfinite = 0 if isfinite(value) else self._nonfinite + 1

    def _trace(self, iterations: Sequence[int | None], values: Sequence[float]) -> None:
        start = 0
        while start < len(values):
            block = values[start : start + self._curve.room]
            self._smoother.add(block)
            total = self._curve.total
            for value in block:  # not sum(): from Python 3.12 it compensates, and would differ with the cut
                total += value
            start += len(block)
            self._curve.add(total, len(block), iterations[start - 1] or 0, self._smoother.smoothed)

    def freeze(self) -> LossStatistics:
        """The new state."""
        return LossStatistics(
            split=self._split,
            observations=self._smoother.observations,
            nonfinite=self._nonfinite,
            smoothed=self._smoother.smoothed,
            deviation=self._smoother.deviation,
            curve=self._curve.freeze(),
            control=self._chart.freeze(),
        )
