"""The store to what a message tells of a run beside its alerts: how far it is, how it learns, how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from math import isfinite
from typing import Final

from .human import condense, duration, number
from .model import Decision, Evidence, Notification, RunContext
from .store import LOOKBACK_MS, LabelTest, Selector, Series, Store, is_stale

CURVE_MS: Final = 6 * 3600 * 1000
"""How much of the loss a curve shows: what changed within a working day, at some 70 kB per run (16 bytes each 5 s)."""

CURVE_POINTS: Final = 60
"""Twice what a sparkline shows, so that its columns are means of several."""

_SMOOTHED: Final = "training_loss_smoothed"
_LOSS: Final = "training_loss"

CURVE_NEEDS: Final = ((_SMOOTHED, CURVE_MS), (_LOSS, CURVE_MS))
"""For `Retention.covering`: what the store has to keep beside the needs of the rules."""


def attach(
    decisions: Iterable[Decision], context: Callable[[str], RunContext], external_url: str
) -> tuple[Decision, ...]:
    """The decisions with notifications that tell of every run that their alerts name.

    Args:
        decisions: of the dispatch.
        context: `run_context` for one run; called once for each.
        external_url: where the status page is; empty: unknown.
    """
    known: dict[str, RunContext] = {}

    def complete(notification: Notification) -> Notification:
        runs = _runs(notification)
        known.update({run: context(run) for run in runs if run not in known})
        return replace(notification, runs=tuple(known[run] for run in runs), external_url=external_url)

    return tuple(
        decision if decision.notification is None else replace(decision, notification=complete(decision.notification))
        for decision in decisions
    )


def run_context(store: Store, run: str, now_ms: int, evidence: Evidence | None) -> RunContext:
    """What the series of a run say now.

    Args:
        store: used by the thread that owns it.
        run: the value of the label `run`.
        now_ms: Unix milliseconds; a series without a sample in the lookback before it says nothing.
        evidence: asked for the log's end of a run that failed; None: there is none to show.
    """
    view = _View(store, run, now_ms)
    failed = view.value("training_run_state", state="failed") == 1
    return RunContext(
        run=run,
        facts=tuple(_facts(view)),
        curve=_curve(view),
        last_lines=evidence.last_lines(run) if failed and evidence is not None else (),
    )


class _View:
    """The series of one run at one time."""

    def __init__(self, store: Store, run: str, now_ms: int) -> None:
        self._store, self._run, self.now_ms = store, run, now_ms

    def series(self, name: str, **labels: str) -> tuple[Series, ...]:
        wanted = {"run": self._run, **labels}
        tests = tuple(LabelTest(label, value.__eq__) for label, value in wanted.items())
        return self._store.select(Selector(name, tests))

    def value(self, name: str, **labels: str) -> float | None:
        """The present value of the first such series that has one."""
        return next((value for _, value in self.values(name, **labels)), None)

    def values(self, name: str, **labels: str) -> Iterator[tuple[dict[str, str], float]]:
        """Labels and present value of each such series that has one."""
        for series in self.series(name, **labels):
            if series.times[-1] > self.now_ms - LOOKBACK_MS and not is_stale(series.values[-1]):
                yield dict(series.labels), series.values[-1]


def _facts(view: _View) -> Iterator[tuple[str, str]]:
    for word, plural in (("iteration", "iterations"), ("epoch", "epochs")):
        done, planned = view.value(f"training_{word}"), view.value(f"training_{plural}_planned")
        if done is not None:
            yield word, number(done) if planned is None else f"{number(done)} of {number(planned)}"
            break
    eta = view.value("training_eta_seconds")
    if eta is not None and isfinite(eta) and view.value("training_run_state", state="running") == 1:
        yield "ETA", duration(eta)
    for title, split in (("loss", "train"), ("validation loss", "val")):
        loss = view.value(_LOSS, split=split, component="total")
        if loss is not None:
            yield title, number(loss)
    yield from _best(view)
    rate = view.value("training_learning_rate")
    if rate is not None:
        yield "learning rate", number(rate)


def _best(view: _View) -> Iterator[tuple[str, str]]:
    """The best of the run's main score: the shortest name, as `bbox/AP` among `bbox/AP50` and `bbox/AP-person`."""
    scores = [(labels["metric"], value) for labels, value in view.values("training_best", split="val")]
    named = [(metric, value) for metric, value in scores if metric != "total"]
    if named:
        metric, value = min(named, key=lambda score: (len(score[0]), score[0]))
        yield f"best {metric}", number(value)


def _curve(view: _View) -> tuple[float, ...]:
    series = (*view.series(_SMOOTHED, split="train"), *view.series(_LOSS, split="train", component="total"))
    if not series:
        return ()
    first = view.now_ms - CURVE_MS
    recent = [v for at, v in zip(series[0].times, series[0].values, strict=True) if at > first and isfinite(v)]
    return condense(recent, CURVE_POINTS)


def _runs(notification: Notification) -> tuple[str, ...]:
    """The runs that its alerts name, each once, in order."""
    alerts = (*notification.firing, *notification.resolved)
    return tuple(dict.fromkeys(run for alert in alerts if (run := dict(alert.labels).get("run"))))
