"""What happens to a run while the program watches arrives at the receiver, with links that lead where they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.clock import SystemClock
from tests.e2e.conftest import fast_config
from tests.nvml.build import build
from tests.nvml.scenario import Scenario
from tests.support.daemon import DaemonProcess
from tests.support.slack import SlackServer
from tests.support.training_logs import PLANNED, STEP, detectron2, detectron2_end, detectron2_out_of_memory, write
from tests.support.waiting import until

_LINK = re.compile(r"<(https?://[^|>]+)\|([^>]+)>")


def links(slack: SlackServer) -> dict[str, str]:
    """The links of all messages by their title."""
    attachments = [each for item in slack.received for each in item.payload["attachments"]]
    return {title: url for each in attachments for url, title in _LINK.findall(each["text"])}


def test_it_ends_with_its_run_once_the_message_is_delivered(tmp_path: Path, slack: SlackServer, fast: Path) -> None:
    log, now = tmp_path / "resnet" / "log.txt", SystemClock().now()
    write(log, [detectron2(19, now), detectron2(39, now)])
    args = ("--config", str(fast), "--state", str(tmp_path / "state"), "--no-gpu", "--exit-with-run")
    with DaemonProcess(tmp_path / "daemon", *args, str(log)) as process:
        assert process.get("/-/ready")[0] == 200
        write(log, [detectron2(PLANNED - 1, now), *detectron2_end(now)])
        assert process.wait() == 0
        assert [title for title in slack.titles if "TrainingFinished" in title], process.output()
        assert [item.problems for item in slack.received] == [()] * len(slack.received)


def test_links_lead_to_the_external_url_and_the_runbook_base(tmp_path: Path, slack: SlackServer, fast: Path) -> None:
    log, now = tmp_path / "my run" / "log.txt", SystemClock().now()
    write(log, [detectron2(19, now)])
    args = ("--config", str(fast), "--state", "none", "--no-gpu")
    urls = ("--web.external-url", "https://train.example.org/a/", "--runbook-base", "https://wiki.example.org/runs")
    with DaemonProcess(tmp_path / "daemon", *args, *urls, str(log)) as process:
        assert process.get("/-/ready")[0] == 200
        write(log, [detectron2(39, now), *detectron2_out_of_memory(now)])
        until(lambda: any("TrainingFailed" in title for title in slack.titles), why=process.output)
        found = links(slack)
        assert any(url.startswith("https://wiki.example.org/runs/TrainingFailed") for url in found.values()), found
        # Below the page's own folder: its style and its runbooks lie beside it.
        assert "https://train.example.org/a/#run-my%20run" in found.values(), found
        assert slack.received[0].payload["attachments"][0]["title_link"] == "https://train.example.org/a/"
        texts = [each["text"] for item in slack.received for each in item.payload["attachments"]]
        assert any("Tried to allocate 336.00 MiB" in text for text in texts), texts


def test_without_a_receiver_messages_go_to_the_terminal(tmp_path: Path) -> None:
    log, config, now = tmp_path / "resnet" / "log.txt", tmp_path / "config.yml", SystemClock().now()
    write(log, [detectron2(19, now)])
    config.write_text("alerts: {scrape_interval: 1s, evaluation_interval: 1s, group_wait: 0s}\n")
    args = ("--config", str(config), "--state", "none", "--no-gpu", str(log))
    with DaemonProcess(tmp_path / "daemon", *args) as process:
        assert process.get("/-/ready")[0] == 200
        write(log, detectron2_out_of_memory(now))
        until(lambda: "TrainingFailed · resnet" in process.stdout.read_text(), why=process.output)
        assert "| torch.OutOfMemoryError: CUDA out of memory. Tried to" in process.stdout.read_text()


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the simulated driver's library."""
    return build(tmp_path_factory.mktemp("nvml")).parent


MEMORY_RULE = """\
groups:
  - name: memory
    rules:
      - alert: MemoryFull
        expr: 1 - gpu_memory_free_bytes / gpu_memory_total_bytes > 0.9
        labels: {severity: warning}
        annotations: {summary: "GPU {{ $labels.gpu }} is {{ humanizePercentage $value }} full"}
"""


@pytest.mark.real("gcc")
def test_devices_are_metrics_and_their_memory_fires_and_resolves(
    tmp_path: Path, slack: SlackServer, driver: Path
) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text(MEMORY_RULE)
    config, scenario = fast_config(tmp_path, slack.url, str(rules)), Scenario(tmp_path / "scenario.txt")
    env = {"LD_LIBRARY_PATH": str(driver), "NVML_SCENARIO": str(scenario.path)}
    with DaemonProcess(tmp_path / "daemon", "--config", str(config), "--state", "none", env=env) as process:
        used = until(lambda: list(sample(process, "gpu_memory_used_bytes")), why=process.output)
        assert used == [10240 * 2**20]
        assert list(sample(process, "gpu_temperature_celsius")) == [64]
        scenario.say("gpu0.memory_used", "23000MiB")
        until(lambda: slack.received, why=process.output)
        assert "GPU 0 is 95" in slack.received[0].payload["attachments"][0]["text"]
        scenario.unsay("gpu0.memory_used")
        until(lambda: len(slack.received) > 1, why=process.output)
        assert "RESOLVED" in slack.titles[-1]
        assert "23000" not in process.output()


def sample(process: DaemonProcess, name: str) -> Iterator[float]:
    return (value for series, value in process.metrics().items() if series.startswith(f"{name}{{"))


def test_a_spike_that_is_over_is_told_as_resolved(tmp_path: Path, slack: SlackServer, fast: Path) -> None:
    log, now = tmp_path / "run" / "log.txt", SystemClock().now()
    calm = [detectron2(each, now, loss=1 + each % 60 / 1000) for each in range(19, 100 * STEP, STEP)]
    write(log, calm)
    with DaemonProcess(tmp_path / "daemon", "--config", str(fast), "--state", "none", "--no-gpu", str(log)) as process:
        assert process.get("/-/ready")[0] == 200
        first = 100 * STEP + 19
        write(log, [detectron2(each, now, loss=9.0) for each in range(first, first + 6 * STEP, STEP)])
        until(lambda: slack.received, why=process.output)
        assert "jumped up" in str(slack.received[0].payload)
        write(log, [detectron2(first + each * STEP, now, loss=1.0) for each in range(6, 20)])
        until(lambda: len(slack.received) > 1, why=process.output)
        assert "RESOLVED" in slack.titles[-1]
