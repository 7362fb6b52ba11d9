"""Lines as Detectron2 and Darknet write them, composed from their grammar; and a log that a test writes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path

STEP = 20
"""Iterations between two rows of Detectron2."""
PLANNED = 90_000


def detectron2_start(at: float) -> str:
    """The first line of a training, at a time in Unix seconds."""
    return f"[{_clock(at)}] d2.engine.train_loop INFO: Starting training from iteration 0"


def detectron2(iteration: int, at: float, *, loss: float = 1.5, component: str = "loss_cls") -> str:
    """A row of the metric printer."""
    eta = f"{(PLANNED - iteration) // 3600}:{(PLANNED - iteration) // 60 % 60:02}:{(PLANNED - iteration) % 60:02}"
    return (
        f"[{_clock(at)}] d2.utils.events INFO:  eta: {eta}  iter: {iteration}  total_loss: {loss:.4g}  "
        f"{component}: {loss / 2:.4g}  time: 1.0000  data_time: 0.0100  lr: 0.004  max_mem: 3088M"
    )


def detectron2_end(at: float) -> tuple[str, ...]:
    """The last words of a training that came to its planned end, after a row at `PLANNED - 1`."""
    return (
        f"[{_clock(at)}] d2.engine.hooks INFO: Overall training speed: {PLANNED - 2} iterations in 1 day, 0:59:58",
        f"[{_clock(at)}] d2.engine.hooks INFO: Total training time: 1 day, 1:00:00 (0:00:02 on hooks)",
    )


def detectron2_out_of_memory(at: float) -> tuple[str, ...]:
    """How an exception ends a training."""
    return (
        f"[{_clock(at)}] d2.engine.train_loop ERROR: Exception during training:",
        "Traceback (most recent call last):",
        '  File "train_loop.py", line 155, in train',
        "    self.run_step()",
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 336.00 MiB.",
        f"[{_clock(at)}] d2.engine.hooks INFO: Total training time: 1:00:00 (0:00:00 on hooks)",
    )


def detectron2_json(iteration: int, *, loss: float = 1.5) -> str:
    """A row of `metrics.json`, which knows no time."""
    return json.dumps(
        {"data_time": 0.01, "eta_seconds": float(PLANNED - iteration), "iteration": iteration, "loss_cls": loss / 2}
        | {"lr": 0.004, "time": 1.0, "total_loss": loss}
    )


DARKNET_START = "Learning Rate: 0.001, Momentum: 0.9, Decay: 0.0005"
DARKNET_END = (
    "Saving weights to backup//yolov4_final.weights",
    "If you want to train from the beginning, then use flag in the end of training command: -clear ",
)
DARKNET_OUT_OF_MEMORY = (
    "CUDA Error: out of memory",
    "darknet: ./src/cuda.c:36: check_error: Assertion `0' failed.",
    "Aborted (core dumped)",
)


def darknet(iteration: int, *, loss: float = 1.5) -> str:
    """A row of the console, which knows no time."""
    return (
        f" {iteration}: {loss:.6f}, {loss:.6f} avg loss, 0.001000 rate, 2.013000 seconds, "
        f"{64 * iteration} images, 63.352267 hours left"
    )


def write(path: Path, lines: Iterable[str], *, modified_at: float | None = None) -> None:
    """Appends whole lines, as one write; the file may be stamped with another time than now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))
    if modified_at is not None:
        os.utime(path, (modified_at, modified_at))


def _clock(at: float) -> str:
    """Detectron2's stamp: local time without year and zone."""
    return time.strftime("%m/%d %H:%M:%S", time.localtime(at))
