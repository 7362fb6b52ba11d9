"""The image, built from the Dockerfile as it is, run as locked down as it promises to run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from uuid import uuid4

import pytest
import requests

from exporter.clock import SystemClock
from tests.support.waiting import until

pytestmark = pytest.mark.real("buildah", "podman", "runc", "debootstrap")

HERE: Final = Path(__file__).parent
CACHE: Final = Path("/var/tmp/training-exporter-tests")  # noqa: S108 - kept between runs: the base image takes minutes
STORAGE: Final = (
    "--root",
    str(CACHE / "store"),
    "--runroot",
    "/run/training-exporter-tests",
    "--storage-driver",
    "overlay",
)
PODMAN: Final = ("podman", *STORAGE, "--cgroup-manager", "cgroupfs", "--runtime", "runc")
IMAGE: Final = "localhost/training-exporter:test"
LOCKED_DOWN: Final = (
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--network=host",
    "--pull=never",
    # Where the engine may not raise its own limits.
    "--ulimit=nofile=1024:1024",
    "--ulimit=nproc=1024:1024",
)
LOG: Final = """\
[11/21 10:00:00 d2.engine.train_loop]: Starting training from iteration 0
[11/21 10:00:10 d2.utils.events]:  eta: 0:03:00  iter: 19  total_loss: 2.5  loss_cls: 1.5  loss_box_reg: 1  \
time: 0.5  data_time: 0.01  lr: 0.001  max_mem: 3088M
[11/21 10:00:20 d2.utils.events]:  eta: 0:02:50  iter: 39  total_loss: 1.25  loss_cls: 0.75  loss_box_reg: 0.5  \
time: 0.5  data_time: 0.01  lr: 0.002  max_mem: 3088M
"""


@pytest.fixture(scope="module")
def image() -> str:
    if os.geteuid() != 0:
        pytest.skip("needs root, to make a base image and to mount")
    version = _run(str(HERE / "base_image.sh"), str(CACHE), sys.executable).strip()
    flags = ("--isolation=chroot", "--layers", "--pull-never", "--format=docker", f"--build-arg=PYTHON={version}")
    _run("buildah", *STORAGE, "build", *flags, f"--tag={IMAGE}", str(HERE.parents[1]))
    _run(*PODMAN, "image", "prune", "--force", "--filter=until=24h")
    return IMAGE


@dataclass(frozen=True, slots=True)
class Container:
    """One that runs, with a folder of logs that it may only read, on a loopback port."""

    name: str
    address: str

    @classmethod
    def start(cls, image: str, logs: Path, port: int) -> Self:
        found = cls(name=f"training-exporter-{uuid4().hex[:8]}", address=f"127.0.0.1:{port}")
        options = (f"--volume={logs}:/logs:ro", f"--env=TRAINING_EXPORTER_LISTEN={found.address}")
        _run(*PODMAN, "run", "--detach", f"--name={found.name}", *LOCKED_DOWN, *options, image, "--no-gpu", "/logs")
        return found

    def get(self, path: str) -> requests.Response | None:
        """None while nothing listens."""
        try:
            return requests.get(f"http://{self.address}{path}", timeout=10)
        except requests.ConnectionError:
            return None

    def ready(self) -> bool:
        answer = self.get("/-/ready")
        return answer is not None and answer.ok

    def shell(self, script: str) -> str:
        """What a script prints, run in it as its user."""
        return _run(*PODMAN, "exec", self.name, "sh", "-c", script)

    def output(self) -> str:
        return _run(*PODMAN, "logs", self.name)

    def remove(self) -> None:
        _run(*PODMAN, "rm", "--force", "--volumes", self.name)


@pytest.fixture
def running(image: str, tmp_path: Path, free_port: int) -> Iterator[Container]:
    logs = tmp_path / "logs"
    logs.mkdir(mode=0o755)
    (logs / "log.txt").write_text(LOG)
    container = Container.start(image, logs, free_port)
    try:
        until(container.ready, why=container.output)
        yield container
    finally:
        container.remove()


def test_it_serves_the_values_of_the_log(running: Container) -> None:
    answer = running.get("/metrics")
    assert answer is not None
    lines = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    samples = {series: float(value) for series, _, value in lines}
    assert samples['training_iteration{run="logs"}'] == 39
    assert samples['training_loss{component="total",run="logs",split="train"}'] == 1.25
    assert samples['training_gpu_memory_peak_bytes{run="logs"}'] == 3088 * 1024**2


def test_its_health_check_passes_and_tells_when_nothing_answers(running: Container) -> None:
    answer = running.get("/-/healthy")
    assert answer is not None
    assert answer.status_code == 200
    _run(*PODMAN, "healthcheck", "run", running.name)
    check = _run(*PODMAN, "inspect", "--format={{index .Config.Healthcheck.Test 3}}", running.name)
    elsewhere = ("--env=TRAINING_EXPORTER_LISTEN=127.0.0.1:1", running.name, "python", "-c", check.strip())
    assert subprocess.run([*PODMAN, "exec", *elsewhere], capture_output=True, check=False).returncode != 0


def test_it_runs_without_privileges_and_writes_only_to_its_volume(running: Container) -> None:
    status = dict(line.split(":\t", 1) for line in running.shell("cat /proc/1/status").splitlines() if ":\t" in line)
    assert status["Uid"].split() == ["10001"] * 4
    assert status["Gid"].split() == ["10001"] * 4
    assert int(status["CapEff"], 16) == 0
    assert int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    for folder in ("/", "/opt/training-exporter", "/logs"):
        assert "Read-only file system" in running.shell(f"touch {folder}/new 2>&1 || true")
    assert "state.db" in running.shell("find /var/lib/training-exporter")


def test_it_ends_at_once_and_well_on_sigterm(running: Container) -> None:
    clock = SystemClock()
    before = clock.monotonic()
    _run(*PODMAN, "stop", "--time=20", running.name)
    assert clock.monotonic() - before < 5
    assert _run(*PODMAN, "inspect", "--format={{.State.ExitCode}}", running.name).strip() == "0"


def test_its_defaults_are_those_of_a_container(image: str) -> None:
    told = _run(
        *PODMAN, "inspect", "--type=image", "--format={{.Config.Env}} {{.Config.User}} {{.Config.Volumes}}", image
    )
    assert "TRAINING_EXPORTER_LISTEN=:9936" in told
    assert "TRAINING_EXPORTER_STATE=/var/lib/training-exporter" in told
    assert " 10001:10001 map[/var/lib/training-exporter:" in told


def _run(*command: str) -> str:
    """What a command prints.

    Raises:
        AssertionError: it fails; with all that it said.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout
