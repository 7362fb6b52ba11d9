from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("250ms", 250),
        ("15s", 15_000),
        ("1m5ms", 60_005),
        ("1d2h", 93_600_000),
        ("1y1w1d1h1m1s1ms", (365 + 7 + 1) * 86_400_000 + 3_661_001),
    ],
)
def test_reads_durations(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize("text", ["", "1", "1.5s", "-1s", "5x", "1s1m", "1s1s", " 1s", "1 s", "300y", "\u0661s"])
def test_refuses_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0s"), (90_000, "1m30s"), (14 * 86_400_000, "2w"), (15 * 86_400_000, "15d"), (365 * 86_400_000, "1y")],
)
def test_prints_durations(milliseconds: int, text: str) -> None:
    assert format_duration(milliseconds) == text


@given(st.integers(min_value=0, max_value=2**63 // 1_000_000 - 1))
def test_prints_what_it_reads(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds)) == milliseconds
