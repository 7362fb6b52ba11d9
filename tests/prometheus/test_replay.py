"""The demo's ten minutes, and a failure after them, scraped and replayed: the rules that ship, with their true waiting
times, fire at the same times and with the same words on the embedded evaluator as in promtool."""

from __future__ import annotations

import io
import json
import math
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
import yaml

from alerts.model import Labels
from alerts.ruletest import run_test_files
from alerts.scrape import Scraper, Target
from alerts.store import METRIC_NAME, is_stale
from exporter.app._demo_script import LENGTH_S, SCENES, DemoTraining
from exporter.app._pipeline import Pipeline
from exporter.checkpoints import Checkpoints
from exporter.collectors import discover, make_registry
from exporter.config import RunConfig
from exporter.formats import discover_formats
from exporter.gpu import Sampler
from exporter.gpu.simulated import SimulatedGpus
from exporter.model import Budget
from tests.support.training_logs import detectron2_out_of_memory

RULES: Final = sorted((Path(__file__).parents[2] / "alerts" / "rules").glob("*.yml"))
STARTED_AT: Final = 60
"""Promtool's clock begins in 1970 too."""
ENDED_AT: Final = STARTED_AT + int(LENGTH_S) + 60
SCRAPE_S, PHASE_S, EVALUATION_S = 5, 3, 15
"""No sample lies on the edge of a window, which Prometheus 2 counts in and Prometheus 3 does not."""

FIRES: Final = {
    "TrainingPlateaued",
    "TrainingCannotReachTarget",
    "TrainingBudgetWillBeExceeded",
    "TrainingBudgetExceeded",
    "TrainingFailed",
    "GpuMemoryCritical",
    "GpuOutOfMemory",
}

# Matches the `TrainingPlateaued` of `        alertname: TrainingPlateaued, time: 7m15s, `, where something fired.
FIRED: Final = re.compile(r"^    alertname: (\w+), time: ", re.MULTILINE)


class PlayedClock:
    """Time that passes when the play says so."""

    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


def play(log: Path) -> Iterator[tuple[int, Labels, float]]:
    """Each sample of each scrape: seconds, labels, value."""
    clock, checkpoints = PlayedClock(STARTED_AT), Checkpoints(None)
    sampler = Sampler(SimulatedGpus(SCENES, started_at=STARTED_AT), clock)
    pipeline = Pipeline(
        (RunConfig(log=str(log), run="demo", targets=(("loss", 0.1),), budget=Budget(seconds=400)),),
        formats=discover_formats(),
        checkpoints=checkpoints,
        sampler=sampler,
        health=lambda health: replace(health, external_url="http://gpu1:9936"),
        now=STARTED_AT,
    )
    registry = make_registry(lambda: pipeline.snapshot, discover())
    scraper = Scraper(registry.collect, Target(job="training-exporter", instance="gpu1:9936"), clock.monotonic)
    lines = list(DemoTraining(STARTED_AT).lines())
    lines += [(LENGTH_S + 10, line) for line in detectron2_out_of_memory(STARTED_AT + LENGTH_S + 10)]
    with closing(checkpoints), log.open("w") as file:
        for now in range(STARTED_AT, ENDED_AT):
            clock.at = now
            while lines and STARTED_AT + lines[0][0] <= now:
                file.write(f"{lines.pop(0)[1]}\n")
            file.flush()
            os.utime(log, (now, now))
            sampler.tick()
            pipeline.step(now)
            if now % SCRAPE_S == PHASE_S:
                yield from ((now, sample.labels, sample.value) for sample in scraper.scrape(now * 1000).samples)


def series(labels: Labels) -> str:
    """As promtool's test files name it."""
    pairs = dict(labels)
    name = pairs.pop(METRIC_NAME)
    return f"{name}{{{','.join(f'{label}={json.dumps(value)}' for label, value in pairs.items())}}}"


def notation(samples: list[tuple[int, float]]) -> str:
    """One item a second: a value, or how many seconds there is none."""
    items, written = [], -1
    for at, value in samples:
        items += [f"_x{at - written - 1}"] if at - written > 1 else []
        items.append("stale" if is_stale(value) else "NaN" if math.isnan(value) else repr(value))
        written = at
    return " ".join(items)


def write_replay(folder: Path) -> Path:
    """A test file that expects nothing at any time, so that whatever fires is shown."""
    recorded: dict[Labels, list[tuple[int, float]]] = {}
    for at, labels, value in play(folder / "log.txt"):
        recorded.setdefault(labels, []).append((at, value))
    groups = (group for file in RULES for group in yaml.safe_load(file.read_text())["groups"])
    names = [rule["alert"] for group in groups for rule in group["rules"]]
    test = {
        "interval": "1s",
        "input_series": [
            {"series": series(labels), "values": notation(samples)} for labels, samples in recorded.items()
        ],
        "alert_rule_test": [
            {"eval_time": f"{at}s", "alertname": name, "exp_alerts": []}
            for at in range(0, ENDED_AT, EVALUATION_S)
            for name in names
        ],
    }
    file = folder / "replay.yml"
    rule_files = list(map(str, RULES))
    file.write_text(json.dumps({"rule_files": rule_files, "evaluation_interval": f"{EVALUATION_S}s", "tests": [test]}))
    return file


@pytest.mark.real("promtool")
def test_the_demo_fires_the_same_on_both_engines(tmp_path: Path) -> None:
    replay = write_replay(tmp_path)
    promtool = subprocess.run(
        ["promtool", "test", "rules", replay],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    out = io.StringIO()
    run_test_files([replay], out)
    assert out.getvalue() == promtool.stdout
    assert set(FIRED.findall(promtool.stdout)) == FIRES
