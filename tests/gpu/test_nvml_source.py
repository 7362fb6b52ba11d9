"""The real `pynvml` on the simulated driver: what each answer of a driver becomes."""

from __future__ import annotations

import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.gpu.nvml_source import NvmlSource
from exporter.model import GpuProcess, GpuReading
from tests.nvml.scenario import Scenario

from .conftest import LATER, only

pytestmark = pytest.mark.real("gcc")

AT = 1_700_000_000.0
MIB = 2**20


def test_a_healthy_device_says_everything_in_base_units(scenario: Scenario, source: NvmlSource) -> None:
    scenario.say("gpu.clocks_event_reasons", 0x44)
    scenario.say("gpu.supported_clocks_event_reasons", 0x65)
    scenario.say("gpu.ecc_uncorrected_aggregate", 2)
    assert only(source.read(AT)) == GpuReading(
        index=0,
        uuid="GPU-51a1a7ed-0000-4000-8000-000000000000",
        name="NVIDIA GeForce RTX 4090",
        at=AT,
        driver_version="580.95.05",
        pci_bus_id="00000000:18:00.0",
        memory_used_bytes=10240 * MIB,
        memory_free_bytes=13904 * MIB,
        memory_total_bytes=24564 * MIB,
        memory_reserved_bytes=420 * MIB,
        utilization_ratio=0.87,
        memory_utilization_ratio=0.43,
        temperature_celsius=64.0,
        power_watts=287.0,
        power_limit_watts=450.0,
        energy_joules=123456.789,
        clock_hertz={"graphics": 2.52e9, "sm": 2.52e9, "memory": 10.501e9, "video": 1.965e9},
        clocks_events_active={
            "gpu_idle": False,
            "sw_power_cap": True,
            "sw_thermal_slowdown": False,
            "hw_thermal_slowdown": True,
        },
        ecc_errors={
            ("corrected", "volatile"): 0,
            ("corrected", "aggregate"): 0,
            ("uncorrected", "volatile"): 0,
            ("uncorrected", "aggregate"): 2,
        },
        processes=(),
    )


def test_devices_are_read_apart_and_listed(scenario: Scenario, source: NvmlSource) -> None:
    scenario.say("devices", 2)
    scenario.say("gpu1.temperature", 71)
    assert [(gpu.index, gpu.temperature_celsius) for gpu in source.read(AT)] == [(0, 64.0), (1, 71.0)]
    inventory = source.inventory()
    assert inventory.driver_version == "580.95.05"
    assert inventory.problem == ""
    assert [(device.index, device.uuid[-1], device.memory_total_bytes) for device in inventory.devices] == [
        (0, "0", 24564 * MIB),
        (1, "1", 24564 * MIB),
    ]


@pytest.mark.parametrize("word", ["1", "GPU-51a1a7ed-0000-4000-8000-000000000001"])
def test_a_selection_reads_only_its_devices(scenario: Scenario, word: str) -> None:
    scenario.say("devices", 3)
    source = NvmlSource((word,))
    assert [gpu.index for gpu in source.read(AT)] == [1]
    source.close()


def test_a_selection_of_nothing_says_so(scenario: Scenario) -> None:
    scenario.say("devices", 2)
    source = NvmlSource(("7",))
    assert source.read(AT) == ()
    assert "no GPU is 7" in source.inventory().problem


FIELDS = {
    "temperature": "temperature_celsius",
    "power": "power_watts",
    "power_limit": "power_limit_watts",
    "energy": "energy_joules",
    "utilization": "utilization_ratio",
    "nvmlDeviceGetMemoryInfo_v2": "memory_free_bytes",
    "compute_processes": "processes",
    "nvmlDeviceGetPciInfo_v3": "pci_bus_id",
}


@pytest.mark.parametrize("error", [3, 4, 999])
@pytest.mark.parametrize(("key", "field"), FIELDS.items())
def test_a_call_that_fails_leaves_only_its_own_field_out(
    scenario: Scenario, source: NvmlSource, key: str, field: str, error: int
) -> None:
    if field == "processes":
        scenario.say("gpu0.graphics_processes", f"!{error}")
    scenario.say(f"gpu0.{key}", f"!{error}")
    reading = only(source.read(AT))
    assert not reading.lost
    absent = {name for name in GpuReading.__slots__ if getattr(reading, name) is None}
    beside = {"memory_utilization_ratio"} if key == "utilization" else set()
    beside |= {name for name in FIELDS_OF_MEMORY if field in FIELDS_OF_MEMORY}
    assert absent == {field, *beside, "memory_used_peak_bytes", "last_xid_at"}


FIELDS_OF_MEMORY = ("memory_used_bytes", "memory_free_bytes", "memory_total_bytes", "memory_reserved_bytes")


