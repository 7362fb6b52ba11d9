from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.app._energy import ConsumptionMeter
from exporter.checkpoints import Consumption
from exporter.model import Activity, GpuReading, Run, RunName, RunState, RunStatus

RUN = Run(name=RunName("a"), format="", paths=(), gpus=("GPU-1",), state=RunState(status=RunStatus.RUNNING))
ENDED = replace(RUN, state=RunState(status=RunStatus.FINISHED))


def reading(at: float, joules: float | None = None, watts: float | None = None, uuid: str = "GPU-1") -> GpuReading:
    return GpuReading(index=0, uuid=uuid, name="x", at=at, energy_joules=joules, power_watts=watts)


def used(run: Run, *readings: GpuReading, before: float = 0.0) -> float | None:
    meter = ConsumptionMeter({"a": Consumption(joules=before)} if before else {})
    for one in readings:
        meter.measure([run], [one])
    return meter.total(RUN.name).joules


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


def active(seconds: float, *gpus: str) -> Run:
    state = RunState(status=RunStatus.RUNNING, activity=Activity(closed_seconds=seconds))
    return replace(RUN, gpus=gpus, state=state)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([active(3600, "GPU-1")], 3600, id="what was before this program came"),
        pytest.param([active(100, "GPU-1"), active(150, "GPU-1", "GPU-2")], 200, id="a device more from then on"),
        pytest.param([active(100, "GPU-1", "GPU-2"), active(150, "GPU-1")], 250, id="a device less: it never falls"),
        pytest.param([active(100), active(150, "GPU-1")], 50, id="nothing of a time without a link"),
        pytest.param([active(100, "GPU-1"), active(0, "GPU-1"), active(30, "GPU-1")], 130, id="a log read anew"),
        pytest.param([active(100), active(150)], None, id="no device, no time"),
    ],
)
def test_device_time_is_active_time_on_the_devices_of_that_time(steps: list[Run], expected: float | None) -> None:
    meter = ConsumptionMeter({})
    for at, run in enumerate(steps):
        meter.measure([run], [reading(at)])
    assert meter.total(RUN.name).gpu_seconds == expected
    again = ConsumptionMeter(dict(meter.totals()))
    again.measure([steps[-1]], [reading(9)])
    assert again.total(RUN.name) == meter.total(RUN.name)


def test_before_the_devices_are_known_no_time_is_counted_as_without_them() -> None:
    meter = ConsumptionMeter({})
    meter.measure([active(100)], [])
    meter.measure([active(150, "GPU-1")], [reading(1)])
    assert meter.total(RUN.name).gpu_seconds == 150
