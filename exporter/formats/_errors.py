"""Lines to the errors that any training program prints: out of memory, NCCL, CUDA, tracebacks, interrupts, kills.

One event per line at most, the most specific kind wins. Looks at each line alone, so chunks make no difference: what a
line says of the next one is an event of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..model import Event, EventKind
from ._items import excerpt

_NEEDLES = (
    "rror",
    "ut of memory",
    "_ALLOC_FAILED",
    "DefaultCPUAllocator",
    "RESOURCE_EXHAUSTED",
    "WorkNCCL",
    "Traceback (most",
    "KeyboardInterrupt",
    "^C",
    "SIG",
    "got signal: 15",
    "CANCELLED AT",
    "Segmentation fault",
    "Killed",
    "Aborted",
    "core dumped",
    "oom-kill",
    "Exception during training",
    "Exception ignored",
)
"""Every error line holds one of them; looking for literals in a whole chunk is far cheaper than `_KINDS` per line."""

# What launchers put before a line: `[rank0]: `, `[default3]:`, `12: `, ` 55:  `.
LAUNCHER = r"(?:\s*(?:\[(?:rank|default)?\d+\]|\d+):)*\s*"

_HOST_MEMORY = r"oom-kill event|Out of memory: Kill(?:ed)? process"
"""`slurmstepd: error: Detected 1 oom-kill event(s)`, `Out of memory: Killed process 4711 (python)`"""

_OUT_OF_MEMORY = (
    r"(?:CUDA|HIP|XPU|MPS backend) out of memory|OutOfMemoryError\b|(?:CUDA|HIP) [Ee]rror: .{0,80}out of memory"
    r"|(?:CUDA|CUDNN|CUBLAS|cuDNN)\w*_ALLOC_FAILED|DefaultCPUAllocator: (?:can't allocate|not enough) memory"
    r"|RESOURCE_EXHAUSTED: "
)
"""`RuntimeError: CUDA out of memory. Tried to allocate 20.00 MiB`, `CUDA Error: out of memory`,
`CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)`,
`DefaultCPUAllocator: can't allocate memory`"""

_NCCL = r"NCCL [Ee]rror\b|caught collective operation timeout: WorkNCCL"
"""`RuntimeError: NCCL error in: ProcessGroupNCCL.cpp:1269, unhandled system error`,
`[Rank 3] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=13, …) ran for 1800 s`"""

_CUDA = r"(?:CUDA|HIP|cuDNN) [Ee]rror: "
"""`RuntimeError: CUDA error: device-side assert triggered`, `CUDA Error: unknown error`,
`RuntimeError: cuDNN error: CUDNN_STATUS_EXECUTION_FAILED`"""

_TRACEBACK = rf"^{LAUNCHER}Traceback \(most recent call last\)"
"""`Traceback (most recent call last):`; not `Original Traceback …`, which quotes a worker's within the same error."""

_INTERRUPTED = (
    rf"^{LAUNCHER}KeyboardInterrupt\b|^\^C|\^C$|\*\*\* (?:JOB|STEP) .* CANCELLED AT "
    r"|got signal: 15\b|Received (?:Signals\.)?SIGTERM"
)
"""`KeyboardInterrupt`, `^CTraceback`, `slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2024-01-01T00:00:00 ***`,
`torch.distributed.elastic.multiprocessing.api.SignalException: Process 9 got signal: 15`"""

_KILLED = (
    rf"^{LAUNCHER}(?:Killed|Aborted|Bus error|Segmentation fault)\s*$|\(core dumped\)"
    r"|: line \d+: +\d+ (?:Killed|Aborted|Segmentation fault|Bus error)|Fatal Python error: |Signals\.SIGKILL"
)
"""`Segmentation fault (core dumped)`, `Killed`, `./train.sh: line 3: 4711 Killed  python train.py`,
`Fatal Python error: Segmentation fault`, `died with <Signals.SIGKILL: 9>`"""

_RAISED = r"\bERROR\b.*: Exception during training:"
"""`[04/20 22:42:02] d2.engine.train_loop ERROR: Exception during training:`"""

_IGNORED = rf"^{LAUNCHER}Exception ignored (?:in|while)\b"
"""`Exception ignored in: <function _MultiProcessingDataLoaderIter.__del__ at 0x7f7c1c0d2d30>`"""

_KINDS = (
    (EventKind.EXCEPTION_IGNORED, re.compile(_IGNORED, re.ASCII)),
    (EventKind.EXCEPTION_RAISED, re.compile(_RAISED, re.ASCII)),
    (EventKind.KILLED, re.compile(_HOST_MEMORY, re.ASCII)),
    (EventKind.OUT_OF_MEMORY, re.compile(_OUT_OF_MEMORY, re.ASCII)),
    (EventKind.NCCL, re.compile(_NCCL, re.ASCII)),
    (EventKind.CUDA, re.compile(_CUDA, re.ASCII)),
    (EventKind.TRACEBACK, re.compile(_TRACEBACK, re.ASCII)),
    (EventKind.INTERRUPTED, re.compile(_INTERRUPTED, re.ASCII)),
    (EventKind.KILLED, re.compile(_KILLED, re.ASCII)),
)
"""The first that matches counts."""


_NO_TEXT = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""Control bytes other than tab: a line of something else than text says nothing, whatever stands in it."""


def suspects(text: str) -> frozenset[str]:
    """The lines of a text, each between LFs, in which `error_event` may find anything."""
    found = set()
    for needle in _NEEDLES:
        at = text.find(needle)
        while at >= 0:
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            found.add(text[text.rfind("\n", 0, at) + 1 : end])
            at = text.find(needle, end)
    return frozenset(found)


def error_event(text: str, line: int, *, iteration: int | None = None, at: float | None = None) -> Event | None:
    """The error that a line states, None for most lines."""
    kind = next((kind for kind, pattern in _KINDS if pattern.search(text)), None)
    return (
        None
        if kind is None or _NO_TEXT.search(text)
        else Event(kind=kind, line=line, iteration=iteration, at=at, detail=excerpt(text))
    )


def error_events(frames: Sequence[bytes], first_line: int) -> list[Event]:
    """The errors of lines whose format is not known (yet): of any file, so `^C` counts only as a line of its own."""
    text = b"\n".join(frames).decode("utf-8", "replace")
    suspicious = suspects(text)
    if not suspicious:
        return []
    events = (error_event(each, line) for line, each in enumerate(text.split("\n"), first_line) if each in suspicious)
    return [event for event in events if event is not None and ("^C" not in event.detail or event.detail == "^C")]
