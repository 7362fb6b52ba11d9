"""Log times without a year, bounded by when the lines were written."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.formats._logtime import LogClock
from tests.formats.told import chunk


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> float:
    return time.mktime((year, month, day, hour, minute, second, 0, 0, -1))


NEW_YEAR = local(2024, 1, 1, 0, 0, 30)


@pytest.mark.parametrize(
    ("text", "before", "expected"),
    [
        ("11/17 15:16:42", local(2023, 11, 18), local(2023, 11, 17, 15, 16, 42)),
        ("11/17 15:16:42", local(2023, 11, 17, 15, 16, 42), local(2023, 11, 17, 15, 16, 42)),
        ("11/19 15:16:42", local(2023, 11, 18), local(2022, 11, 19, 15, 16, 42)),
        ("12/31 23:59:59", NEW_YEAR, local(2023, 12, 31, 23, 59, 59)),
        ("01/01 00:00:10", NEW_YEAR, local(2024, 1, 1, 0, 0, 10)),
        ("02/29 12:00:00", local(2027, 6, 1), local(2024, 2, 29, 12)),
        ("02/30 12:00:00", local(2027, 6, 1), None),
        ("13/01 12:00:00", local(2027, 6, 1), None),
        ("00/00 99:99:99", local(2027, 6, 1), None),
    ],
)
def test_the_year_is_the_latest_that_is_possible(text: str, before: float, expected: float | None) -> None:
    assert LogClock(chunk([], before=before)).moment(text) == expected


def test_a_time_after_the_file_was_written_is_not_trusted() -> None:
    assert LogClock(chunk([], before=local(2023, 11, 18))).moment("11/18 00:00:01") is None


def test_a_short_writing_interval_bounds_the_time() -> None:
    before = local(2023, 11, 18, 12)
    clock = LogClock(chunk([], after=before - 5, before=before))
    times = ["11/18 11:59:58", "11/18 12:00:03", "11/18 03:00:00", "11/18 19:00:00"]
    assert clock.moments(times) == [before - 2, before, before - 5, before]


def test_a_long_writing_interval_only_rejects_what_contradicts_it() -> None:
    before = local(2023, 11, 18, 12)
    clock = LogClock(chunk([], after=before - 3600, before=before))
    times = ["11/18 11:30:00", "11/18 10:59:00", "11/18 03:00:00", "11/18 12:00:01"]
    assert clock.moments(times) == [before - 1800, before - 3600, None, None]


@given(
    st.lists(st.datetimes().map(lambda each: each.strftime("%m/%d %H:%M:%S")), max_size=30),
    st.integers(0, 2**31),
    st.none() | st.integers(0, 10**6),
)
def test_no_time_lies_outside_what_is_known_and_many_are_as_one(
    texts: list[str], before: int, length: int | None
) -> None:
    after = None if length is None else float(before - length)
    many = LogClock(chunk([], after=after, before=float(before))).moments(texts)
    assert many == [LogClock(chunk([], after=after, before=float(before))).moment(text) for text in texts]
    assert all(at is None or (at <= before and (after is None or at >= after)) for at in many)
