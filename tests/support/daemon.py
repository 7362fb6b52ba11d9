"""The installed program as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import requests
from prometheus_client.parser import text_string_to_metric_families

from .waiting import until

COMMAND = str(Path(sys.executable).with_name("training-exporter"))


class DaemonProcess:
    """`training-exporter …` on a loopback port of its own choice, with its output in files under `folder`."""

    def __init__(
        self,
        folder: Path,
        *args: str,
        env: Mapping[str, str] | None = None,
        listen: str = "127.0.0.1:0",
        prefix: tuple[str, ...] = (),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.stdout, self.stderr = folder / "stdout", folder / "stderr"
        with self.stdout.open("wb") as stdout, self.stderr.open("wb") as stderr:
            self._process = subprocess.Popen(
                [*prefix, COMMAND, "run", "--listen", listen, *args],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env={**_clean_environment(), **(env or {})},
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def url(self) -> str:
        """Where it listens; known once it has said where its metrics are."""
        return until(self._metrics_url, why=self.output).removesuffix("/metrics")

    def get(self, path: str, accept: str = "") -> tuple[int, str]:
        """Status and body."""
        answer = requests.get(self.url + path, headers={"Accept": accept}, timeout=10)
        return answer.status_code, answer.text

    def metrics(self) -> dict[str, float]:
        """Every sample by `name{label="value",…}`, labels sorted."""
        families = text_string_to_metric_families(self.get("/metrics")[1])
        return {_series(sample.name, sample.labels): sample.value for family in families for sample in family.samples}

    def output(self) -> str:
        """All that it printed, for messages of failing tests."""
        return self.stdout.read_text(errors="replace") + self.stderr.read_text(errors="replace")

    def wait(self, timeout_s: float = 30.0) -> int:
        """Its exit code."""
        return self._process.wait(timeout_s)

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout_s: float = 10.0) -> int:
        """Ends it; the exit code."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self._process.wait(timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGKILL)

    def _metrics_url(self) -> str | None:
        if self._process.poll() is not None:
            raise AssertionError(f"ended with {self._process.returncode}: {self.output()}")
        lines = self.stdout.read_text(errors="replace").splitlines()
        return next((line.split()[3] for line in lines if line.startswith("  page ")), None)


def run_command(
    *args: str, env: Mapping[str, str] | None = None, prefix: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """`training-exporter …` to its end; `prefix` is a program that starts it."""
    return subprocess.run(
        [*prefix, COMMAND, *args],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**_clean_environment(), **(env or {})},
    )


def _series(name: str, labels: Mapping[str, str]) -> str:
    inner = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    return f"{name}{{{inner}}}" if inner else name


def _clean_environment() -> dict[str, str]:
    """Without what would configure the program."""
    return {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("SLACK_", "TRAINING_EXPORTER_", "CUDA_", "NVIDIA_"))
    }
