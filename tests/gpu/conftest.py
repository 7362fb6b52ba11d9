"""The simulated driver under the real `pynvml`, in this process; and a clock that stands still."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from exporter.gpu.nvml_source import NvmlSource
from exporter.model import GpuReading
from tests.nvml.build import build
from tests.nvml.scenario import Scenario

LATER = 120.0
"""Longer than any back-off."""


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, loaded: the dynamic linker finds it by its soname when `pynvml` asks for the driver's."""
    library = build(tmp_path_factory.mktemp("nvml"))
    ctypes.CDLL(str(library))
    return library


@pytest.fixture
def scenario(driver: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scenario:
    assert driver.is_file()
    scenario = Scenario(tmp_path / "scenario.txt")
    monkeypatch.setenv("NVML_SCENARIO", str(scenario.path))
    return scenario


@pytest.fixture
def source(scenario: Scenario) -> Iterator[NvmlSource]:
    assert scenario.path.is_file()
    source = NvmlSource()
    yield source
    source.close()


def only(readings: tuple[GpuReading, ...]) -> GpuReading:
    (reading,) = readings
    return reading


class ManualClock:
    """Time that passes only when a test says so."""

    def __init__(self, at: float = 1_700_000_000.0) -> None:
        self.at = at
        self.asked = Event()

    def now(self) -> float:
        self.asked.set()
        return self.at

    def monotonic(self) -> float:
        return self.at - 1_600_000_000.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()
