"""The processes that hold memory of a device: both kinds of context as one list, with names for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from ..model import GpuProcess
from .nvml import ProcessMemory

UNKNOWN_NAME: Final = "unknown"
NAME_MAX: Final = 64
"""Characters; names become label values."""


def merged(kinds: Iterable[tuple[ProcessMemory, ...] | None]) -> tuple[ProcessMemory, ...] | None:
    """One entry per process, by pid; a process with both kinds of context is in both lists with the same memory.

    None where no kind is known.
    """
    known = [kind for kind in kinds if kind is not None]
    if not known:
        return None
    memory: dict[int, int | None] = {}
    for pid, used in (process for kind in known for process in kind):
        before = memory.get(pid)
        memory[pid] = used if before is None else max(before, used or 0)
    return tuple(ProcessMemory(pid, used) for pid, used in sorted(memory.items()))


def named(process: ProcessMemory, ask_driver: Callable[[int], str | None], proc: Path) -> GpuProcess:
    """The process with its program's name: the driver's, else the one in the folder `proc`, else `unknown`."""
    name = program_name(ask_driver(process.pid) or "") or program_name(_command(process.pid, proc)) or UNKNOWN_NAME
    return GpuProcess(pid=process.pid, name=name, memory_used_bytes=process.used)


def program_name(command: str) -> str:
    """The program's name without its folder and arguments: `/usr/bin/python3 train.py` gives `python3`."""
    program = command.replace("\0", " ").strip().partition(" ")[0]
    return program.rstrip("/").rpartition("/")[2][:NAME_MAX]


def _command(pid: int, proc: Path) -> str:
    """The command line of a process; empty where the system hides it."""
    try:
        return (proc / str(pid) / "cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
