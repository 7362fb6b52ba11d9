"""What a log says: bytes as frames, values as columns, events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, NewType

RunName = NewType("RunName", str)
SourcePath = NewType("SourcePath", str)


class Quantity(Enum):
    """What a column holds, in base units: seconds, bytes, ratio 0 to 1."""

    __hash__ = object.__hash__  # an Enum hashes its name in Python, which every look-up of a column would pay for

    LOSS = "loss"
    """As logged; `name` is the component, `total` for the whole."""
    LEARNING_RATE = "learning_rate"
    """`name` is the parameter group, empty where there is one."""
    SCORE = "score"
    """0 to 1, higher is better; `name` is the metric (`bbox/AP`, `mAP@0.50`, `IoU`)."""
    ITERATION_SECONDS = "iteration_seconds"
    DATA_SECONDS = "data_seconds"
    ETA_SECONDS = "eta_seconds"
    EPOCH = "epoch"
    EPOCHS_PLANNED = "epochs_planned"
    GPU_MEMORY_PEAK_BYTES = "gpu_memory_peak_bytes"
    GRADIENT_NORM = "gradient_norm"
    LOSS_SCALE = "loss_scale"
    SAMPLES_PER_SECOND = "samples_per_second"
    TOKENS_PER_SECOND = "tokens_per_second"
    MFU_RATIO = "mfu_ratio"
    SCALAR = "scalar"
    """Any other logged number, under its own `name`."""


class ColumnKey(NamedTuple):
    """What one column of a batch is: the quantity, the split (`train`, `val`, or empty), the name within it."""

    quantity: Quantity
    split: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Whole frames of one source, in order.

    A frame is a line as bytes, without its line end, escape sequences removed, and of a redrawn line only the last
    redraw. Invalid UTF-8 is still in it: whoever decodes uses replacement, never surrogates.
    """

    source: SourcePath
    offset: int
    """Where the first frame begins in the file, in bytes."""
    line: int
    """The number of the first frame in the file, from 1."""
    frames: tuple[bytes, ...]
    read_at: float
    """When it was read, in Unix seconds."""
    written_after: float | None
    """Nothing of it was there yet at this time. None: it may be of any age (a first read of an old file)."""
    written_before: float
    """All of it was there at this time: the file's modification time, never later than `read_at`."""
    live: bool
    """Whether it was written while this process followed the source; false for what lay there at start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows of values as columns, all equally long, in the order of the log. NaN always means a logged NaN."""

    iterations: Sequence[int | None]
    """As logged; the last known one where the line names none, None before the first."""
    at: Sequence[float | None]
    """Log time in Unix seconds, None where the line has none or it cannot be trusted."""
    lines: Sequence[int]
    """The line number of each row."""
    columns: Mapping[ColumnKey, Sequence[float]]


class EventKind(Enum):
    """What happened. The errors among them are counted in `training_errors_total{kind}` under these very values."""

    STARTED = "started"
    """Training begins; `iteration` is the first one."""
    PLANNED = "planned"
    """The length became known; `iteration` is the number of planned iterations."""
    CHECKPOINT_SAVED = "checkpoint_saved"
    EVALUATED = "evaluated"
    FINISHED = "finished"
    """The program says that training ended as planned."""
    OUT_OF_MEMORY = "oom"
    NCCL = "nccl"
    CUDA = "cuda"
    TRACEBACK = "traceback"
    """The header of a Python traceback, or the framework's own report that an exception ended the training."""
    INTERRUPTED = "interrupted"
    """A user or a scheduler ended it: ^C, KeyboardInterrupt, SIGTERM."""
    KILLED = "killed"
    """The system ended it: segmentation fault, the kernel's out-of-memory killer, an abort."""
    EXCEPTION_RAISED = "exception_raised"
    """The framework says that an exception ended the training; its traceback, on the next line, is the error."""
    EXCEPTION_IGNORED = "exception_ignored"
    """Python says that it goes on after an exception; the traceback on the next line is no error."""


ERROR_KINDS = (
    EventKind.OUT_OF_MEMORY,
    EventKind.NCCL,
    EventKind.CUDA,
    EventKind.TRACEBACK,
    EventKind.INTERRUPTED,
    EventKind.KILLED,
)
"""In `training_errors_total` from the start, with 0. A run whose log ends in one of them has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened once, on one line."""

    kind: EventKind
    line: int
    iteration: int | None = None
    at: float | None = None
    """Log time in Unix seconds, None where the line has none or it cannot be trusted."""
    detail: str = ""
    """The line's own words, at most 200 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unparsed:
    """A line that carries the format's mark and could not be read."""

    line: int
    text: str
    """At most 200 characters of it."""
