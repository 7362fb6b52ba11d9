"""SIGHUP reads the configuration anew, or keeps the old one."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.support.daemon import DaemonProcess
from tests.support.training_logs import darknet, write
from tests.support.waiting import until


def test_a_hang_up_takes_up_a_new_configuration_and_a_mistake_keeps_the_old(tmp_path: Path, free_port: int) -> None:
    first, second, config = tmp_path / "first.log", tmp_path / "second.log", tmp_path / "config.yml"
    write(first, [darknet(1), darknet(2)])
    write(second, [darknet(7)])
    config.write_text(f"runs: [{{log: {first}}}]\n")
    listen = f"127.0.0.1:{free_port}"
    args = ("--config", str(config), "--state", str(tmp_path / "state"), "--no-gpu")
    with DaemonProcess(tmp_path / "daemon", *args, listen=listen) as process:
        assert process.metrics()['training_iteration{run="first"}'] == 2

        config.write_text(f"runs: [{{log: {first}}}]\nalarms: {{}}\n")
        os.kill(process.pid, signal.SIGHUP)
        until(lambda: "unknown key `alarms`" in process.output(), why=process.output)
        assert process.metrics()['training_iterations_total{run="first"}'] == 2

        opened = _descriptors(process)
        config.write_text(f"runs: [{{log: {first}}}, {{log: {second}}}]\n")
        os.kill(process.pid, signal.SIGHUP)
        until(lambda: process.stdout.read_text().count("  page ") == 2, why=process.output)
        metrics = process.metrics()
        assert metrics['training_iteration{run="second"}'] == 7
        assert metrics['training_iterations_total{run="first"}'] == 2
        assert metrics['training_exporter_log_bytes_total{run="first"}'] == 0
        assert _descriptors(process) <= opened + 1, "the second log is the only one more"
        assert process.stop() == 0


def _descriptors(process: DaemonProcess) -> int:
    return sum(1 for _ in Path(f"/proc/{process.pid}/fd").iterdir())
