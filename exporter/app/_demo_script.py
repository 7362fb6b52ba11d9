"""The demo's training: what a Detectron2 run of ten minutes writes, and what its device does meanwhile.

The loss falls, an evaluation comes every minute, memory grows until a batch of large images nearly fills the
device and is given back, then the loss stands still while half of the plan lies ahead: time to stop.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Final

from ..gpu.simulated import Scene

LENGTH_S: Final = 600.0
ITERATION_S: Final = 0.1
LOG_EVERY: Final = 10
EVALUATE_EVERY_S: Final = 60.0
PLANNED: Final = 7_000
"""The demo ends after six thousand: the advice comes before the plan does."""

_FLOOR, _HEIGHT, _DECAY_S, _DRIFT, _NOISE = 0.42, 3.4, 22.0, 1.5e-5, 0.006
"""Of the loss: where it ends, what it loses, how fast, and how little it rises from then on."""
_BEST_SCORE, _SCORE_RISE_S, _SCORE_FALLS_FROM_S, _SCORE_FALL = 0.62, 60.0, 190.0, 2e-4
"""Of the score: it is best after three minutes."""


class DemoTraining:
    """Lines of the log in order, each with the second at which it is written."""

    def __init__(self, started_at: float) -> None:
        self._started_at = started_at
        self._random = random.Random(9936)  # noqa: S311 - a training curve, the same in every demo

    def lines(self) -> Iterator[tuple[float, str]]:
        """(seconds since the start, line without its end)."""
        yield 0.0, self._line(0.0, "d2.config.defaults", "Running with full config:")
        yield 0.0, f"SOLVER:\n  MAX_ITER: {PLANNED}"
        yield 0.0, self._line(0.0, "d2.engine.train_loop", "Starting training from iteration 0")
        next_evaluation = EVALUATE_EVERY_S
        for iteration in range(LOG_EVERY, int(LENGTH_S / ITERATION_S) + 1, LOG_EVERY):
            seconds = iteration * ITERATION_S
            yield seconds, self._line(seconds, "d2.utils.events", self._metrics(iteration, seconds))
            if seconds >= next_evaluation:
                next_evaluation += EVALUATE_EVERY_S
                yield from self._evaluation(seconds)

    def _line(self, seconds: float, logger: str, text: str) -> str:
        stamp = datetime.fromtimestamp(self._started_at + seconds)  # noqa: DTZ006 - Detectron2 writes local time
        return f"[{stamp:%m/%d %H:%M:%S}] {logger} INFO: {text}"

    def _metrics(self, iteration: int, seconds: float) -> str:
        trend = _FLOOR + _HEIGHT * math.exp(-seconds / _DECAY_S) + _DRIFT * seconds
        loss = trend * (1 + self._random.gauss(0, _NOISE))
        remaining = int((PLANNED - iteration) * ITERATION_S)
        eta = f"{remaining // 3600}:{remaining // 60 % 60:02}:{remaining % 60:02}"
        rate = 0.02 * min(1.0, iteration / 1000)
        time, data_time = ITERATION_S * self._random.uniform(0.98, 1.02), self._random.uniform(0.004, 0.006)
        return (
            f" eta: {eta}  iter: {iteration - 1}  total_loss: {loss:.4g}  loss_cls: {loss * 0.55:.4g}"
            f"  loss_box_reg: {loss * 0.35:.4g}  loss_rpn_cls: {loss * 0.1:.4g}"
            f"  time: {time:.4f}  data_time: {data_time:.4f}  lr: {rate:.5g}"
            f"  max_mem: {int(memory_share(seconds) * 22_000)}M"
        )

    def _evaluation(self, seconds: float) -> Iterator[tuple[float, str]]:
        falls = 1 - _SCORE_FALL * max(0.0, seconds - _SCORE_FALLS_FROM_S)
        score = 100 * _BEST_SCORE * (1 - math.exp(-seconds / _SCORE_RISE_S)) * falls
        values = ",".join(f"{score * share:.4f}" for share in (1.0, 1.42, 1.08, 0.55, 0.98, 1.21))
        for text in ("copypaste: Task: bbox", "copypaste: AP,AP50,AP75,APs,APm,APl", f"copypaste: {values}"):
            yield seconds, self._line(seconds, "d2.evaluation.testing", text)


SCENES: Final = tuple(
    Scene(at_s=at, memory_ratio=memory, utilization_ratio=busy, temperature_celsius=heat, power_watts=power)
    for at, memory, busy, heat, power in (
        (0, 0.56, 0.10, 38, 60),
        (10, 0.57, 0.93, 52, 290),
        (60, 0.62, 0.96, 64, 330),
        (240, 0.965, 0.97, 71, 345),
        (400, 0.975, 0.97, 72, 345),
        (415, 0.70, 0.95, 70, 330),
        (600, 0.70, 0.95, 70, 330),
        (605, 0.05, 0.01, 60, 70),
    )
)
"""The device: its memory climbs for four minutes, and is given back after almost seven."""


def memory_share(seconds: float) -> float:
    """Share of the device's memory in use at a second of the demo."""
    for before, after in pairwise(SCENES):
        if seconds < after.at_s:
            passed = max(0.0, seconds - before.at_s) / (after.at_s - before.at_s)
            return before.memory_ratio + (after.memory_ratio - before.memory_ratio) * passed
    return SCENES[-1].memory_ratio
