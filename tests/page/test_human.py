from __future__ import annotations

import pytest

from exporter.page import human


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.101, "101 ms"),
        (1.0, "1 s"),
        (7.94, "7.9 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (12_030, "3 h 20 min"),
        (3659, "1 h"),
        (100_000, "1 d 3 h"),
        (float("inf"), "unknown"),
        (float("nan"), "unknown"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert human.duration(seconds) == text


def test_numbers() -> None:
    assert [human.number(value) for value in (0.52134, 2.5e-05, 12345.6)] == ["0.5213", "2.5e-05", "1.235e+04"]
    assert [human.number(float(text)) for text in ("nan", "inf", "-inf")] == ["NaN", "∞", "−∞"]  # noqa: RUF001 - meant
    assert (human.count(12_000), human.percent(0.8754), human.memory(12.5 * 2**30)) == ("12,000", "87.5 %", "12.5 GiB")
