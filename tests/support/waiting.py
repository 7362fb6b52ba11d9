"""Waiting for what another process does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(what: Callable[[], T | None], timeout_s: float = 30.0, why: Callable[[], str] = lambda: "") -> T:
    """The first result that is true; asks twenty times a second. Fails the test after `timeout_s`."""
    pause = threading.Event()
    deadline = time.monotonic() + timeout_s
    while not (result := what()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {why()}")
        pause.wait(0.05)
    return result
