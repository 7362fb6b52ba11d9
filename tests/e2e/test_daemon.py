"""The installed program on logs that are written while it runs: what it serves equals what the logs say."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import requests
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from exporter.clock import SystemClock
from tests.support.daemon import DaemonProcess
from tests.support.training_logs import (
    DARKNET_START,
    STEP,
    darknet,
    detectron2,
    detectron2_json,
    detectron2_start,
    write,
)
from tests.support.waiting import until

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def rows(first: int, last: int) -> list[str]:
    """Rows of Detectron2 from now, by iteration, both ends included; the loss is the iteration in thousandths."""
    now = SystemClock().now()
    return [detectron2(each, now, loss=each / 1000) for each in range(first, last + 1, STEP)]


def daemon(folder: Path, *args: str, env: Mapping[str, str] | None = None) -> DaemonProcess:
    """Follows, with a state of its own and without devices."""
    return DaemonProcess(folder / "daemon", "--state", str(folder / "state"), "--no-gpu", *args, env=env)


def reads(process: DaemonProcess, run: str, iteration: float) -> dict[str, float]:
    """The metrics once the run is at this iteration."""

    def arrived() -> dict[str, float] | None:
        metrics = process.metrics()
        return metrics if metrics.get(f'training_iteration{{run="{run}"}}') == iteration else None

    return until(arrived, why=process.output)


def lint(metrics: str) -> None:
    """What promtool says of an exposition in the text format."""
    result = subprocess.run(
        ["promtool", "check", "metrics"], input=metrics, capture_output=True, text=True, check=False, timeout=30
    )
    assert (result.returncode, result.stderr) == (0, "")


def openmetrics(text: str) -> dict[str, float]:
    """The first sample of each family, by a strict parser: promtool reads the text format only."""
    families = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    return {family.name: family.samples[0].value for family in families if family.samples}


def test_detectron2_lines_are_metrics_as_they_are_written(tmp_path: Path) -> None:
    log = tmp_path / "bananas" / "log.txt"
    write(log, [detectron2_start(SystemClock().now()), *rows(19, 99)])
    with daemon(tmp_path, str(log)) as process:
        before = reads(process, "bananas", 99)
        assert before['training_loss{component="total",run="bananas",split="train"}'] == 0.099
        assert before['training_loss{component="loss_cls",run="bananas",split="train"}'] == 0.0495
        assert before['training_gpu_memory_peak_bytes{run="bananas"}'] == 3088 * 2**20
        assert before['training_eta_seconds{run="bananas"}'] == 90_000 - 99
        assert before['training_iterations_total{run="bananas"}'] == 99
        assert before['training_run_state{run="bananas",state="running"}'] == 1
        write(log, rows(119, 139))
        after = reads(process, "bananas", 139)
        assert after['training_loss{component="total",run="bananas",split="train"}'] == 0.139
        assert after['training_iterations_total{run="bananas"}'] == 139
        assert after['training_exporter_log_lines_total{result="parsed",run="bananas"}'] == 7


def test_darknet_lines_are_metrics_as_they_are_written(tmp_path: Path) -> None:
    log = tmp_path / "fires.log"
    write(log, [DARKNET_START, *(darknet(each, loss=each / 8) for each in range(1, 11))])
    with daemon(tmp_path, str(log)) as process:
        before = reads(process, "fires", 10)
        assert before['training_loss{component="total",run="fires",split="train"}'] == 1.25
        assert before['training_iteration_seconds{run="fires"}'] == 2.013
        write(log, [darknet(11, loss=0.5)])
        after = reads(process, "fires", 11)
        assert after['training_loss{component="total",run="fires",split="train"}'] == 0.5
        assert after['training_run_state{run="fires",state="running"}'] == 1


@pytest.mark.shared
@pytest.mark.real("promtool")
def test_a_real_log_gives_its_last_values_and_lints_clean(shared: Path, tmp_path: Path) -> None:
    log = shared / "logs" / "real" / "A_detectron2" / "nyu_final_log.txt"
    last = [line for line in log.read_text().splitlines() if " iter: " in line][-1]
    logged = dict(re.findall(r"(\w+): ([\d.]+)M?(?=  |$)", last))
    with daemon(tmp_path, "--run", "nyu", str(log)) as process:
        metrics = reads(process, "nyu", float(logged["iter"]))
        for name in ("loss_cls", "loss_box_reg", "loss_rpn_cls", "loss_rpn_loc"):
            assert metrics[f'training_loss{{component="{name}",run="nyu",split="train"}}'] == float(logged[name])
        assert metrics['training_loss{component="total",run="nyu",split="train"}'] == float(logged["total_loss"])
        assert metrics['training_learning_rate{group="",run="nyu"}'] == float(logged["lr"])
        assert metrics['training_iteration_seconds{run="nyu"}'] == float(logged["time"])
        assert metrics['training_data_seconds{run="nyu"}'] == float(logged["data_time"])
        assert metrics['training_gpu_memory_peak_bytes{run="nyu"}'] == float(logged["max_mem"]) * 2**20
        lint(process.get("/metrics")[1])
        assert (
            openmetrics(process.get("/metrics", OPENMETRICS)[1])["training_iterations"]
            == metrics['training_iterations_total{run="nyu"}']
        )


def test_a_log_may_appear_later(tmp_path: Path) -> None:
    log, globbed = tmp_path / "named" / "log.txt", tmp_path / "globbed" / "late.log"
    with daemon(tmp_path, str(log), str(tmp_path / "globbed" / "*.log")) as process:
        assert process.get("/-/ready") == (200, "ready\n")
        assert "no such file" in process.output()
        write(log, rows(19, 39))
        reads(process, "named", 39)
        write(globbed, [DARKNET_START, darknet(1)])
        reads(process, "late", 1)


def test_more_logs_than_a_shell_lets_be_open_are_followed(tmp_path: Path) -> None:
    for number in range(100):
        write(tmp_path / "logs" / f"run{number}" / "log.txt", rows(19, 39))
    words = ("--state", "none", "--no-gpu", "--no-alerts", str(tmp_path / "logs" / "*" / "log.txt"))
    with DaemonProcess(tmp_path / "daemon", *words, prefix=("prlimit", "--nofile=64:1024")) as process:
        assert (
            reads(process, "run99", 39)[
                'training_exporter_log_readable{path="%s",run="run99"}' % (tmp_path / "logs" / "run99" / "log.txt")
            ]
            == 1
        )
    with DaemonProcess(tmp_path / "short", *words, prefix=("prlimit", "--nofile=64:64")) as process:
        metrics = process.metrics()
        readable = {name: value for name, value in metrics.items() if name.startswith("training_exporter_log_readable")}
        assert (len(readable), set(readable.values())) == (100, {0.0, 1.0})


def test_a_folder_whose_name_is_no_text_is_followed(tmp_path: Path) -> None:
    strange = Path(os.fsdecode(os.fsencode(tmp_path) + b"/logs/\xff\xfe"))
    write(strange / "log.txt", rows(19, 59))
    write(tmp_path / "logs" / "plain" / "log.txt", rows(19, 79))
    for words in ((str(tmp_path / "logs" / "*"),), (str(strange), str(tmp_path / "logs" / "plain"))):
        with daemon(tmp_path, *words) as process:
            reads(process, "plain", 79)
            assert reads(process, "\ufffd\ufffd", 59)['training_restarts_total{run="\ufffd\ufffd"}'] == 0
            assert process.get("/")[0] == 200
            assert process.stop(signal.SIGTERM, timeout_s=5) == 0
            assert "Error" not in process.output()


def test_a_rotated_log_is_read_to_its_end_and_its_successor_from_its_head(tmp_path: Path) -> None:
    log = tmp_path / "run" / "log.txt"
    write(log, rows(19, 99))
    with daemon(tmp_path, str(log)) as process:
        reads(process, "run", 99)
        write(log, rows(119, 139))
        log.rename(log.with_name("log.txt.1"))
        write(log, rows(159, 199))
        metrics = reads(process, "run", 199)
        assert metrics['training_exporter_log_lines_total{result="parsed",run="run"}'] == 10
        assert metrics['training_iterations_total{run="run"}'] == 199
        assert metrics['training_exporter_log_rotations_total{run="run"}'] == 1
        assert metrics['training_restarts_total{run="run"}'] == 0


def test_log_and_metrics_json_of_a_folder_are_one_run_under_the_first_name(tmp_path: Path) -> None:
    iterations = range(19, 200, STEP)
    records = [detectron2_json(each, loss=each / 1000) for each in iterations]
    arrivals = {
        "both": ("log.txt", "metrics.json"),
        "reversed": ("metrics.json", "log.txt"),
        "resnet": ("resnet.log", "metrics.json"),
    }
    folders = {run: tmp_path / f"folder of {run}" if run == "resnet" else tmp_path / run for run in arrivals}
    for run, (first, _) in arrivals.items():
        write(folders[run] / first, records if first == "metrics.json" else rows(19, 199))
    with daemon(tmp_path, *map(str, folders.values())) as process:
        for run in arrivals:
            reads(process, run, 199)
        for run, (_, second) in arrivals.items():
            write(folders[run] / second, records if second == "metrics.json" else rows(19, 199))
        until(lambda: all(lines_read(process, run) == 2 * len(iterations) for run in arrivals), why=process.output)
        text = process.get("/metrics")[1]
        samples = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
        assert len(samples) == len(set(samples))
        assert set(re.findall(r'run="([^"]*)"', text)) == arrivals.keys()
        for run in arrivals:
            assert process.metrics()[f'training_iterations_total{{run="{run}"}}'] == 199


def lines_read(process: DaemonProcess, run: str) -> float:
    metrics = process.metrics()
    return sum(
        metrics.get(f'training_exporter_log_lines_total{{result="{result}",run="{run}"}}', 0)
        for result in ("parsed", "ignored", "unparsed")
    )


def test_health_readiness_rules_and_alerts_are_served(tmp_path: Path) -> None:
    log = tmp_path / "run" / "log.txt"
    write(log, rows(19, 39))
    with daemon(tmp_path, str(log)) as process:
        assert process.get("/-/healthy") == (200, "healthy\n")
        assert process.get("/-/ready") == (200, "ready\n")
        groups = json.loads(process.get("/api/v1/rules")[1])["data"]["groups"]
        assert {group["name"] for group in groups} == {"exporter", "gpu", "health", "memory", "stop"}
        assert json.loads(process.get("/api/v1/alerts")[1]) == {"status": "success", "data": {"alerts": []}}
        status, runbook = process.get("/runbooks/TrainingHung")
        assert (status, "TrainingHung" in runbook) == (200, True)
        assert process.get("/nothing")[0] == 404
        assert process.get("/runbooks/../README")[0] == 404


def test_what_a_log_says_is_escaped_on_the_page_and_in_the_metrics(tmp_path: Path) -> None:
    log = tmp_path / '<script>alert("run")<' / "log.txt"
    write(log, [detectron2(each, SystemClock().now(), component="loss_<img>") for each in (19, 39)])
    write(log.parent / "metrics.json", [json.dumps({"iteration": 39, "total_loss": 1.0, "<script>alert(1)": 2.0})])
    with daemon(tmp_path, str(log.parent)) as process:
        reads(process, '<script>alert("run")<', 39)
        page = process.get("/")[1]
        assert "&lt;script&gt;alert(" in page
        assert "<script>alert" not in page
        assert "<img" not in page
        assert 'run="<script>alert(\\"run\\")<"' in process.get("/metrics")[1]


def test_without_alerts_there_is_no_evaluator(tmp_path: Path) -> None:
    log = tmp_path / "run" / "log.txt"
    write(log, rows(19, 39))
    with daemon(tmp_path, str(log), "--no-alerts") as process:
        metrics = reads(process, "run", 39)
        assert not any(name.startswith("training_exporter_rule") for name in metrics)
        assert process.get("/api/v1/rules")[0] == 404
        assert "left to Prometheus" in process.output()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_time_and_goes_on_where_it_was(tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "run" / "log.txt"
    write(log, rows(19, 1999))
    with daemon(tmp_path, str(log)) as process:
        whole = reads(process, "run", 1999)
        assert whole['training_exporter_log_bytes_total{run="run"}'] == log.stat().st_size
        assert process.stop(number, timeout_s=5) == 0
        assert "Traceback" not in process.output()
    written_before = log.stat().st_size
    write(log, rows(2019, 2039))
    with daemon(tmp_path, str(log)) as process:
        rest = reads(process, "run", 2039)
        assert rest['training_exporter_log_bytes_total{run="run"}'] == log.stat().st_size - written_before
        assert rest['training_exporter_log_lines_total{result="parsed",run="run"}'] == 102
        assert rest['training_iterations_total{run="run"}'] == 2039
        assert rest['training_restarts_total{run="run"}'] == 0


def test_it_is_not_ready_and_ends_in_time_while_it_reads_a_backlog(tmp_path: Path, free_port: int) -> None:
    log, address = tmp_path / "run" / "log.txt", f"127.0.0.1:{free_port}"
    block = "".join(f"{line}\n" for line in rows(19, 19 + 4999 * STEP))
    log.parent.mkdir()
    log.write_text(block * 60)
    with daemon(tmp_path, str(log), "--listen", address) as process:

        def still_reads() -> bool:
            with contextlib.suppress(requests.ConnectionError):
                return requests.get(f"http://{address}/-/ready", timeout=10).status_code == 503
            return False

        until(still_reads, why=process.output)
        assert process.stop(signal.SIGTERM, timeout_s=5) == 0
        assert "/metrics" not in process.output()  # it did not say that it is ready