def test_what_is_not_supported_is_not_asked_again(scenario: Scenario, source: NvmlSource) -> None:
    scenario.say("gpu0.power", "!3")
    source.read(AT)
    scenario.unsay("gpu0.power")
    assert only(source.read(AT + LATER)).power_watts is None


def test_what_failed_once_is_asked_again(scenario: Scenario, source: NvmlSource) -> None:
    scenario.say("gpu0.power", "!999")
    assert only(source.read(AT)).power_watts is None
    scenario.unsay("gpu0.power")
    assert only(source.read(AT + 5)).power_watts == 287.0


def test_an_old_driver_has_memory_of_version_1_and_older_names(scenario: Scenario, source: NvmlSource) -> None:
    for function in ("MemoryInfo_v2", "TemperatureV", "CurrentClocksEventReasons", "SupportedClocksEventReasons"):
        scenario.say(f"nvmlDeviceGet{function}", "!13")
    reading = only(source.read(AT))
    assert reading.memory_reserved_bytes is None
    assert reading.memory_used_bytes == (10240 + 420) * MIB
    assert reading.memory_free_bytes == 13904 * MIB
    assert reading.temperature_celsius == 64.0
    assert reading.clocks_events_active["hw_slowdown"] is False


@pytest.mark.parametrize(
    ("key", "filler", "field"),
    [
        ("utilization", 4294967295, "utilization_ratio"),
        ("utilization", 101, "utilization_ratio"),
        ("temperature", 255, "temperature_celsius"),
        ("temperature", 0x7FFFFFF0, "temperature_celsius"),
        ("power", 4294967295, "power_watts"),
        ("energy", 9223372036854775794, "energy_joules"),
        ("energy", 18446744073709551615, "energy_joules"),
        ("memory_total", 18446744073709551615, "memory_used_bytes"),
        ("memory_used", 18446744073709551615, "memory_used_bytes"),
        ("memory_total", 0, "memory_free_bytes"),
    ],
)
def test_filler_is_no_value(scenario: Scenario, source: NvmlSource, key: str, filler: int, field: str) -> None:
    scenario.say(f"gpu0.{key}", filler)
    reading = only(source.read(AT))
    assert getattr(reading, field) is None
    assert not reading.lost


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    raw=st.dictionaries(
        st.sampled_from(
            (
                "memory_total",
                "memory_used",
                "memory_reserved",
                "utilization",
                "temperature",
                "power",
                "energy",
                "clock_sm",
                "clocks_event_reasons",
                "ecc_corrected_volatile",
            )
        ),
        st.integers(0, 2**64 - 1) | st.integers(0, 200),
        min_size=1,
    )
)
def test_whatever_a_driver_says_readings_are_possible(scenario: Scenario, raw: dict[str, int]) -> None:
    for key, value in raw.items():
        scenario.say(f"gpu0.{key}", value)
    source = NvmlSource()
    reading = only(source.read(AT))
    source.close()
    for key in raw:
        scenario.unsay(f"gpu0.{key}")
    memory = [getattr(reading, field) for field in FIELDS_OF_MEMORY]
    assert all(value is None or 0 <= value <= (reading.memory_total_bytes or 0) <= 2**50 for value in memory)
    assert reading.utilization_ratio is None or 0 <= reading.utilization_ratio <= 1
    assert reading.temperature_celsius is None or -40 <= reading.temperature_celsius <= 150
    assert reading.power_watts is None or 0 <= reading.power_watts <= 10_000
    assert reading.energy_joules is None or 0 <= reading.energy_joules <= 2**53 / 1000
    assert all(0 <= hertz <= 100e9 for hertz in reading.clock_hertz.values())
    assert all(0 <= count < 2**53 for count in reading.ecc_errors.values())


def test_energy_that_steps_back_is_left_out(scenario: Scenario, source: NvmlSource) -> None:
    seen = []
    for step, energy in enumerate((1_000_000, 999_000, 1_001_000)):
        scenario.say("gpu0.energy", energy)
        seen.append(only(source.read(AT + step)).energy_joules)
    assert seen == [1000.0, None, 1001.0]


def test_processes_have_names_and_are_counted_once(scenario: Scenario, source: NvmlSource) -> None:
    scenario.say("gpu0.compute_processes", "4294967001:2048MiB 4294967002:- 4294967003:100MiB")
    scenario.say("gpu0.graphics_processes", "4294967001:2048MiB 4294967004:5MiB")
    scenario.say("process_names", "4294967001:/opt/conda/bin/python3.11 4294967004:/usr/lib/xorg/Xorg")
    assert only(source.read(AT)).processes == (
        GpuProcess(pid=4294967001, name="python3.11", memory_used_bytes=2048 * MIB),
        GpuProcess(pid=4294967002, name="unknown", memory_used_bytes=None),
        GpuProcess(pid=4294967003, name="unknown", memory_used_bytes=100 * MIB),
        GpuProcess(pid=4294967004, name="Xorg", memory_used_bytes=5 * MIB),
    )


