"""Real Detectron2 and Darknet logs: what a person reads in them, and counts by other means than the parsers'."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exporter.tail import Framer
from tests.formats.told import Fact, rows, told

pytestmark = pytest.mark.shared

BLOCK = 1 << 16


def frames_of(path: Path) -> list[bytes]:
    framer = Framer()
    data = path.read_bytes()
    frames = [frame for at in range(0, len(data), BLOCK) for frame in framer.push(data[at : at + BLOCK])]
    return [*frames, framer.close()] if framer.is_open else frames


def facts_of(path: Path) -> list[Fact]:
    """In chunks of a few thousand lines, as a tail hands them over."""
    frames = frames_of(path)
    return told(frames, range(0, len(frames), 3000))


def paths(shared: Path, *patterns: str) -> Iterable[Path]:
    found = [path for pattern in patterns for path in sorted((shared / "logs/real").glob(pattern))]
    assert found
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a person reads in a log."""

    events: dict[str, int] = field(default_factory=dict)
    """How often: starts, ends, errors, checkpoints, evaluations; not plans."""
    steps_back: int = 0
    nonfinite: int = 0
    last: tuple[str | None, int | None] = (None, None)
    """Kind and line of the last start, end or error."""
    values: dict[str, float] = field(default_factory=dict)
    """Last ones."""
    iteration: int


