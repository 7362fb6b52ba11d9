"""What a scrape may see, over the simulated driver and the demo's simulation."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.gpu import Sampler
from exporter.gpu.nvml_source import NvmlSource
from exporter.gpu.simulated import Scene, SimulatedGpus
from tests.nvml.scenario import Scenario

from .conftest import ManualClock

MIB = 2**20


@pytest.fixture
def sampler(scenario: Scenario, clock: ManualClock) -> Iterator[Sampler]:
    assert scenario.path.is_file()
    sampler = Sampler(NvmlSource(), clock)
    yield sampler
    sampler.close()


def tick(sampler: Sampler, clock: ManualClock, seconds: int = 1) -> None:
    for _ in range(seconds):
        clock.at += sampler.interval_s
        sampler.tick()


@pytest.mark.real("gcc")
def test_nothing_is_published_before_the_first_tick(sampler: Sampler) -> None:
    assert sampler.readings() == ()
    assert sampler.inventory is None


@pytest.mark.real("gcc")
def test_the_peak_between_two_full_readings_is_seen_for_a_minute(
    sampler: Sampler, clock: ManualClock, scenario: Scenario
) -> None:
    tick(sampler, clock, 2)
    scenario.say("gpu0.memory_used", "23000MiB")
    tick(sampler, clock)
    scenario.say("gpu0.memory_used", "9000MiB")
    tick(sampler, clock)
    (reading,) = sampler.readings()
    assert (reading.memory_used_bytes, reading.memory_used_peak_bytes) == (9000 * MIB, 23000 * MIB)
    assert reading.memory_free_bytes == (24564 - 420 - 9000) * MIB
    tick(sampler, clock, 58)
    assert sampler.readings()[0].memory_used_peak_bytes == 23000 * MIB
    tick(sampler, clock)
    assert sampler.readings()[0].memory_used_peak_bytes == 9000 * MIB


@pytest.mark.real("gcc")
def test_everything_but_the_memory_is_read_every_five_seconds(
    sampler: Sampler, clock: ManualClock, scenario: Scenario
) -> None:
    tick(sampler, clock)
    started = clock.at
    scenario.say("gpu0.temperature", 80)
    tick(sampler, clock, 4)
    assert [(gpu.temperature_celsius, gpu.at) for gpu in sampler.readings()] == [(64.0, started)]
    tick(sampler, clock)
    assert [(gpu.temperature_celsius, gpu.at) for gpu in sampler.readings()] == [(80.0, started + 5)]


@pytest.mark.real("gcc")
def test_a_loss_is_seen_at_the_next_tick(sampler: Sampler, clock: ManualClock, scenario: Scenario) -> None:
    tick(sampler, clock)
    scenario.say("gpu0.device", "!15")
    tick(sampler, clock)
    (reading,) = sampler.readings()
    assert reading.lost
    assert reading.memory_used_bytes is None
    tick(sampler, clock, 3)
    assert sampler.readings()[0].lost


@pytest.mark.real("gcc")
def test_a_driver_that_goes_away_takes_its_readings_with_it(
    sampler: Sampler, clock: ManualClock, scenario: Scenario
) -> None:
    tick(sampler, clock)
    scenario.say("driver", "!9")
    tick(sampler, clock)
    assert sampler.readings() == ()
    assert sampler.inventory is not None
    assert "not loaded" in sampler.inventory.problem


@pytest.mark.real("gcc")
def test_a_driver_that_hangs_blocks_nobody_and_its_readings_are_withdrawn(
    sampler: Sampler, clock: ManualClock, scenario: Scenario, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    tick(sampler, clock)
    caplog.clear()
    scenario.say("gpu0.sleep_ms", 400)
    clock.asked.clear()
    hanging = Thread(target=sampler.tick)
    hanging.start()
    assert clock.asked.wait(10)
    clock.at += 14
    assert len(sampler.readings()) == 1
    clock.at += 2
    assert sampler.readings() == ()
    assert sampler.readings() == ()
    hanging.join()
    assert sampler.readings() == ()  # what that call brought is as old as its beginning
    scenario.unsay("gpu0.sleep_ms")
    tick(sampler, clock)
    assert len(sampler.readings()) == 1
    assert [record.message for record in caplog.records] == [
        "gpu driver hangs: its readings are withdrawn",
        "gpu driver answers again",
    ]


@given(st.lists(st.floats(0.1, 1), min_size=1, max_size=200))
def test_the_peak_is_the_highest_of_the_last_sixty_samples(ratios: list[float]) -> None:
    scenes = [
        Scene(at_s=second, memory_ratio=ratio, utilization_ratio=1, temperature_celsius=60, power_watts=300)
        for second, ratio in enumerate(ratios)
    ]
    clock = ManualClock()
    sampler = Sampler(SimulatedGpus(scenes, started_at=clock.at), clock)
    used = []
    for _ in ratios:
        sampler.tick()
        clock.at += 1
        (reading,) = sampler.readings()
        assert reading.memory_used_bytes is not None
        used.append(reading.memory_used_bytes)
        assert reading.memory_used_peak_bytes == max(used[-60:])
