"""Rows of a batch with what they leave open filled in, so that the rest can take them as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from ..model import Batch, ColumnKey


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one batch: equally long, at least one."""

    iterations: Sequence[int | None]
    """None only before the first that the log names."""
    times: Sequence[float | None]
    """None where neither the log nor the time of writing tells."""
    columns: Mapping[ColumnKey, Sequence[float]]

    def cut(self, start: int, stop: int) -> Rows:
        """Some of them; all of them without a copy."""
        if start == 0 and stop == len(self.times):
            return self
        columns = {key: values[start:stop] for key, values in self.columns.items()}
        return Rows(self.iterations[start:stop], self.times[start:stop], columns)


def rows_of(batch: Batch, last: int | None, written_at: float | None, written_before: float) -> Rows:
    """Fills in the last known iteration and the time of writing; no time lies after `written_before`."""
    iterations = batch.iterations
    if None in iterations:
        iterations = _fill(iterations, last)
    times = batch.at
    if None in times:
        times = [written_at if at is None else min(at, written_before) for at in times]
    elif max(known := cast("Sequence[float]", times)) > written_before:
        times = [min(at, written_before) for at in known]
    return Rows(iterations, times, batch.columns)


def _fill(iterations: Sequence[int | None], last: int | None) -> Sequence[int | None]:
    filled = []
    for iteration in iterations:
        last = last if iteration is None else iteration
        filled.append(last)
    return filled
