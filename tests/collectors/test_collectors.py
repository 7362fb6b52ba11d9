"""The snapshot as metrics: every row of the catalog, in both exposition formats, as real tools read them."""

from __future__ import annotations

import logging
import math
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter import catalog
from exporter.collectors import Collector, Reading, discover, make_registry
from exporter.model import (
    ERROR_KINDS,
    THRESHOLDS,
    Budget,
    ColumnKey,
    Event,
    EventKind,
    Health,
    LineCounts,
    LogHealth,
    Quantity,
    ReceiverHealth,
    RuleGroupHealth,
    Run,
    RunName,
    RunState,
    RunStatus,
    Snapshot,
    SourcePath,
    Target,
)
from exporter.runs import present
from tests.runs.told import AP, ETA, SECONDS, TRAIN, VAL, event, live, rows, told

NAN = float("nan")
LOGGED = (
    ColumnKey(Quantity.LEARNING_RATE),
    ColumnKey(Quantity.DATA_SECONDS),
    ColumnKey(Quantity.EPOCH),
    ColumnKey(Quantity.EPOCHS_PLANNED),
    ColumnKey(Quantity.GPU_MEMORY_PEAK_BYTES),
    ColumnKey(Quantity.GRADIENT_NORM),
    ColumnKey(Quantity.LOSS_SCALE),
    ColumnKey(Quantity.SAMPLES_PER_SECOND),
    ColumnKey(Quantity.TOKENS_PER_SECOND),
    ColumnKey(Quantity.MFU_RATIO),
    ColumnKey(Quantity.SCALAR, "train", "rpn/num_pos_anchors"),
    ColumnKey(Quantity.SCALAR, "val", "rpn/num_pos_anchors"),
)


def rich_state() -> RunState:
    """A run that logged everything, met every error, and ended."""
    count = 400
    losses = [1.0 + 3.0 / (1 + row) for row in range(count - 1)]
    columns = {key: [0.5] * count for key in (*LOGGED, AP, SECONDS, ETA)}
    errors: list[Event] = [event(kind, at=2000.0) for kind in ERROR_KINDS]
    return told(
        event(EventKind.PLANNED, 500),
        rows(range(count), {TRAIN: [*losses, NAN], VAL: [*losses, 1.0], **columns}),
        *errors,
        event(EventKind.STARTED, 400),
        rows([400, 401], {TRAIN: [1.0, NAN], **{key: [0.5, 0.5] for key in columns}}),
        rows(range(402, 802), {TRAIN: [*losses, NAN], VAL: [*losses, 1.0]}),
        event(EventKind.FINISHED),
        chunk=live(2100.0),
    )


def rich_run() -> Run:
    return Run(
        name=RunName('mask "rcnn"\\7'),
        format="detectron2",
        paths=(SourcePath("/logs/ünï\ncode/log.txt"), SourcePath("/logs/metrics.json")),
        labels=(("team", "vision"),),
        gpus=("GPU-1", "GPU-2"),
        targets=(Target(split="val", metric="bbox/AP", value=0.9),),
        budget=Budget(seconds=3600.0, gpu_seconds=7200.0, joules=1e6, cost=100.0),
        thresholds=(("overfitting_evaluations", 30.0),),
        cost_per_gpu_hour=2.5,
        energy_joules=5e5,
        gpu_seconds=7200.0,
        state=present(rich_state(), 3000.0),
        logs=(
            LogHealth(path=SourcePath("/logs/a"), bytes_read=10, lines=LineCounts(parsed=5, ignored=1, unparsed=2)),
            LogHealth(path=SourcePath("/logs/b"), readable=False, lag_bytes=7, rotations=1),
        ),
    )


def rich_snapshot() -> Snapshot:
    health = Health(
        version="1.0",
        python_version="3.11.2",
        external_url="http://host:9936",
        rule_groups=(RuleGroupHealth(group="stop", evaluations=9, failures=1),),
        receivers=(ReceiverHealth(receiver="slack", delivered=1, rejected=2, last_failure_at=5.0),),
    )
    blind = Run(name=RunName("blind"), format="", paths=())
    return Snapshot(at=3000.0, runs=(rich_run(), alive(), blind), health=health)