EXPECTED = {
    "A_detectron2/dw_research_many_restarts_log.txt": Read(
        events={"started": 18, "exception_raised": 16, "traceback": 18, "finished": 18},
        last=("finished", 24554),
        iteration=59,
        values={"loss:train:total": 0.8102, "gpu_memory_peak_bytes": 1299 * 2**20, "eta_seconds": 4 * 3600 + 254.0},
    ),
    "A_detectron2/dw_research_mrcn_log.txt": Read(
        events={"started": 2, "exception_raised": 1, "traceback": 1, "finished": 2},
        steps_back=1,
        last=("finished", 3802),
        iteration=119,
        values={"loss:train:total": 0.887, "learning_rate": 0.0023976, "iteration_seconds": 0.224},
    ),
    "A_detectron2/mgm_mask2former_log.txt": Read(
        events={"started": 3, "finished": 3, "checkpoint_saved": 2, "evaluated": 2},
        steps_back=2,
        last=("finished", 4618),
        iteration=3999,
        values={"score:val:segm/AP": 0.651157, "score:val:segm/APl": 0.722168, "score:val:bbox/AP": 0.0},
    ),
    "A_detectron2/mgm_training_log.txt": Read(
        events={
            "started": 12,
            "exception_raised": 9,
            "traceback": 9,
            "oom": 3,
            "finished": 12,
            "checkpoint_saved": 1,
        },
        steps_back=3,
        last=("finished", 23402),
        iteration=4999,
        values={"loss:train:total": 1.013, "eta_seconds": 1289.0},
    ),
    "A_detectron2/nyu_final_log.txt": Read(
        events={"started": 4, "checkpoint_saved": 47, "evaluated": 47},
        last=("started", 8973),
        iteration=32879,
        values={
            "loss:train:total": 0.2481,
            "loss:train:loss_rpn_loc": 0.01897,
            "learning_rate": 0.004,
            "data_seconds": 0.0634,
            "eta_seconds": 14 * 3600 + 47 * 60 + 28.0,
            "gpu_memory_peak_bytes": 11814 * 2**20,
            "score:val:bbox/AP": 0.059854,
        },
    ),
    "A_detectron2/nyu_semi_to_sup_log.txt": Read(
        events={"started": 1, "checkpoint_saved": 1, "evaluated": 1},
        last=("started", 760),
        iteration=999,
        values={"loss:train:total": 0.1415, "score:val:bbox/AP50": 0.427338},
    ),
    "A_detectron2/nyu_semisup_lr0.008_log.txt": Read(
        events={"checkpoint_saved": 125, "evaluated": 66},
        steps_back=1,
        iteration=129759,
        values={"loss:train:total": 0.1981, "loss:train:loss_rpn_loc_pseudo": 0.005899, "score:val:bbox/AP": 0.239464},
    ),
    "A_detectron2/nyu_sup_lr0.004_warmup_log.txt": Read(
        events={"started": 4, "checkpoint_saved": 56, "evaluated": 56},
        last=("started", 8973),
        iteration=41999,
        values={"loss:train:total": 0.2228, "score:val:bbox/APl": 0.090269},
    ),
    "A_detectron2/nyu_sup_lr0.010_log.txt": Read(
        events={"started": 1, "checkpoint_saved": 57, "evaluated": 57},
        last=("started", 827),
        iteration=56979,
        values={"loss:train:total": 0.1504, "score:val:bbox/AP": 0.14326, "score:val:bbox/AP-starfish": 0.15974},
    ),
    "A_detectron2/kevindic_metrics.json": Read(
        events={"finished": 1},
        last=("finished", 16),
        iteration=299,
        values={"loss:train:total": 0.3522665523341857, "scalar:rpn/num_pos_anchors": 9.75, "eta_seconds": 0.0},
    ),
    "A_detectron2/mgm_mask2former_metrics.json": Read(
        events={"finished": 2, "evaluated": 2},
        steps_back=2,
        last=("finished", 327),
        iteration=4000,
        values={"score:val:segm/AP": 0.6511574610396931, "score:val:bbox/AP": 0.0},
    ),
    "A_detectron2/mgm_training_metrics.json": Read(
        steps_back=3, iteration=4999, values={"loss:train:total": 1.0128778619109653}
    ),
    "A_detectron2/nyu_metrics.json": Read(
        # Three of them by one iteration only, within what was written at a kill: the iteration that was not complete
        # comes before the last complete one. As logged they are steps back.
        events={"evaluated": 76},
        steps_back=9,
        iteration=20059,
        values={"loss:train:total": 0.19467343981765833},
    ),
    "A_detectron2/nyu_semisup_metrics.json": Read(
        events={"evaluated": 9}, iteration=34839, values={"loss:train:total": 0.27103402218320605}
    ),
    "B_darknet/afletcher_yolo_train.log": Read(
        events={"started": 1},
        last=("started", 2),
        iteration=6000,
        values={
            "loss:train:total": 0.752329,
            "loss:train:batch": 0.121626,
            "score:train:IoU/94": 0.833717,
            "score:train:IoU/82": 0.670189,
            "scalar:images": 6000.0,
        },
    ),
    "B_darknet/dstaroff_yolov4_map_log.txt": Read(
        events={"started": 1, "evaluated": 91},
        last=("started", 10),
        iteration=10007,
        values={
            "loss:train:total": 1.818007,
            "score:val:mAP@0.50": 0.446338,
            "score:val:AP/smoke": 0.4047,
            "eta_seconds": 80.336352 * 3600,
        },
    ),
    "B_darknet/idolphint_yolov3_excerpt.txt": Read(iteration=48101, values={"loss:train:total": 0.285852}),
    "B_darknet/mask_yolov3_notebook_stdout.txt": Read(
        events={"checkpoint_saved": 1}, iteration=2604, values={"loss:train:total": 1.184375, "learning_rate": 0.0001}
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_log_says_what_a_person_reads_in_it(name: str, shared: Path) -> None:
    expected = EXPECTED[name]
    facts = facts_of(shared / "logs/real" / name)
    kinds = [(fact["event"], fact["line"]) for fact in facts if "event" in fact]
    assert Counter(kind for kind, _ in kinds if kind != "planned") == expected.events
    passing = ("planned", "checkpoint_saved", "evaluated")
    assert next((each for each in reversed(kinds) if each[0] not in passing), (None, None)) == expected.last
    logged = [fact["iteration"] for fact in rows(facts)]
    assert sum(later < sooner for sooner, later in itertools.pairwise(logged)) == expected.steps_back
    losses = [value for fact in rows(facts) for key, value in fact["values"].items() if key.startswith("loss:")]
    assert sum(isinstance(value, str) for value in losses) == expected.nonfinite
    assert rows(facts)[-1]["iteration"] == expected.iteration
    last = {key: value for fact in rows(facts) for key, value in fact["values"].items()}
    assert {key: last[key] for key in expected.values} == pytest.approx(expected.values, rel=1e-9)


def test_every_log_has_an_expectation(shared: Path) -> None:
    found = {f"{path.parent.name}/{path.name}" for path in paths(shared, "A_detectron2/*", "B_darknet/*")}
    assert found == set(EXPECTED)


def test_nothing_is_unparsed(shared: Path) -> None:
    for path in paths(shared, "A_detectron2/*", "B_darknet/*"):
        counts = facts_of(path)[-1]
        assert (counts["unparsed"], counts["format"].split("_")[0]) == (0, path.parent.name.split("_")[1]), path.name


def test_detectron2s_lines_are_all_read(shared: Path) -> None:
    for path in paths(shared, "A_detectron2/*log.txt"):
        lines = path.read_text("utf-8", "replace").split("\n")
        metric = [line for line in lines if "d2.utils.events" in line]
        values = [line for line in lines if re.search(r"copypaste: (?:\d|nan)", line)]
        categories = [
            line
            for line in lines
            if line[:2] == "| " and line[2].isalpha() and line.count("|") % 2 and re.search(r"\| \d+\.\d{3} ", line)
        ]
        assert facts_of(path)[-1]["parsed"] == len(metric) + len(values) + len(categories), path.name
        logged = [fact["iteration"] for fact in rows(facts_of(path)) if "loss:train:total" in fact["values"]]
        assert logged == [int(line.split("iter: ")[1].split()[0]) for line in metric if "total_loss" in line]


def test_metrics_json_is_read_as_pythons_decoder_reads_it(shared: Path) -> None:
    for path in paths(shared, "A_detectron2/*metrics.json"):
        objects = [json.loads(line) for line in path.read_text().splitlines()]
        facts = rows(facts_of(path))
        assert len(facts) == len(objects)
        for fact, values in zip(facts, objects, strict=True):
            known = {key: value for key, value in values.items() if key != "iteration" and not math.isnan(value)}
            assert len(fact["values"]) == len(known)
            assert math.fsum(fact["values"].values()) == pytest.approx(
                math.fsum(value / 100 if re.search(r"/AP", key) else value for key, value in known.items()), rel=1e-9
            )


def test_darknets_lines_are_all_read(shared: Path) -> None:
    for path in paths(shared, "B_darknet/*"):
        lines = path.read_text("utf-8", "replace").replace("\r", "\n").split("\n")
        iterations = [line for line in lines if " avg" in line and " rate, " in line]
        regions = sum("Region" in line for line in lines)
        scores = sum(line.startswith(("class_id", " for conf_thresh", " mean average")) for line in lines)
        facts = facts_of(path)
        assert facts[-1]["parsed"] == len(iterations) + regions + scores, path.name
        averages = [float(line.split(" avg")[0].rpartition(" ")[2]) for line in iterations]
        losses = [fact["values"].get("loss:train:total") for fact in rows(facts)]
        assert [loss for loss in losses if loss is not None] == averages
