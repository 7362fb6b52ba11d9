from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.app._energy import EnergyMeter
from exporter.model import GpuReading, Run, RunName, RunState, RunStatus

RUN = Run(name=RunName("a"), format="", paths=(), gpus=("GPU-1",), state=RunState(status=RunStatus.RUNNING))
ENDED = replace(RUN, state=RunState(status=RunStatus.FINISHED))


def reading(at: float, joules: float | None = None, watts: float | None = None, uuid: str = "GPU-1") -> GpuReading:
    return GpuReading(index=0, uuid=uuid, name="x", at=at, energy_joules=joules, power_watts=watts)


def used(run: Run, *readings: GpuReading, before: float = 0.0) -> float | None:
    meter = EnergyMeter({"a": before} if before else {})
    for one in readings:
        meter.measure([run], [one])
    return meter.joules("a")


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([reading(0, 1000.0), reading(5, 1600.0), reading(10, 1700.0)], 700.0),
        ([reading(0, watts=100.0), reading(5, watts=200.0)], 1000.0),
        ([reading(0, 1000.0), reading(5, 20.0), reading(10, 50.0)], 30.0),
        ([reading(0, 1000.0)], None),
        ([reading(0), reading(5)], None),
        ([reading(0, 5.0), reading(0, 900.0)], None),
        ([reading(0, 5.0, uuid="GPU-2"), reading(5, 9.0, uuid="GPU-2")], None),
    ],
)
def test_a_run_is_charged_what_its_devices_used(readings: list[GpuReading], expected: float | None) -> None:
    assert used(RUN, *readings) == expected


def test_a_run_that_has_ended_is_charged_nothing() -> None:
    assert used(ENDED, reading(0, 0.0), reading(5, 100.0)) is None


def test_what_was_stored_goes_on() -> None:
    assert used(RUN, reading(0, 0.0), reading(5, 100.0), before=50.0) == 150.0
