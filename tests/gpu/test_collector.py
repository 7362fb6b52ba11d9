"""Readings of devices to metrics."""

from __future__ import annotations

import pytest

from exporter import catalog
from exporter.collectors.gpu import COLLECTOR
from exporter.gpu.nvml_source import NvmlSource
from exporter.model import GpuProcess, GpuReading, Snapshot
from tests.nvml.scenario import Scenario

UUID = "GPU-51a1a7ed-0000-4000-8000-000000000000"


def samples(*gpus: GpuReading) -> dict[tuple[str, ...], float]:
    return {
        (reading.metric.name, *reading.labels): reading.value
        for reading in COLLECTOR.collect(Snapshot(at=0, gpus=gpus))
    }


@pytest.mark.real("gcc")
def test_every_metric_of_a_device_is_yielded(scenario: Scenario) -> None:
    source = NvmlSource()
    source.read(1000)
    scenario.say("events", "0:31")
    scenario.say("gpu0.compute_processes", "1:1MiB")
    (reading,) = source.read(1005)
    source.close()
    found = COLLECTOR.collect(Snapshot(at=0, gpus=(reading,)))
    wanted = {metric.name for metric in catalog.METRICS if metric.name.startswith("gpu_")}
    assert {reading.metric.name for reading in found} == wanted - {catalog.GPU_MEMORY_USED_PEAK.name}


def test_what_is_not_known_has_no_sample() -> None:
    assert samples(GpuReading(index=3, uuid=UUID, name="NVIDIA H200", at=0, temperature_celsius=0)) == {
        ("gpu_info", "3", UUID, "NVIDIA H200", "", ""): 1,
        ("gpu_lost", "3", UUID): 0,
        ("gpu_temperature_celsius", "3", UUID): 0,
    }


def test_a_lost_device_has_only_that_its_name_and_the_xids_before() -> None:
    lost = GpuReading(index=0, uuid=UUID, name="N", at=0, lost=True, xid_errors={79: 1}, last_xid_at=5.0)
    assert samples(lost) == {
        ("gpu_info", "0", UUID, "N", "", ""): 1,
        ("gpu_lost", "0", UUID): 1,
        ("gpu_xid_errors_total", "0", UUID, "79"): 1,
        ("gpu_last_xid_timestamp_seconds", "0", UUID): 5,
    }
    assert samples(GpuReading(index=0, uuid="", name="", at=0, lost=True)) == {("gpu_lost", "0", ""): 1}


def test_processes_are_summed_by_program_and_bounded() -> None:
    processes = [GpuProcess(pid=pid, name=f"p{pid:02}", memory_used_bytes=100 - pid) for pid in range(12)]
    processes += [GpuProcess(pid=50, name="p00", memory_used_bytes=1000)]
    processes += [GpuProcess(pid=51, name="other", memory_used_bytes=500)]
    processes += [GpuProcess(pid=52, name="hidden", memory_used_bytes=None)]
    found = samples(GpuReading(index=0, uuid=UUID, name="N", at=0, processes=tuple(processes)))
    memory = {labels[-1]: value for labels, value in found.items() if labels[0] == "gpu_process_memory_used_bytes"}
    assert memory == {
        "p00": 1100,
        "other": 500 + (100 - 9) + (100 - 10) + (100 - 11),
        **{f"p{pid:02}": 100 - pid for pid in range(1, 9)},
    }