def alive(status: RunStatus = RunStatus.RUNNING) -> Run:
    return replace(rich_run(), name=RunName("alive"), state=replace(rich_state(), status=status))


def registry(snapshot: Snapshot, *extra: Collector) -> CollectorRegistry:
    return make_registry(lambda: snapshot, (*discover(), *extra))


def sample(snapshot: Snapshot, metric: catalog.Metric, **labels: str) -> float | None:
    return registry(snapshot).get_sample_value(metric.name, labels)


def test_every_metric_of_runs_logs_and_this_program_is_yielded() -> None:
    families = {family.name for family in registry(rich_snapshot()).collect()}
    wanted = {metric.name for metric in catalog.METRICS if not metric.name.startswith("gpu_")}
    assert wanted - {name + suffix for name in families for suffix in ("", "_total")} == set()


@pytest.mark.parametrize(
    ("status", "value"),
    [(RunStatus.RUNNING, 1.0), (RunStatus.FAILED, 1.0), (RunStatus.FINISHED, None), (RunStatus.UNKNOWN, None)],
)
def test_a_run_that_is_over_uses_no_device(status: RunStatus, value: float | None) -> None:
    run = alive(status)
    assert sample(Snapshot(at=2999.0, runs=(run,)), catalog.RUN_GPU, run="alive", uuid=run.gpus[0]) == value


@pytest.mark.parametrize(("ended_at", "value"), [(2101.0, 1.0), (2100.0, None), (None, None)])
def test_a_run_that_failed_holds_its_device_for_a_quarter_of_an_hour(
    ended_at: float | None, value: float | None
) -> None:
    run = alive(RunStatus.FAILED)
    assert run.state is not None
    run = replace(run, state=replace(run.state, ended_at=ended_at))
    assert sample(Snapshot(at=3000.0, runs=(run,)), catalog.RUN_GPU, run="alive", uuid=run.gpus[0]) == value


def test_every_metric_has_a_help_text_and_a_name_of_its_own() -> None:
    assert all(len(metric.help) > 10 and metric.help.endswith(".") for metric in catalog.METRICS)
    assert len({metric.name for metric in catalog.METRICS}) == len(catalog.METRICS)


def test_no_series_is_there_twice() -> None:
    for family in registry(rich_snapshot()).collect():
        series = [(found.name, *sorted(found.labels.items())) for found in family.samples]
        assert len(series) == len(set(series)), family.name


@pytest.mark.parametrize(
    ("generate", "parse"),
    [
        pytest.param(generate_latest, parse_text, id="text"),
        pytest.param(generate_openmetrics, parse_openmetrics, id="openmetrics"),
    ],
)
def test_the_exposition_reads_back_as_it_was(generate: object, parse: object) -> None:
    assert callable(generate)
    assert callable(parse)
    collected = registry(rich_snapshot())
    text = generate(collected).decode()
    assert "_created" not in text
    back = {(s.name, *sorted(s.labels.items())): s.value for family in parse(text) for s in family.samples}
    for family in collected.collect():
        for found in family.samples:
            value = back.pop((found.name, *sorted(found.labels.items())))
            duration = found.name == catalog.COLLECTOR_DURATION.name
            assert duration or value == found.value or (math.isnan(value) and math.isnan(found.value))
    assert back == {}


@pytest.mark.real("promtool")
def test_promtool_finds_nothing_to_complain_of() -> None:
    text = generate_latest(registry(rich_snapshot()))
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_a_run_has_one_state_of_four() -> None:
    snapshot = rich_snapshot()
    name = snapshot.runs[0].name
    states = {s: sample(snapshot, catalog.RUN_STATE, run=name, state=s.value) for s in RunStatus}
    assert states == {s: float(s is RunStatus.FINISHED) for s in RunStatus}
    assert sample(snapshot, catalog.RUN_STATE, run="blind", state="unknown") == 1.0


