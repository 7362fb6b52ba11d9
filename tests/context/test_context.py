"""What a message tells of a run, from series in a real store."""

from __future__ import annotations

import math

from alerts.context import CURVE_MS, CURVE_NEEDS, attach, run_context
from alerts.model import Decision, LogEntry, RunContext
from alerts.store import STALE, Retention, Store
from tests.support.alerting import alert, notification

NOW_MS = 1_795_300_000_000


class Logs:
    """Evidence: the end of every log."""

    def last_lines(self, run: str) -> tuple[str, ...]:
        return (f"the last line of {run}",)


def store(*samples: tuple[str, dict[str, str], float], at_ms: int = NOW_MS) -> Store:
    filled = Store(Retention.covering(CURVE_NEEDS))
    for name, labels, value in samples:
        add(filled, name, at_ms, value, **labels)
    return filled


def add(target: Store, name: str, at_ms: int, value: float, **labels: str) -> None:
    target.append(tuple(sorted({"__name__": name, "run": "r", **labels}.items())), at_ms, value)


RUNNING = store(
    ("training_iteration", {}, 12_000.0),
    ("training_iterations_planned", {}, 40_000.0),
    ("training_eta_seconds", {}, 12_000.0),
    ("training_run_state", {"state": "running"}, 1.0),
    ("training_run_state", {"state": "failed"}, 0.0),
    ("training_loss", {"split": "train", "component": "total"}, 0.523),
    ("training_loss", {"split": "train", "component": "loss_cls"}, 0.1),
    ("training_loss", {"split": "val", "component": "total"}, 0.61),
    ("training_best", {"split": "val", "metric": "total"}, 0.6),
    ("training_best", {"split": "val", "metric": "bbox/AP50"}, 0.7),
    ("training_best", {"split": "val", "metric": "bbox/AP"}, 0.412),
    ("training_learning_rate", {"group": ""}, 2.5e-4),
)


def test_a_run_is_told_by_its_present_figures() -> None:
    assert run_context(RUNNING, "r", NOW_MS, Logs()) == RunContext(
        run="r",
        facts=(
            ("iteration", "12,000 of 40,000"),
            ("ETA", "3 h 20 min"),
            ("loss", "0.523"),
            ("validation loss", "0.61"),
            ("best bbox/AP", "0.412"),
            ("learning rate", "0.00025"),
        ),
        curve=(0.523,),
    )


def test_what_is_old_or_ended_is_not_told() -> None:
    assert run_context(RUNNING, "r", NOW_MS + 300_000, None).facts == ()
    ended = store(("training_iteration", {}, 5.0), at_ms=NOW_MS - 5000)
    add(ended, "training_iteration", NOW_MS, STALE)
    assert run_context(ended, "r", NOW_MS, None).facts == ()


def test_another_run_has_nothing_of_it() -> None:
    assert run_context(RUNNING, "other", NOW_MS, Logs()) == RunContext(run="other")


def test_a_failed_run_has_no_eta_and_shows_the_end_of_its_log() -> None:
    failed = store(
        ("training_epoch", {}, 3.0),
        ("training_epochs_planned", {}, 90.0),
        ("training_eta_seconds", {}, 100.0),
        ("training_run_state", {"state": "failed"}, 1.0),
        ("training_loss", {"split": "train", "component": "total"}, math.nan),
    )
    context = run_context(failed, "r", NOW_MS, Logs())
    assert context.facts == (("epoch", "3 of 90"), ("loss", "NaN"))
    assert context.last_lines == ("the last line of r",)
    assert run_context(failed, "r", NOW_MS, None).last_lines == ()


def test_the_curve_is_the_finite_loss_of_the_last_hours_in_sixty_points() -> None:
    long = store()
    for index in range(2 * CURVE_MS // 60_000):
        add(
            long,
            "training_loss",
            NOW_MS - 2 * CURVE_MS + index * 60_000,
            float(index),
            split="train",
            component="total",
        )
    add(long, "training_loss", NOW_MS, math.nan, split="train", component="total")
    curve = run_context(long, "r", NOW_MS, None).curve
    assert len(curve) == 60
    assert 360 < curve[0] < 366
    assert list(curve) == sorted(curve)


def test_the_smoothed_loss_is_the_curve_where_there_is_one() -> None:
    both = store(("training_loss_smoothed", {"split": "train"}, 1.0), *[("training_loss", {"split": "train"}, 2.0)])
    assert run_context(both, "r", NOW_MS, None).curve == (1.0,)


def test_a_notification_gets_every_run_that_it_names_once() -> None:
    asked: list[str] = []

    def context(run: str) -> RunContext:
        asked.append(run)
        return RunContext(run=run)

    first = notification(alert("A", run="x"), alert("B", run="y"), alert("C"), resolved=(alert("D", run="x"),))
    second = notification(alert("E", run="y"), group="{2}")
    entry = LogEntry(group_key=first.group_key, receiver="slack", group_labels=(), firing=(), at=0.0)
    decisions = [Decision(entry=entry, notification=item) for item in (first, second, None)]
    attached = [item.notification for item in attach(decisions, context, "http://box/")]
    assert [None if item is None else [run.run for run in item.runs] for item in attached] == [["x", "y"], ["y"], None]
    assert asked == ["x", "y"]
    assert {item.external_url for item in attached if item} == {"http://box/"}
