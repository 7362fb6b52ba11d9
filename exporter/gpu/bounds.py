"""Raw values of the driver to values in base units; what no device can read is None.

Drivers answer with filler where they have nothing: 4294967295, 9223372036854775794, 255 (dcgm-exporter issue 418).
"""

from __future__ import annotations

from typing import Final

MEMORY_MAX: Final = 2**50
"""1 PiB; the largest device of 2026 has 288 GB."""
COUNT_MAX: Final = 2**53
"""The largest count that a sample, a float64, holds exactly; in mJ the energy of 10 kW for 28 years."""
TEMPERATURE_MIN: Final = -40.0
TEMPERATURE_MAX: Final = 150.0
"""Devices slow down below 100 degrees and switch themselves off a little above; 255 is a sensor's filler."""
POWER_MAX_MW: Final = 10_000_000
"""10 kW; the largest device of 2026 takes 1.4 kW."""
CLOCK_MAX_MHZ: Final = 100_000
"""The fastest memory clock of 2026 is 14 GHz."""


def within(value: float | None, low: float, high: float) -> float | None:
    """The value, or None where it is outside of [low, high]."""
    return value if value is not None and low <= value <= high else None


def scaled(value: int | None, high: int, factor: float) -> float | None:
    """The value times `factor`, or None where it is outside of [0, high]."""
    return value * factor if value is not None and 0 <= value <= high else None


def count(value: int | None) -> int | None:
    """The count, or None where it is filler."""
    return value if value is not None and 0 <= value < COUNT_MAX else None


def size(value: int | None, total: int) -> int | None:
    """The part of a memory of `total` bytes, or None where it is larger."""
    return value if value is not None and 0 <= value <= total else None


def ratio(percent: int | None) -> float | None:
    """0 to 1, or None where it is no percentage."""
    return percent / 100 if percent is not None and 0 <= percent <= 100 else None  # noqa: PLR2004 - percent
