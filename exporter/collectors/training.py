"""What the runs do: the `training_` metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from .. import catalog
from ..catalog import Metric
from ..model import THRESHOLDS, Latest, LossStatistics, Quantity, Run, RunState, RunStatus, Snapshot
from ..runs import active_seconds, eta_seconds, planned_length, progress_ratio, silence_limit
from ..statistics import describe
from ._protocol import Collector, Reading

SECONDS_PER_HOUR: Final = 3600.0
JUST_NOW: Final = 900.0
"""Seconds: as far as the rules on events look back."""

PER_RUN: Final[Mapping[Quantity, Metric]] = MappingProxyType(
    {
        Quantity.ITERATION_SECONDS: catalog.ITERATION_SECONDS,
        Quantity.DATA_SECONDS: catalog.DATA_SECONDS,
        Quantity.EPOCH: catalog.EPOCH,
        Quantity.EPOCHS_PLANNED: catalog.EPOCHS_PLANNED,
        Quantity.GPU_MEMORY_PEAK_BYTES: catalog.GPU_MEMORY_PEAK,
        Quantity.GRADIENT_NORM: catalog.GRADIENT_NORM,
        Quantity.LOSS_SCALE: catalog.LOSS_SCALE,
        Quantity.SAMPLES_PER_SECOND: catalog.SAMPLES_PER_SECOND,
        Quantity.TOKENS_PER_SECOND: catalog.TOKENS_PER_SECOND,
        Quantity.MFU_RATIO: catalog.MFU,
    }
)
"""Quantities of which a run has one value, whatever the name and split of the column."""


def collect(snapshot: Snapshot) -> Iterator[Reading]:
    """The readings of every run; of one whose log gave nothing yet, only what is known without it."""
    for run in snapshot.runs:
        yield from _identity(run, snapshot.at)
        yield from _settings(run)
        if run.state is not None:
            yield from _progress(run.name, run.state)
            yield from _logged(run.name, run.state)
            yield from _times(run.name, run.state)
            yield from _consumption(run, active_seconds(run.state))
            yield from _troubles(run.name, run.state)
            yield from _bests(run.name, run.state)
            planned = planned_length(run.state)
            for statistics in run.state.losses:
                yield from _statistics(run.name, statistics, planned)


def _known(metric: Metric, labels: tuple[str, ...], value: float | None) -> Iterator[Reading]:
    if value is not None:
        yield Reading(metric, labels, value)


def _identity(run: Run, now: float) -> Iterator[Reading]:
    path = run.paths[0] if run.paths else ""
    yield Reading(catalog.RUN_INFO, (run.name, run.format, path), 1.0, run.labels)
    present = run.state.status if run.state else RunStatus.UNKNOWN
    for status in RunStatus:
        yield Reading(catalog.RUN_STATE, (run.name, status.value), float(status is present))
    for uuid in run.gpus if run.state is not None and _uses_devices(run.state, now) else ():
        yield Reading(catalog.RUN_GPU, (run.name, uuid), 1.0)


def _uses_devices(state: RunState, now: float) -> bool:
    """A run that is over uses none: alerts about the next one must not name it. One that just failed may be why."""
    just_failed = state.status is RunStatus.FAILED and state.ended_at is not None and now - state.ended_at < JUST_NOW
    return state.status is RunStatus.RUNNING or just_failed


def _settings(run: Run) -> Iterator[Reading]:
    for target in run.targets:
        yield Reading(catalog.TARGET, (run.name, target.split, target.metric), target.value)
    yield from _known(catalog.BUDGET_SECONDS, (run.name,), run.budget.seconds)
    yield from _known(catalog.BUDGET_GPU_SECONDS, (run.name,), run.budget.gpu_seconds)
    yield from _known(catalog.BUDGET_JOULES, (run.name,), run.budget.joules)
    yield from _known(catalog.BUDGET_COST, (run.name,), run.budget.cost)
    chosen = dict(run.thresholds)
    for threshold in THRESHOLDS:
        yield Reading(catalog.THRESHOLD, (run.name, threshold.name), chosen.get(threshold.name, threshold.default))


def _progress(run: str, state: RunState) -> Iterator[Reading]:
    yield from _known(catalog.ITERATION, (run,), state.iteration)
    yield from _known(catalog.ITERATIONS_PLANNED, (run,), state.planned)
    yield from _known(catalog.PROGRESS, (run,), progress_ratio(state))
    yield from _known(catalog.ETA_SECONDS, (run,), eta_seconds(state))
    yield Reading(catalog.ITERATIONS_TOTAL, (run,), state.iterations_total)
    yield Reading(catalog.RESTARTS_TOTAL, (run,), state.restarts)


def _logged(run: str, state: RunState) -> Iterator[Reading]:
    """The last values; where two columns fill one series, that without a split or of the training stands for it."""
    seen: set[tuple[Metric, tuple[str, ...]]] = set()
    for latest in sorted(state.latest, key=_preference):
        series = _series(run, latest)
        if series is not None and series not in seen:
            seen.add(series)
            yield Reading(*series, latest.value)


def _preference(latest: Latest) -> int:
    return ("", "train").index(latest.key.split) if latest.key.split in ("", "train") else 2


def _series(run: str, latest: Latest) -> tuple[Metric, tuple[str, ...]] | None:
    quantity, split, name = latest.key
    if quantity is Quantity.LOSS:
        return catalog.LOSS, (run, split, name)
    if quantity is Quantity.SCORE:
        return catalog.SCORE, (run, split, name)
    if quantity is Quantity.LEARNING_RATE:
        return catalog.LEARNING_RATE, (run, name)
    if quantity is Quantity.SCALAR:
        return catalog.SCALAR, (run, f"{split}/{name}" if split else name)
    metric = PER_RUN.get(quantity)
    return (metric, (run,)) if metric else None


def _times(run: str, state: RunState) -> Iterator[Reading]:
    yield from _known(catalog.START, (run,), state.started_at)
    yield from _known(catalog.END, (run,), state.ended_at)
    yield from _known(catalog.LAST_FAILURE, (run,), state.last_failed_at)
    yield from _known(catalog.LAST_FINISH, (run,), state.last_finished_at)
    yield from _known(catalog.LAST_PROGRESS, (run,), state.last_progress_at)
    yield from _known(catalog.LAST_OUTPUT, (run,), state.last_output_at)
    yield Reading(catalog.SILENCE_LIMIT, (run,), silence_limit(state))


def _consumption(run: Run, active: float) -> Iterator[Reading]:
    yield Reading(catalog.ACTIVE_SECONDS, (run.name,), active)
    yield from _known(catalog.ENERGY, (run.name,), run.energy_joules)
    yield from _known(catalog.GPU_SECONDS, (run.name,), run.gpu_seconds)
    if run.gpu_seconds is not None and run.cost_per_gpu_hour is not None:
        yield Reading(catalog.COST, (run.name,), run.gpu_seconds / SECONDS_PER_HOUR * run.cost_per_gpu_hour)


def _troubles(run: str, state: RunState) -> Iterator[Reading]:
    for found in state.nonfinite:
        yield Reading(catalog.NONFINITE_TOTAL, (run, found.component), found.count)
        yield from _known(catalog.LAST_NONFINITE, (run, found.component), found.last_at)
    for error in state.errors:
        yield Reading(catalog.ERRORS_TOTAL, (run, error.kind.value), error.count)
        yield from _known(catalog.LAST_ERROR, (run, error.kind.value), error.last_at)
    yield Reading(catalog.VALUES_DROPPED, (run,), state.dropped)


def _bests(run: str, state: RunState) -> Iterator[Reading]:
    for best in state.best:
        labels = (run, best.split, best.metric)
        yield Reading(catalog.BEST, labels, best.value)
        yield from _known(catalog.BEST_ITERATION, labels, best.iteration)
        yield Reading(catalog.EVALUATIONS_SINCE_BEST, labels, best.since)


def _statistics(run: str, statistics: LossStatistics, planned: float | None) -> Iterable[Reading]:
    labels = (run, statistics.split)
    yield Reading(catalog.LOSS_NONFINITE, labels, statistics.nonfinite)
    if not statistics.observations:
        return
    figures = describe(statistics, planned)
    yield Reading(catalog.LOSS_OBSERVATIONS, labels, figures.observations)
    yield Reading(catalog.LOSS_SMOOTHED, labels, figures.smoothed)
    yield Reading(catalog.LOSS_NOISE, labels, figures.noise)
    yield Reading(catalog.LOSS_RANGE, labels, figures.range)
    yield Reading(catalog.LOSS_OUT_OF_CONTROL, labels, figures.out_of_control)
    yield Reading(catalog.LOSS_EXCESS_PERSISTENCE, labels, figures.persistence)
    yield from _known(catalog.LOSS_BASELINE, labels, figures.baseline)
    yield from _known(catalog.LOSS_TREND_Z, labels, figures.trend_z)
    yield from _known(catalog.LOSS_LONG_TREND_Z, labels, figures.long_trend_z)
    yield from _known(catalog.EXPECTED_GAIN, labels, figures.expected_gain)


COLLECTOR: Final = Collector(name="training", collect=collect)
