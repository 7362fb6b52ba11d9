"""Xid events: counted, kept, told also of a device that is lost."""

from __future__ import annotations

import pytest

from exporter.gpu.nvml_source import NvmlSource
from tests.nvml.scenario import Scenario

from .conftest import LATER, only

pytestmark = pytest.mark.real("gcc")

AT = 1_700_000_000.0


def test_xids_are_counted_with_the_time_of_the_last(scenario: Scenario, source: NvmlSource) -> None:
    scenario.say("devices", 2)
    scenario.say("events", "0:79")  # before this program: not counted
    source.read(AT)
    scenario.say("events", "0:79 1:31 1:31 1:13")
    clean, faulty = source.read(AT + 5)
    assert (clean.xid_errors, clean.last_xid_at) == ({}, None)
    assert (faulty.xid_errors, faulty.last_xid_at) == ({31: 2, 13: 1}, AT + 5)
    scenario.say("events", "0:79 1:31 1:31 1:13 1:31")
    assert source.read(AT + 10)[1].xid_errors == {31: 3, 13: 1}


def test_the_xid_of_a_device_that_is_lost_with_it_is_still_told(scenario: Scenario, source: NvmlSource) -> None:
    source.read(AT)
    scenario.say("events", "0:79")
    scenario.say("gpu0.device", "!15")
    for at in (AT + 5, AT + 10):
        reading = only(source.read(at))
        assert (reading.lost, reading.xid_errors, reading.last_xid_at) == (True, {79: 1}, AT + 5)


def test_the_xids_of_a_device_that_comes_back_are_watched(scenario: Scenario, source: NvmlSource) -> None:
    scenario.say("gpu0.device", "!15")
    source.read(AT)
    scenario.unsay("gpu0.device")
    source.read(AT + LATER)
    scenario.say("events", "0:31")
    assert only(source.read(AT + LATER + 5)).xid_errors == {31: 1}


def test_xid_counts_survive_a_restart_of_the_driver(scenario: Scenario, source: NvmlSource) -> None:
    source.read(AT)
    scenario.say("events", "0:31")
    source.read(AT + 5)
    scenario.say("driver", "!1")
    source.read(AT + 10)
    scenario.unsay("driver")
    assert only(source.read(AT + LATER)).xid_errors == {31: 1}


def test_a_device_without_events_is_read_all_the_same(scenario: Scenario, source: NvmlSource) -> None:
    scenario.say("gpu0.supported_events", "!3")
    scenario.say("nvmlEventSetWait_v2", "!999")
    source.read(AT)
    reading = only(source.read(AT + 5))
    assert reading.power_watts == 287.0
    assert reading.xid_errors == {}
