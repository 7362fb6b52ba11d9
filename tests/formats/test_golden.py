"""Each sample says exactly what stands beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.formats.told import FORMATS, SAMPLES, as_lines, lines_of, told


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_golden(sample: Path) -> None:
    expected = sample.with_suffix(".jsonl")
    facts = as_lines(told(lines_of(sample)))
    if "UPDATE_GOLDEN" in os.environ:
        expected.write_text(facts, encoding="utf-8")
    assert facts == expected.read_text(encoding="utf-8")


def test_every_format_has_a_sample_and_every_sample_a_format() -> None:
    assert {sample.parent.name for sample in SAMPLES} == {each.name for each in FORMATS}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_sample_is_claimed_by_its_own_format_and_no_other(sample: Path) -> None:
    assert [each.name for each in FORMATS if each.claims(lines_of(sample))] == [sample.parent.name]
