"""What every test shares: the real parts, the shared logs, free ports."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("real"):
        for name in marker.args:
            if shutil.which(name) is None:
                reason = f"needs the real {name}, which is not installed (make parts)"
                if "CI" in os.environ and not marker.kwargs.get("optional"):
                    pytest.fail(reason, pytrace=False)
                pytest.skip(reason)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real logs and curves, outside the project."""
    folder = os.environ.get("TRAINING_EXPORTER_SHARED", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs the shared logs: set TRAINING_EXPORTER_SHARED")
    return Path(folder)


@pytest.fixture
def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
