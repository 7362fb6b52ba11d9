"""Exponential smoothing of a loss, and of its distance from the smoothed one; outliers are cut off (Huber)."""

from __future__ import annotations

from collections.abc import Sequence

SPAN_SHARE = 5
"""The span is a fifth of the observations so far: the trend looks at the last fifth of the run too."""
SPAN_LEAST = 4
SPAN_MOST = 64
"""So that the weight of a new loss ends at 2/65 = 0.03, as in ZClip (arXiv 2504.02507, §3), which smooths per step."""
SETTLED = SPAN_SHARE * SPAN_MOST
"""From this many observations on the weight no longer changes."""
OUTLIER = 5.0
"""A loss counts as at most this many mean distances away, which are four standard deviations (0.8 each): one spike
moves nothing, while a new level makes the distances grow and is reached soon."""
FLOOR = 0.02
"""Share of the smoothed loss that is never an outlier: after a constant loss the mean distance is next to nothing."""


def weight(observations: int) -> float:
    """The weight of a new loss after so many before it."""
    span = min(SPAN_MOST, max(SPAN_LEAST, observations // SPAN_SHARE))
    return max(1.0 / (observations + 1), 2.0 / (span + 1))


class Smoother:
    """The smoothed loss; the first loss is its first value."""

    def __init__(self, observations: int, smoothed: float, deviation: float) -> None:
        self.observations = observations
        self.smoothed = smoothed
        self.deviation = deviation

    def add(self, values: Sequence[float]) -> None:
        """Takes finite values in order."""
        early = min(len(values), max(0, SETTLED - self.observations))
        for index in range(early):
            self._advance(values[index : index + 1], weight(self.observations))
        if early < len(values):
            self._advance(values[early:] if early else values, weight(SETTLED))

    def _advance(self, values: Sequence[float], alpha: float) -> None:
        smoothed = self.smoothed if self.observations else values[0]
        deviation = self.deviation
        for value in values:
            distance = value - smoothed
            size = distance if distance > 0.0 else -distance
            if size > OUTLIER * deviation and deviation:
                size = min(size, max(OUTLIER * deviation, FLOOR * abs(smoothed)))
                distance = size if distance > 0.0 else -size
            smoothed += alpha * distance
            deviation += alpha * (size - deviation)
        self.smoothed = smoothed
        self.deviation = deviation
        self.observations += len(values)
