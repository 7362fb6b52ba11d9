"""The advice's figures, replayed over real curves: rare false alarms, prompt true ones.

The rules compare these figures in PromQL; here they are compared in Python, on every row, which is stricter.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest

from exporter.model import THRESHOLDS, LossStatistics
from exporter.statistics import LossAccumulator, LossFigures, describe

pytestmark = pytest.mark.shared

LIMIT = {threshold.name: threshold.default for threshold in THRESHOLDS}
NO_KNOWLEDGE = 10.8
"""Cross-entropy of a model that knows nothing of a vocabulary of 50,000: where a language model diverges to."""

Fault = Callable[[int, float], float]


class Verdict(NamedTuple):
    """Rows after the fault began; None: never."""

    spike: int | None
    diverging: int | None


def healthy(shared: Path) -> list[list[float]]:
    with gzip.open(shared / "curves" / "nanogpt_per_step.jsonl.gz", "rt") as lines:
        return [[float(loss) for loss in json.loads(line)["train"]["loss"]] for line in lines]


def replay(losses: Sequence[float], begin: int = 0) -> Verdict:
    accumulator = LossAccumulator(LossStatistics(split="train"))
    spike = None
    for row, loss in enumerate(losses):
        accumulator.add((row,), (loss,))
        statistics = accumulator.freeze()
        out = statistics.control.excursion.observations
        if spike is None and row >= begin and out >= LIMIT["spike_observations"]:
            spike = row - begin + 1
        persistent = out >= LIMIT["diverging_observations"] and describe(statistics, None).persistence
        if persistent >= LIMIT["diverging_persistence_ratio"]:
            return Verdict(spike, row - begin + 1)
    return Verdict(spike, None)


def struck(losses: Sequence[float], fault: Fault) -> Verdict:
    """Replays the last 300 rows before the middle, and 400 with the fault."""
    middle = len(losses) // 2
    after = [fault(row, loss) for row, loss in enumerate(losses[middle : middle + 400])]
    return replay([*losses[middle - 300 : middle], *after], begin=300)


def jump(_row: int, _loss: float) -> float:
    return NO_KNOWLEDGE


def shift(_row: int, loss: float) -> float:
    return loss + 1.0


def ramp(row: int, loss: float) -> float:
    return loss + (NO_KNOWLEDGE - loss) * min(1.0, row / 100)


def spike(row: int, loss: float, *, rows: int) -> float:
    return loss + 5.0 if row < rows else loss


def decay(row: int, loss: float, *, rows: float) -> float:
    return loss + 5.0 * math.exp(-row / rows)


def test_healthy_runs_are_neither_spiking_nor_diverging(shared: Path) -> None:
    runs = healthy(shared)
    assert len(runs) > 20
    assert {replay(losses) for losses in runs} == {Verdict(None, None)}


@pytest.mark.parametrize("fault", [jump, shift, ramp])
def test_every_divergence_is_found_within_160_rows(shared: Path, fault: Fault) -> None:
    verdicts = [struck(losses, fault) for losses in healthy(shared)[::3]]
    assert all(verdict.diverging is not None and verdict.diverging <= 160 for verdict in verdicts)
    assert all(verdict.spike is not None and verdict.spike <= 15 for verdict in verdicts)


@pytest.mark.parametrize(
    "fault", [partial(spike, rows=20), partial(spike, rows=100), partial(decay, rows=10.0), partial(decay, rows=50.0)]
)
def test_a_spike_that_recovers_is_seen_but_no_divergence(shared: Path, fault: Fault) -> None:
    verdicts = [struck(losses, fault) for losses in healthy(shared)[::3]]
    assert all(verdict.diverging is None for verdict in verdicts)
    assert all(verdict.spike is not None and verdict.spike <= 3 for verdict in verdicts)


class Curve(NamedTuple):
    """One run: its evaluations, and the length it was planned for."""

    steps: list[int]
    train: list[float]
    val: list[float]
    planned: float


def curves(path: Path) -> Iterator[Curve]:
    with gzip.open(path, "rt") as lines:
        for line in lines:
            run = json.loads(line)
            evaluations = run["evals"]
            if len(evaluations["step"]) >= 30 and run["planned_steps"]:
                train, val = ([_number(x) for x in evaluations[name]] for name in ("train_loss", "val_loss"))
                yield Curve(evaluations["step"], train, val, float(run["planned_steps"]))


def _number(value: object) -> float:
    return math.nan if value is None else float(str(value))


def plateaued(figures: LossFigures) -> bool:
    return (
        figures.expected_gain is not None
        and figures.expected_gain < LIMIT["plateau_gain_ratio"] * figures.range
        and figures.trend_z is not None
        and figures.trend_z > -LIMIT["trend_z"]
    )


def stop_of_plateau(curve: Curve) -> tuple[int | None, list[float]]:
    """The evaluation of the verdict, and the progress at every evaluation where the figures alone say plateau."""
    accumulator = LossAccumulator(LossStatistics(split="val"))
    early, stop = [], None
    for index, (step, loss) in enumerate(zip(curve.steps, curve.val, strict=True)):
        accumulator.add((step,), (loss,))
        if plateaued(describe(accumulator.freeze(), curve.planned)):
            early.append(step / curve.planned)
            if early[-1] >= LIMIT["plateau_progress_ratio"] and stop is None:
                stop = index
    return stop, early


@pytest.mark.parametrize("workload", ["ogbg", "imagenet_resnet"])
def test_a_plateau_verdict_saves_much_and_loses_little(shared: Path, workload: str) -> None:
    runs = list(islice(curves(shared / "curves" / f"algoperf_{workload}.jsonl.gz"), 0, None, 5))
    saved, harmed = 0.0, 0
    for curve in runs:
        stop, early = stop_of_plateau(curve)
        assert all(progress >= 0.3 for progress in early)
        if stop is not None:
            saved += 1 - curve.steps[stop] / curve.steps[-1]
            finite = [loss for loss in curve.val if math.isfinite(loss)]
            seen = [loss for loss in curve.val[: stop + 1] if math.isfinite(loss)]
            harmed += min(seen) - min(finite) > 0.01 * (finite[0] - min(finite))
    assert saved / len(runs) > 0.05
    assert harmed / len(runs) < 0.02


def test_no_verdict_depends_on_what_comes_after(shared: Path) -> None:
    curve = next(curves(shared / "curves" / "algoperf_ogbg.jsonl.gz"))
    whole = [describe(statistics, curve.planned) for statistics in _states(curve.val)]
    half = [describe(statistics, curve.planned) for statistics in _states(curve.val[: len(curve.val) // 2])]
    assert whole[: len(half)] == half


def _states(losses: Sequence[float]) -> Iterator[LossStatistics]:
    statistics = LossStatistics(split="val")
    for row, loss in enumerate(losses):
        accumulator = LossAccumulator(statistics)
        accumulator.add((row,), (loss,))
        statistics = accumulator.freeze()
        yield statistics
