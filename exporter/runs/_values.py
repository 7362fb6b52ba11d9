"""What the columns say: last values, bests, non-finite losses, loss statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

from ..model import Best, ColumnKey, Latest, LossStatistics, Nonfinite, Quantity, RunState
from ..statistics import LossAccumulator
from ._best import improve, ranked

COLUMNS = 2000
"""Distinct columns of one source. Real logs have up to some 300, with a score for each of 80 classes; a broken one may
name any number, and each would cost a series."""


class Values:
    """Takes columns in order."""

    def __init__(self, state: RunState) -> None:
        self.dropped = state.dropped
        self._latest = {latest.key: (latest.value, latest.iteration) for latest in state.latest}
        self._best: dict[ColumnKey, Best] = {best.key: best for best in state.best}
        self._nonfinite = {found.component: (found.count, found.last_at) for found in state.nonfinite}
        self._losses = {statistics.split: statistics for statistics in state.losses}
        self._open: dict[str, LossAccumulator] = {}

    @property
    def any(self) -> bool:
        """Whether there was a row."""
        return bool(self._latest)

    def forget(self) -> None:
        """A restart begins new values and statistics; what is counted goes on."""
        self._latest.clear()
        self._best.clear()
        self._losses.clear()
        self._open.clear()

    def take(
        self,
        columns: Mapping[ColumnKey, Sequence[float]],
        iterations: Sequence[int | None],
        times: Sequence[float | None],
    ) -> None:
        """Takes rows of one stretch; `times` are their times."""
        for key, values in columns.items():
            if key not in self._latest and len(self._latest) >= COLUMNS:
                self.dropped += len(values)
                continue
            self._latest[key] = (values[-1], iterations[-1])
            if key.quantity is Quantity.LOSS:
                self._count_nonfinite(key.name, values, times)
            if ranked(key):
                best = improve(self._best.get(key), key, iterations, values)
                if best:
                    self._best[key] = best
                if key.quantity is Quantity.LOSS:
                    self._accumulator(key.split).add(iterations, values)

    def _count_nonfinite(self, component: str, values: Sequence[float], times: Sequence[float | None]) -> None:
        if component not in self._nonfinite and len(self._nonfinite) >= COLUMNS:
            return
        count, last_at = self._nonfinite.get(component, (0, None))
        if not isfinite(sum(values)):
            rows = [index for index, value in enumerate(values) if not isfinite(value)]
            if rows:
                count, last_at = count + len(rows), times[rows[-1]]
        self._nonfinite[component] = (count, last_at)

    def _accumulator(self, split: str) -> LossAccumulator:
        if split not in self._open:
            self._open[split] = LossAccumulator(self._losses.get(split) or LossStatistics(split=split))
        return self._open[split]

    def latest(self) -> tuple[Latest, ...]:
        """In order of first appearance."""
        return tuple(
            Latest(key=key, value=value, iteration=iteration) for key, (value, iteration) in self._latest.items()
        )

    def best(self) -> tuple[Best, ...]:
        """In order of first appearance of their columns."""
        return tuple(self._best[key] for key in self._latest if key in self._best)

    def losses(self) -> tuple[LossStatistics, ...]:
        """In order of first appearance since the last restart."""
        self._losses.update({split: accumulator.freeze() for split, accumulator in self._open.items()})
        return tuple(self._losses.values())

    def nonfinite(self) -> tuple[Nonfinite, ...]:
        """In order of first appearance."""
        return tuple(
            Nonfinite(component=component, count=count, last_at=last_at)
            for component, (count, last_at) in self._nonfinite.items()
        )
