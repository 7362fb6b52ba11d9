"""The best value so far of every loss and score."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from ..model import Best, ColumnKey, Quantity


def ranked(key: ColumnKey) -> bool:
    """Whether the column has a best: a total loss, or a score that is not of one class, of which there may be many.

    Detectron2 names the score of a class `bbox/AP-person`, Darknet `AP/person`.
    """
    if key.quantity is Quantity.LOSS:
        return key.name == "total"
    return key.quantity is Quantity.SCORE and "-" not in key.name and not key.name.startswith("AP/")


def improve(
    best: Best | None, key: ColumnKey, iterations: Sequence[int | None], values: Sequence[float]
) -> Best | None:
    """The best after these rows; None while there was no finite value. A tie is no improvement."""
    if not isfinite(sum(values)):
        rows = [row for row in zip(iterations, values, strict=True) if isfinite(row[1])]
        iterations, values = [row[0] for row in rows], [row[1] for row in rows]
    if not values:
        return best
    value = min(values) if key.quantity is Quantity.LOSS else max(values)
    if best and (value >= best.value if key.quantity is Quantity.LOSS else value <= best.value):
        return Best(key=key, value=best.value, iteration=best.iteration, since=best.since + len(values))
    index = values.index(value)
    return Best(key=key, value=value, iteration=iterations[index], since=len(values) - 1 - index)
