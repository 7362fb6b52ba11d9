"""Two-level control chart of a loss: is it where it used to be, and if not, for how long and does it come back?

The baseline is the lowest median that the losses in control ever had, the scale their median absolute deviation. A
loss more than four deviations above the baseline is out of control; while out, baseline and scale stay as they are,
so that a divergence does not become the new normal.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..model import Control, Excursion
from ._robust import median_and_deviation

WINDOW = 128
"""Losses in control that the median is taken of: replay of 78 nanogpt runs, 0 false stops."""
DEVIATIONS = 4.0
"""Same replay."""
JUDGED_EVERY = 32
"""Losses in control between two judgements: a quarter of the window; a sort per loss would cost more than the rest."""
MAD_TO_SD = 1.4826
"""Median absolute deviation of a normal distribution to its standard deviation: 1/Φ⁻¹(3/4)."""
SCALE_FLOOR = 0.005
"""Least scale as a share of the baseline: a loss logged with few digits has no deviation, yet its last digit moves."""
RUNNING = 3
"""Losses in a row above the limit that make an excursion last, and below it that end one: same replay."""
MEANS = 64
"""Means kept of an excursion: its last quarter is 8 to 16 of them after the first 512 losses."""


class Chart:
    """Judges losses in order."""

    def __init__(self, state: Control) -> None:
        self._recent = list(state.recent)
        self._unjudged = state.unjudged
        self._baseline = state.baseline
        self._limit = state.limit
        self._away = _Away(state.excursion)

    def add(self, values: Sequence[float]) -> None:
        """Takes finite values in order; as fast as sorting a window now and then where all are in control."""
        start = 0
        while start < len(values):
            block = values[start : start + JUDGED_EVERY - self._unjudged]
            start += len(block)
            if self._limit is None or (not self._away.observations and max(block) <= self._limit):
                self._accept(block)
            else:
                start -= len(block) - self._judge_each(block, self._limit)

    def _judge_each(self, block: Sequence[float], limit: float) -> int:
        """Takes values until the limit may have moved; how many it took."""
        baseline = self._baseline or 0.0
        for index, value in enumerate(block):
            if value <= limit and not self._away.lasts_below():
                self._away = _Away(Excursion())
                self._accept((value,))
                if not self._unjudged:
                    return index + 1
            else:
                self._away.add(value - baseline, above=value > limit)
        return len(block)

    def _accept(self, values: Sequence[float]) -> None:
        self._recent += values
        self._unjudged += len(values)
        if self._unjudged == JUDGED_EVERY:
            self._judge()

    def _judge(self) -> None:
        del self._recent[:-WINDOW]
        self._unjudged = 0
        centre, deviation = median_and_deviation(self._recent)
        scale = MAD_TO_SD * deviation
        self._baseline = centre if self._baseline is None else min(self._baseline, centre)
        self._limit = self._baseline + DEVIATIONS * max(scale, SCALE_FLOOR * abs(self._baseline))

    def freeze(self) -> Control:
        """The state."""
        return Control(
            recent=tuple(self._recent),
            unjudged=self._unjudged,
            baseline=self._baseline,
            limit=self._limit,
            excursion=self._away.freeze(),
        )


class _Away:
    """The present excursion."""

    def __init__(self, state: Excursion) -> None:
        self.observations = state.observations
        self._below = state.below
        self._peak = state.peak
        self._means = list(state.means)
        self._width = state.width
        self._sum = state.partial_sum
        self._count = state.partial_count

    def lasts_below(self) -> bool:
        """Whether it goes on although the next loss is below the limit."""
        return self.observations - self._below >= RUNNING and self._below + 1 < RUNNING

    def add(self, excess: float, *, above: bool) -> None:
        """Takes the next loss, as its distance from the baseline."""
        self.observations += 1
        self._below = 0 if above else self._below + 1
        self._sum += excess
        self._count += 1
        if self._count == self._width:
            self._means.append(self._sum / self._width)
            self._sum, self._count = 0.0, 0
            self._peak = max(self._peak, self._means[-1])
            if len(self._means) == MEANS:
                self._means = [(a + b) / 2 for a, b in zip(self._means[::2], self._means[1::2], strict=True)]
                self._width *= 2

    def freeze(self) -> Excursion:
        """The state."""
        return Excursion(
            observations=self.observations,
            below=self._below,
            peak=self._peak,
            means=tuple(self._means),
            width=self._width,
            partial_sum=self._sum,
            partial_count=self._count,
        )


def persistence(excursion: Excursion) -> float:
    """Mean excess of the last quarter of an excursion as a share of its peak, 0 to 1; 0 in control."""
    if not excursion.peak or not excursion.means:
        return 0.0
    last = excursion.means[-max(1, len(excursion.means) // 4) :]
    return min(1.0, max(0.0, sum(last) / len(last) / excursion.peak))
