"""The demo's device."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.gpu.simulated import Scene, SimulatedGpus

SCENES = (
    Scene(at_s=0, memory_ratio=0.05, utilization_ratio=0, temperature_celsius=35, power_watts=20),
    Scene(at_s=100, memory_ratio=0.95, utilization_ratio=1, temperature_celsius=75, power_watts=420),
    Scene(at_s=300, memory_ratio=0.95, utilization_ratio=1, temperature_celsius=75, power_watts=420),
)
GPUS = SimulatedGpus(SCENES, started_at=1000)


def test_between_two_scenes_it_goes_in_straight_lines() -> None:
    (reading,) = GPUS.read(1050)
    assert reading.memory_free_bytes is not None
    assert reading.memory_total_bytes is not None
    assert 1 - reading.memory_free_bytes / reading.memory_total_bytes == pytest.approx(0.5)
    assert (reading.utilization_ratio, reading.temperature_celsius, reading.power_watts) == (0.5, 55, 220)


@pytest.mark.parametrize(("at", "ratio"), [(0, 0.05), (999, 0.05), (1300, 0.95), (9999, 0.95)])
def test_before_and_after_the_scenes_it_rests(at: float, ratio: float) -> None:
    (reading,) = GPUS.read(at)
    assert reading.memory_free_bytes is not None
    assert 1 - reading.memory_free_bytes / (24564 * 2**20) == pytest.approx(ratio)


def test_energy_is_the_power_over_the_time() -> None:
    before, after = GPUS.read(1000)[0].energy_joules, GPUS.read(1200)[0].energy_joules
    assert before is not None
    assert after is not None
    assert after - before == pytest.approx(100 * 220 + 100 * 420)


@given(st.floats(0, 3000), st.floats(0, 100))
def test_energy_never_falls_and_the_parts_of_the_memory_make_the_whole(at: float, later: float) -> None:
    (first,), (second,) = GPUS.read(at), GPUS.read(at + later)
    assert first.energy_joules is not None
    assert second.energy_joules is not None
    assert second.energy_joules >= first.energy_joules
    memory = GPUS.read_memory(at)[first.uuid]
    assert (memory.used or 0) + (memory.free or 0) + (memory.reserved or 0) == memory.total
    assert memory.used == first.memory_used_bytes


def test_it_introduces_itself_as_a_simulation() -> None:
    (device,) = GPUS.inventory().devices
    assert device.name == "NVIDIA GeForce RTX 4090 (simulated)"
    assert device.uuid == GPUS.read(0)[0].uuid
