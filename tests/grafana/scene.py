"""A scene in which every panel has something to show: two runs, two devices, everything logged, much gone wrong."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from math import nan
from typing import Final

from exporter.clock import SystemClock
from exporter.model import (
    Budget,
    ColumnKey,
    EventKind,
    GpuProcess,
    GpuReading,
    Health,
    LineCounts,
    LogHealth,
    Quantity,
    ReceiverHealth,
    RuleGroupHealth,
    Run,
    RunName,
    RunState,
    Snapshot,
    SourcePath,
    Target,
)
from tests.runs.told import AP, ETA, SECONDS, TRAIN, VAL, event, live, rows, told

DETECTOR: Final = "detector"
SEGMENTER: Final = "segmenter"
GIB: Final = 1024**3
ROWS: Final = 800
LOGGED: Final = (
    ColumnKey(Quantity.LOSS, "train", "loss_cls"),
    ColumnKey(Quantity.LEARNING_RATE, "", "backbone"),
    ColumnKey(Quantity.DATA_SECONDS),
    ColumnKey(Quantity.GPU_MEMORY_PEAK_BYTES),
    ColumnKey(Quantity.GRADIENT_NORM),
    ColumnKey(Quantity.LOSS_SCALE),
    ColumnKey(Quantity.SAMPLES_PER_SECOND),
    ColumnKey(Quantity.TOKENS_PER_SECOND),
    ColumnKey(Quantity.MFU_RATIO),
    ColumnKey(Quantity.SCORE, "val", "bbox/AP-person"),
)


class Scene:
    """Publishes a new snapshot at each look: the memory of the first device fills up."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._looks = count()
        now = self._clock.now()
        self._runs = (
            _run(DETECTOR, _learning(now), gpus=("GPU-0", "GPU-1")),
            _run(SEGMENTER, _failed(now), gpus=("GPU-1",)),
        )

    def snapshot(self) -> Snapshot:
        now, used = self._clock.now(), 10 * GIB + next(self._looks) * GIB // 8
        return Snapshot(
            at=now,
            runs=self._runs,
            gpus=(_gpu(0, now, used), _gpu(1, now, 3 * GIB)),
            health=Health(
                version="1",
                python_version="3",
                rule_groups=(RuleGroupHealth(group="stop", evaluations=5, failures=1),),
                receivers=(ReceiverHealth(receiver="slack", delivered=3, retried=1, queue_length=2),),
            ),
        )


def _learning(now: float) -> RunState:
    losses = [0.4 + 3.0 / (1 + row) + 0.01 * (row % 7) for row in range(ROWS)]
    columns = {TRAIN: losses, VAL: [*losses[:-1], nan]} | {key: [0.5] * ROWS for key in (*LOGGED, AP, SECONDS, ETA)}
    return told(
        event(EventKind.STARTED),
        event(EventKind.PLANNED, 1000),
        event(EventKind.OUT_OF_MEMORY),
        rows(range(ROWS), columns, at=[now - ROWS + row for row in range(ROWS)]),
        chunk=live(now),
    )


def _failed(now: float) -> RunState:
    state = told(rows(range(9), at=[now - 10] * 9), event(EventKind.KILLED, at=now), chunk=live(now))
    return replace(state, last_failed_at=now)


def _run(name: str, state: RunState, gpus: tuple[str, ...]) -> Run:
    path = SourcePath(f"/logs/{name}/log.txt")
    return Run(
        name=RunName(name),
        format="detectron2",
        paths=(path,),
        gpus=gpus,
        targets=(Target(split="train", metric="total", value=0.3), Target(split="val", metric="bbox/AP", value=0.6)),
        budget=Budget(seconds=7200, gpu_seconds=14400, joules=1e7, cost=100),
        cost_per_gpu_hour=2.5,
        energy_joules=1e6,
        gpu_seconds=3600.0 * len(gpus),
        state=replace(state, lines=LineCounts(parsed=ROWS, ignored=7, unparsed=1)),
        logs=(LogHealth(path=path, bytes_read=100_000, lag_bytes=10),),
    )


def _gpu(index: int, now: float, used: int) -> GpuReading:
    return GpuReading(
        index=index,
        uuid=f"GPU-{index}",
        name="NVIDIA H200",
        at=now,
        driver_version="580.95.05",
        pci_bus_id=f"00000000:{index:02}:00.0",
        memory_used_bytes=used,
        memory_free_bytes=79 * GIB - used,
        memory_total_bytes=80 * GIB,
        memory_reserved_bytes=1 * GIB,
        memory_used_peak_bytes=used,
        utilization_ratio=0.9,
        memory_utilization_ratio=0.4,
        temperature_celsius=70,
        power_watts=500,
        power_limit_watts=700,
        energy_joules=1e6,
        clock_hertz={"sm": 1.9e9, "memory": 3.2e9},
        clocks_events_active={"sw_power_cap": True, "hw_thermal_slowdown": False},
        ecc_errors={("corrected", "volatile"): 2, ("uncorrected", "volatile"): 0},
        xid_errors={79: 1},
        last_xid_at=now,
        processes=(GpuProcess(pid=1, name="python3", memory_used_bytes=used),),
    )
