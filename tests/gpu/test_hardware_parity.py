"""On a machine with an NVIDIA device: what we read is what the driver's own program shows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import exporter

pytestmark = pytest.mark.real("nvidia-smi", optional=True)

MIB = 2**20
QUERY = {
    "index": "index",
    "uuid": "uuid",
    "name": "name",
    "driver_version": "driver_version",
    "pci.bus_id": "pci_bus_id",
    "memory.total": "memory_total_bytes",
    "memory.used": "memory_used_bytes",
    "memory.free": "memory_free_bytes",
    "memory.reserved": "memory_reserved_bytes",
    "temperature.gpu": "temperature_celsius",
    "power.draw.instant": "power_watts",
    "enforced.power.limit": "power_limit_watts",
    "utilization.gpu": "utilization_ratio",
    "ecc.errors.uncorrected.aggregate.total": "ecc",
}
SAME = ("index", "uuid", "name", "driver_version", "pci_bus_id")
NEAR = {
    "memory_total_bytes": (MIB, MIB),
    "memory_used_bytes": (MIB, 64 * MIB),
    "memory_free_bytes": (MIB, 64 * MIB),
    "memory_reserved_bytes": (MIB, 64 * MIB),
    "temperature_celsius": (1, 5),
    "power_limit_watts": (1, 0.01),
    "power_watts": (1, 100),
    "utilization_ratio": (0.01, 1),
}
"""Unit of nvidia-smi and how far apart two looks at a device at rest may be."""
PROGRAM = """
import dataclasses, json
from exporter.gpu.nvml_source import NvmlSource
source = NvmlSource()
readings = [dataclasses.asdict(reading) for reading in source.read(1.0)]
for reading in readings:
    reading["ecc"] = reading.pop("ecc_errors").get(("uncorrected", "aggregate"))
print(json.dumps(readings))
source.close()
"""


@pytest.fixture(scope="module")
def ours() -> list[dict[str, Any]]:
    """A process of its own: this one may have the simulated driver loaded."""
    root = Path(exporter.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=root, capture_output=True, text=True, check=True)
    readings: list[dict[str, Any]] = json.loads(done.stdout)
    return readings


@pytest.fixture(scope="module")
def theirs() -> list[dict[str, str]]:
    command = ["nvidia-smi", f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader,nounits"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [dict(zip(QUERY.values(), (cell.strip() for cell in line.split(",")), strict=True)) for line in lines]


def test_the_same_devices(ours: list[dict[str, Any]], theirs: list[dict[str, str]]) -> None:
    assert [{key: str(gpu[key]) for key in SAME} for gpu in ours] == [{key: gpu[key] for key in SAME} for gpu in theirs]


@pytest.mark.parametrize("field", NEAR)
def test_the_same_readings(ours: list[dict[str, Any]], theirs: list[dict[str, str]], field: str) -> None:
    unit, tolerance = NEAR[field]
    for our, their in zip(ours, theirs, strict=True):
        if their[field].startswith("["):  # [N/A], [Not Supported]
            assert our[field] is None
        else:
            assert our[field] == pytest.approx(float(their[field]) * unit, abs=tolerance)


def test_the_same_ecc_errors(ours: list[dict[str, Any]], theirs: list[dict[str, str]]) -> None:
    for our, their in zip(ours, theirs, strict=True):
        assert our["ecc"] == (None if their["ecc"].startswith("[") else int(their["ecc"]))
