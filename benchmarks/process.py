"""What other processes cost: CPU and wall time of a whole run, memory and CPU time of one that goes on."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "training-exporter-bench"
"""Workloads, bytecode, and an environment for nvitop-exporter."""
TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")


class Spread(NamedTuple):
    """Of several figures."""

    least: float
    middle: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Minimum, median and maximum."""
        return cls(min(values), median(values), max(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one process from start to end, as the kernel accounts it."""

    cpu_s: float
    wall_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """Of a process over a window in which nothing happens."""

    rss_mb: float
    pss_mb: float
    private_dirty_mb: float
    cpu_percent: float
    """Of one core."""


def environment() -> dict[str, str]:
    """For the measured programs: bytecode is kept, as an installation does, and nothing configures them."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "SLACK_", "TRAINING_"))}
    return {**kept, "PYTHONPYCACHEPREFIX": str(CACHE / "bytecode")}


def run(command: Sequence[str]) -> Cost:
    """Runs a command to its end.

    Raises:
        RuntimeError: it failed.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environment()
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(cpu_s=usage.ru_utime + usage.ru_stime, wall_s=wall)


def paired(a: Sequence[str], b: Sequence[str], pairs: int) -> tuple[list[Cost], list[Cost]]:
    """A B A B …, so that a machine that gets slower or faster meanwhile does so for both; after one warm-up each."""
    run(a), run(b)
    costs = [(run(a), run(b)) for _ in range(pairs)]
    return [of_a for of_a, _ in costs], [of_b for _, of_b in costs]


def output(command: Sequence[str]) -> str:
    """What a command prints."""
    done = subprocess.run(command, check=True, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout.decode()


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads so far: proc(5), fields 14 and 15 of `stat`."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def idle(pid: int, cpu_before: float, window_s: float) -> Idle:
    """At the end of a window that began `window_s` ago, when the process had used `cpu_before` seconds."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return Idle(
        rss_mb=kilobytes["Rss"] * 1024 / 1e6,
        pss_mb=kilobytes["Pss"] * 1024 / 1e6,
        private_dirty_mb=kilobytes["Private_Dirty"] * 1024 / 1e6,
        cpu_percent=100 * (cpu_seconds(pid) - cpu_before) / window_s,
    )
