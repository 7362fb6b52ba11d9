"""`inspect`: what it makes of a file, in the frozen shape of its JSON."""

from __future__ import annotations

import json
from pathlib import Path

from exporter.clock import SystemClock
from tests.support.daemon import run_command
from tests.support.training_logs import (
    DARKNET_OUT_OF_MEMORY,
    DARKNET_START,
    darknet,
    detectron2,
    detectron2_json,
    detectron2_start,
    write,
)


def test_one_file_is_an_object_of_the_frozen_shape(tmp_path: Path) -> None:
    log, now = tmp_path / "resnet" / "log.txt", SystemClock().now()
    write(log, [detectron2_start(now), detectron2(19, now), "a word", detectron2(39, now, loss=float("nan"))])
    write(log, [f"{detectron2(59, now)[:60]} iter: x"])
    result = run_command("inspect", str(log), "--json")
    assert result.returncode == 0
    assert result.stderr.startswith(f"{log}:5: cannot be read: ")
    found = json.loads(result.stdout)
    metrics = found.pop("metrics")
    assert found == {
        "path": str(log),
        "format": "detectron2",
        "run": "resnet",
        "lines": {"total": 5, "parsed": 2, "ignored": 2, "unparsed": 1},
        "state": "unknown",
        "iteration": 39,
        "restarts": 0,
        "errors": {},
        "nonfinite": 2,
    }
    assert metrics['training_loss{component="total",split="train"}'] == "NaN"
    assert metrics['training_learning_rate{group=""}'] == 0.004
    assert metrics["training_iterations_total"] == 39
    assert not [name for name in metrics if "run=" in name]
    for name in metrics:
        labels = [pair.partition("=")[0] for pair in name.partition("{")[2].rstrip("}").split(",")]
        assert labels == sorted(labels)


def test_several_files_are_a_list_and_stay_apart(tmp_path: Path) -> None:
    text, records, fire = tmp_path / "log.txt", tmp_path / "metrics.json", tmp_path / "fire.log"
    write(text, [detectron2(19, SystemClock().now(), loss=float("inf"))])
    write(records, [detectron2_json(39, loss=float("-inf"))])
    write(fire, [DARKNET_START, darknet(1), *DARKNET_OUT_OF_MEMORY])
    found = json.loads(run_command("inspect", "--json", str(text), str(records), str(fire)).stdout)
    assert [item["path"] for item in found] == [str(text), str(records), str(fire)]
    assert [item["format"] for item in found] == ["detectron2", "detectron2", "darknet"]
    assert [item["iteration"] for item in found] == [19, 39, 1]
    losses = [item["metrics"]['training_loss{component="total",split="train"}'] for item in found]
    assert losses == ["+Inf", "-Inf", 1.5]
    assert found[2]["state"] == "failed"
    assert found[2]["errors"] == {"oom": 1, "killed": 1}


def test_the_table_says_the_same(tmp_path: Path) -> None:
    log = tmp_path / "fire.log"
    write(log, [DARKNET_START, darknet(1), "something else"])
    table = run_command("inspect", str(log)).stdout
    assert table.startswith(f"{log}\n  format     darknet\n  run        fire\n  lines      3: 1 with values, 2 without")
    assert '1.5  training_loss{component="total",split="train"}' in table


def test_a_file_of_no_known_format_and_an_empty_folder_are_said_so(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing of a training\n")
    (tmp_path / "empty").mkdir()
    notes = run_command("inspect", str(tmp_path / "notes.txt"))
    assert (notes.returncode, "not recognised" in notes.stdout) == (0, True)
    both = run_command("inspect", str(tmp_path / "empty"), str(tmp_path / "notes.txt"), "--json")
    assert both.returncode == 2
    assert both.stderr.startswith(f"training-exporter: {tmp_path}/empty: the folder holds no log yet")
    assert json.loads(both.stdout)["format"] is None