def test_a_run_of_which_nothing_was_read_has_no_values() -> None:
    snapshot = Snapshot(at=0, runs=(Run(name=RunName("blind"), format="", paths=()),))
    found = {
        s.name for family in registry(snapshot).collect() for s in family.samples if s.name.startswith("training_")
    }
    wanted = {catalog.RUN_INFO, catalog.RUN_STATE, catalog.THRESHOLD}
    assert {n for n in found if not n.startswith("training_exporter_")} == {metric.name for metric in wanted}


def test_the_users_labels_are_on_the_info_alone() -> None:
    labelled = {
        family.name
        for family in registry(rich_snapshot()).collect()
        if any("team" in found.labels for found in family.samples)
    }
    assert labelled == {"training_run_info"}


def test_a_label_of_the_user_cannot_replace_one_of_ours() -> None:
    run = replace(rich_run(), labels=(("run", "other"),))
    assert (
        sample(Snapshot(at=0, runs=(run,)), catalog.RUN_INFO, run=run.name, format=run.format, path=run.paths[0]) == 1
    )


def test_cost_is_of_the_device_time_and_there_is_none_without_a_device() -> None:
    snapshot = rich_snapshot()
    run = snapshot.runs[0].name
    assert sample(snapshot, catalog.GPU_SECONDS, run=run) == 7200
    assert sample(snapshot, catalog.COST, run=run) == 5.0
    without = replace(snapshot, runs=(replace(snapshot.runs[0], gpu_seconds=None),))
    assert sample(without, catalog.GPU_SECONDS, run=run) is None
    assert sample(without, catalog.COST, run=run) is None


def test_a_threshold_is_the_users_or_the_default() -> None:
    snapshot = rich_snapshot()
    values = {t.name: sample(snapshot, catalog.THRESHOLD, run=snapshot.runs[0].name, name=t.name) for t in THRESHOLDS}
    assert values == {t.name: 30.0 if t.name == "overfitting_evaluations" else t.default for t in THRESHOLDS}


def broken(snapshot: Snapshot) -> Iterator[Reading]:
    yield Reading(catalog.GPU_LOST, ("0", "GPU-1"), 0.0)
    raise RuntimeError(f"no reading at {snapshot.at}")


def misshapen(snapshot: Snapshot) -> Iterator[Reading]:
    yield Reading(catalog.GPU_LOST, ("only one label",), snapshot.at)


@pytest.mark.parametrize("collect", [broken, misshapen])
def test_a_collector_that_fails_publishes_nothing_but_its_failure(collect: partial[Iterator[Reading]]) -> None:
    found = registry(rich_snapshot(), Collector(name="broken", collect=collect))
    names = {family.name for family in found.collect()}
    assert catalog.GPU_LOST.name not in names
    assert catalog.ITERATION.name in names
    assert found.get_sample_value(catalog.COLLECTOR_SUCCESS.name, {"collector": "broken"}) == 0
    assert found.get_sample_value(catalog.COLLECTOR_SUCCESS.name, {"collector": "training"}) == 1


def test_a_failure_is_logged_when_it_begins_and_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    weather = iter([True, False, False, True, True])

    def flaky(snapshot: Snapshot) -> Iterator[Reading]:
        if not next(weather):
            raise RuntimeError("storm")
        yield Reading(catalog.GPU_LOST, ("0", "GPU-1"), snapshot.at)

    caplog.set_level(logging.INFO)
    found = make_registry(rich_snapshot, [Collector(name="flaky", collect=flaky)])
    seen = []
    for _ in range(5):
        list(found.collect())
        seen.append(len(caplog.records))
    assert seen == [0, 1, 1, 2, 2]


def test_the_collectors_are_those_of_the_folder() -> None:
    assert {"training", "exporter"} <= {collector.name for collector in discover()}
