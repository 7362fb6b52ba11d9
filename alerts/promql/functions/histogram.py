"""`histogram_quantile` on classic histograms: series with the label `le`, one for each bucket."""

from __future__ import annotations

import math
from itertools import groupby
from typing import Final, NamedTuple

from ...model import Labels
from ..aggregate import warn_of_quantile
from ..labelset import dropping, get, name_of
from ..node import Compiler, Elements, Frame, Node, VectorNode, naming
from ..numeric import INF, NAN, divide
from ..tree import Call
from ._build import Table

TOLERANCE: Final = 1e-12
"""Relative difference of two counts below which they are equal; Prometheus' smallDeltaTolerance."""


class Bucket(NamedTuple):
    """How many observations were at most `upper`."""

    upper: float
    observations: float


def _histogram_quantile(compiler: Compiler, call: Call) -> Node:
    q_of, operand, names = compiler.scalar(call.args[0]), compiler.vector(call.args[1]), naming(compiler.options)
    identity = dropping(["le"])
    position = call.args[1].position

    def run(frame: Frame) -> Elements:
        q = q_of(frame)
        warn_of_quantile(frame, q, call.args[0])
        histograms: dict[Labels, list[Bucket]] = {}
        for labels, count, _ in operand(frame):
            upper = _bound(get(labels, "le"))
            if upper is None:
                _warn_of_bound(frame, labels, position)
            else:
                histograms.setdefault(identity(labels), []).append(Bucket(upper, count))
        results: Elements = []
        for labels, buckets in histograms.items():
            value, forced = bucket_quantile(q, buckets)
            if forced and frame.annotations is not None:
                frame.annotations.inform(
                    "input to histogram_quantile needed to be fixed for monotonicity "
                    f'for metric name "{name_of(labels)}" (1:{position})'
                )
            results.append((names.strip(labels), value, names.drop))
        return names.checked(results)

    return VectorNode(run)


def _bound(text: str) -> float | None:
    if "_" in text or text != text.strip():  # numbers to Python, but not to Go
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _warn_of_bound(frame: Frame, labels: Labels, position: int) -> None:
    if frame.annotations is not None:
        frame.annotations.warn(
            f'bucket label "le" is missing or has a malformed value of "{get(labels, "le")}" '
            f'for metric name "{name_of(labels)}" (1:{position})'
        )


def bucket_quantile(q: float, buckets: list[Bucket]) -> tuple[float, bool]:
    """The q-quantile, linear within a bucket, and whether the counts had to be made ascending first.

    NaN without observations, without a bucket for +Inf or with fewer than two; infinite for q outside 0 to 1. Beyond
    the last finite bound it is that bound. Source: Prometheus' documentation of histogram_quantile.
    """
    if not 0 <= q <= 1:
        return (NAN if q != q else math.copysign(INF, q)), False  # noqa: PLR0124
    ordered = sorted(buckets)
    if ordered[-1].upper != INF:
        return NAN, False
    merged = [
        Bucket(upper, sum(bucket.observations for bucket in same))
        for upper, same in groupby(ordered, lambda b: b.upper)
    ]
    uppers = [bucket.upper for bucket in merged]
    counts, forced = _ascending([bucket.observations for bucket in merged])
    if len(counts) < 2 or counts[-1] == 0 or counts[-1] != counts[-1]:  # noqa: PLR2004
        return NAN, False
    return _interpolated(q * counts[-1], uppers, counts), forced


def _ascending(counts: list[float]) -> tuple[list[float], bool]:
    """The counts without decreases, and whether one was more than a rounding error."""
    result, forced = counts[:1], False
    for count in counts[1:]:
        previous = result[-1]
        if abs(count - previous) < TOLERANCE * (abs(count) + abs(previous)):
            result.append(previous)
        elif count < previous:
            result.append(previous)
            forced = True
        else:
            result.append(count)
    return result, forced


def _interpolated(rank: float, uppers: list[float], counts: list[float]) -> float:
    last = len(counts) - 1
    index = next((i for i in range(last) if counts[i] >= rank), last)
    if index == last:
        return uppers[-2]
    if index == 0:
        return uppers[0] if uppers[0] <= 0 else uppers[0] * divide(rank, counts[0])
    lower, below = uppers[index - 1], counts[index - 1]
    return lower + (uppers[index] - lower) * divide(rank - below, counts[index] - below)


TABLE: Final[Table] = {"histogram_quantile": _histogram_quantile}
