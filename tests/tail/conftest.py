"""The log that the tests of the tail write and follow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.followed_log import FollowedLog


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FollowedLog]:
    log = FollowedLog(tmp_path / "train.log")
    yield log
    log.tail.close()
