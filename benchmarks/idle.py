"""Programs that wait, side by side over the same window: training-exporter, mtail and nvitop-exporter; and its latency.

All follow the same log or ask the same simulated driver, and each was scraped once before. The first window ends before
training-exporter has sent anything; the second begins after its first message to a receiver on this machine.
"""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event
from typing import Final

from benchmarks.generate import generate
from benchmarks.process import CACHE, Idle, cpu_seconds, environment, idle
from benchmarks.throughput import PROGRAMS
from tests.nvml.build import build
from tests.support.slack import SlackServer

LOG_BYTES: Final = 1_000_000
"""A training of 70,000 iterations."""
SETTLE_S: Final = 20.0
"""Before a window: the rules are evaluated each 15 s."""
START_S: Final = 60.0
DELIVERY_S: Final = 120.0
POLL_S: Final = 0.002
LATENCIES: Final = 60
SCRAPES: Final = 200
ALERT: Final = "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 23.70 GiB total capacity)\n"

_METRIC: Final = "[09/21 10:00:00] d2.utils.events INFO:  eta: 0:00:10  iter: {}  total_loss: 1.5  lr: 0.02\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One program, waiting."""

    name: str
    idle: Idle


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """Milliseconds."""

    p50: float
    p99: float


ACCEPT: Final = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
"""What a Prometheus server of version 2.42 asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All of it."""

    before: list[Waiting]
    after: list[Waiting]
    latency: Quantiles
    scrape: Quantiles
    scrape_series: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Program:
    name: str
    command: tuple[str, ...]
    port: int


def measure(window_s: float) -> Measured:
    """Starts all, waits, measures."""
    folder = CACHE / "nvml"
    folder.mkdir(parents=True, exist_ok=True)
    build(folder)
    with TemporaryDirectory() as place, SlackServer() as slack, ExitStack() as stack:
        log = Path(place) / "log.txt"
        generate("detectron2", log, LOG_BYTES)
        (Path(place) / "webhook").write_text(slack.url)
        programs = _programs(Path(place), log)
        started = {each.name: stack.enter_context(_started(each, Path(place), folder)) for each in programs}
        for each in programs:
            _get(each.port)
        before = _window(started, window_s)
        full = programs[0]
        if _delivered(full.port):
            raise RuntimeError("training-exporter sent a message before it had a reason to")
        _append(log, ALERT)
        _until(lambda: _delivered(full.port), DELIVERY_S, "a delivery")
        after = _window(started, window_s)
        latency = _latency(log, full.port)
        scrapes = [_get(full.port) for _ in range(SCRAPES)]
        return Measured(
            before=before,
            after=after,
            latency=latency,
            scrape=_quantiles([took for took, _ in scrapes]),
            scrape_series=sum(not line.startswith("#") for line in scrapes[-1][1].splitlines()),
        )


def _programs(place: Path, log: Path) -> list[_Program]:
    ours = str(Path(sys.executable).with_name("training-exporter"))
    ports = _free_ports(4)
    listen = [f"127.0.0.1:{port}" for port in ports]
    state = [str(place / "state" / name) for name in ("alerts", "none")]
    commands = {
        "training-exporter": (
            ours,
            log,
            "--listen",
            listen[0],
            "--state",
            state[0],
            "--slack-webhook-file",
            f"{place}/webhook",
        ),
        "training-exporter --no-alerts": (ours, log, "--listen", listen[1], "--state", state[1], "--no-alerts"),
        "nvitop-exporter": (_nvitop(), "--bind-address", "127.0.0.1", "--port", ports[2]),
        "mtail": (
            "mtail",
            "--logs",
            log,
            "--progs",
            PROGRAMS / "detectron2.mtail",
            "--address",
            "127.0.0.1",
            "--port",
            ports[3],
        ),
    }
    return [
        _Program(name=name, command=tuple(map(str, command)), port=port)
        for (name, command), port in zip(commands.items(), ports, strict=True)
    ]


def _nvitop() -> Path:
    """nvitop-exporter from PyPI, in an environment of its own, by the same interpreter."""
    program = CACHE / "nvitop" / "bin" / "nvitop-exporter"
    if not program.exists():
        base = shutil.which("python3", path=str(Path(sys.base_prefix) / "bin")) or "python3"
        subprocess.run((base, "-m", "venv", str(CACHE / "nvitop")), check=True)
        subprocess.run((str(CACHE / "nvitop" / "bin" / "pip"), "install", "--quiet", "nvitop-exporter"), check=True)
    return program


@contextmanager
def _started(program: _Program, place: Path, driver: Path) -> Iterator[int]:
    """Its process id, once it answers; ended afterwards."""
    env: Mapping[str, str] = {**environment(), "LD_LIBRARY_PATH": str(driver), "HOME": str(place)}
    with (
        (place / "output").open("ab") as said,
        subprocess.Popen(
            program.command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=env, cwd=place
        ) as process,
    ):
        try:
            _until(lambda: _answers(program.port), START_S, f"an answer of {program.name}")
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _window(started: Mapping[str, int], window_s: float) -> list[Waiting]:
    """What each is after the window, and used in it."""
    pause = Event()
    pause.wait(SETTLE_S)
    began = {name: cpu_seconds(pid) for name, pid in started.items()}
    pause.wait(window_s)
    return [Waiting(name=name, idle=idle(pid, began[name], window_s)) for name, pid in started.items()]


def _latency(log: Path, port: int) -> Quantiles:
    """From the end of a write to a scrape that shows it, at any phase of the program's own loop."""
    random, pause, took = Random(1), Event(), []  # noqa: S311 - not for secrets
    for iteration in range(1_000_000, 1_000_000 + LATENCIES):
        pause.wait(random.uniform(0.1, 0.7))
        _append(log, _METRIC.format(iteration))
        written = time.perf_counter()
        _until(partial(_shows, port, iteration), START_S, f"iteration {iteration}")
        took.append(time.perf_counter() - written)
    return _quantiles(took)


def _shows(port: int, iteration: int) -> bool:
    return _value("training_iteration", "", port) == iteration


def _append(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def _get(port: int) -> tuple[float, str]:
    """Seconds and body of a scrape on a new connection."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/metrics", headers={"Accept": ACCEPT})
        body = connection.getresponse().read().decode()
    finally:
        connection.close()
    return time.perf_counter() - began, body


def _answers(port: int) -> bool:
    try:
        return bool(_get(port)[1])
    except OSError:
        return False


def _delivered(port: int) -> bool:
    return (_value("training_exporter_notifications_total", 'result="delivered"', port) or 0) > 0


def _value(metric: str, label: str, port: int) -> float | None:
    """Of the first series of a metric with that label; None where there is none."""
    found = re.search(rf"^{metric}{{[^}}]*{label}[^}}]*}} (\S+)", _get(port)[1], re.MULTILINE)
    return None if found is None else float(found[1])


def _until(what: Callable[[], bool], timeout_s: float, name: str) -> None:
    pause, deadline = Event(), time.monotonic() + timeout_s
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {name} within {timeout_s} s")
        pause.wait(POLL_S)


def _quantiles(seconds: Sequence[float]) -> Quantiles:
    ordered = sorted(seconds)
    return Quantiles(p50=1000 * ordered[len(ordered) // 2], p99=1000 * ordered[len(ordered) * 99 // 100])


def _free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago, each another one."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]