def test_a_lost_device_says_only_that_and_comes_back(
    scenario: Scenario, source: NvmlSource, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    scenario.say("devices", 2)
    source.read(AT)
    scenario.say("gpu1.device", "!15")
    healthy, lost = source.read(AT + 5)
    assert not healthy.lost
    assert lost == GpuReading(
        index=1,
        uuid="GPU-51a1a7ed-0000-4000-8000-000000000001",
        name="NVIDIA GeForce RTX 4090",
        pci_bus_id="00000000:19:00.0",
        driver_version="580.95.05",
        at=AT + 5,
        lost=True,
    )
    for step in range(6):
        source.read(AT + 10 + 5 * step)
    scenario.unsay("gpu1.device")
    _, back = source.read(AT + LATER)
    assert back.temperature_celsius == 64.0
    transitions = [record.message.partition(" uuid")[0] for record in caplog.records if "gpu=1" in record.message]
    assert transitions == ["gpu lost gpu=1", "gpu answers again gpu=1"]


def test_a_device_lost_before_the_start_has_no_identity_and_does_not_hide_the_others(
    scenario: Scenario, source: NvmlSource
) -> None:
    scenario.say("devices", 2)
    scenario.say("gpu0.device", "!15")
    lost, healthy = source.read(AT)
    assert (lost.lost, lost.uuid, lost.index) == (True, "", 0)
    assert healthy.temperature_celsius == 64.0
    assert [device.index for device in source.inventory().devices] == [1]


def test_a_lost_device_is_asked_ever_less_often(scenario: Scenario, source: NvmlSource) -> None:
    source.read(AT)
    scenario.say("gpu0.device", "!15")
    source.read(AT + 5)
    source.read(AT + 10)  # fails again: the next try is 10 s later
    scenario.unsay("gpu0.device")
    assert only(source.read(AT + 15)).lost
    assert not only(source.read(AT + 20)).lost
    scenario.say("gpu0.device", "!15")
    source.read(AT + 25)
    scenario.unsay("gpu0.device")
    assert not only(source.read(AT + 30)).lost  # it had answered: the first pause is 5 s again


def test_a_device_that_fails_every_question_is_lost(scenario: Scenario, source: NvmlSource) -> None:
    source.read(AT)
    scenario.say("gpu0.device", "!999")
    assert only(source.read(AT + 5)).lost


def test_a_driver_that_comes_later_is_found(
    scenario: Scenario, source: NvmlSource, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    scenario.say("init", "!9")
    for step in range(10):
        assert source.read(AT + 5 * step) == ()
    assert source.inventory().problem.startswith("the NVIDIA driver is installed but not loaded")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    scenario.unsay("init")
    assert only(source.read(AT + 50 + LATER)).temperature_celsius == 64.0
    assert source.inventory().problem == ""


def test_a_driver_that_restarts_is_found_again(scenario: Scenario, source: NvmlSource) -> None:
    source.read(AT)
    scenario.say("driver", "!1")
    assert source.read_memory(AT + 1) == {}
    assert source.read(AT + 5) == ()
    scenario.unsay("driver")
    assert source.read(AT + 6) == ()  # the back-off
    assert only(source.read(AT + 10)).temperature_celsius == 64.0


def test_a_device_that_a_restart_loses_keeps_its_identity(scenario: Scenario, source: NvmlSource) -> None:
    before = only(source.read(AT))
    scenario.say("driver", "!1")
    source.read(AT + 5)
    scenario.unsay("driver")
    scenario.say("gpu0.device", "!15")
    after = only(source.read(AT + LATER))
    assert (after.lost, after.uuid, after.name) == (True, before.uuid, before.name)


def test_a_driver_without_a_device_says_so(scenario: Scenario, source: NvmlSource) -> None:
    scenario.say("devices", 0)
    assert source.read(AT) == ()
    assert "knows no GPU" in source.inventory().problem


def test_memory_alone_is_the_same_as_in_a_full_reading(scenario: Scenario, source: NvmlSource) -> None:
    scenario.say("devices", 2)
    scenario.say("gpu1.nvmlDeviceGetMemoryInfo_v2", "!3")
    full, without = source.read(AT)
    memory = source.read_memory(AT + 1)
    assert set(memory) == {full.uuid}
    found = memory[full.uuid]
    assert (found.used, found.free, found.total, found.reserved) == tuple(
        getattr(full, field) for field in FIELDS_OF_MEMORY
    )
    assert without.memory_total_bytes is None
