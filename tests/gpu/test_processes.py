"""Names of programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.gpu.nvml import ProcessMemory
from exporter.gpu.processes import named, program_name


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("python", "python"),
        ("/usr/bin/python3.11", "python3.11"),
        ("/opt/google/chrome/chrome --type=gpu-process --x=/a/b", "chrome"),
        ("ray::train()", "ray::train()"),
        ("/usr/bin/python3\0train.py\0--lr\0", "python3"),
        ("", ""),
        ("/", ""),
        ("x" * 100, "x" * 64),
    ],
)
def test_a_program_is_named_without_folder_and_arguments(command: str, name: str) -> None:
    assert program_name(command) == name


def test_where_the_driver_has_no_name_the_system_has(tmp_path: Path) -> None:
    (tmp_path / "77").mkdir()
    (tmp_path / "77" / "cmdline").write_bytes(b"/usr/bin/py\xff\0train.py\0")
    process = ProcessMemory(77, 5)
    assert named(process, lambda _: "trainer", tmp_path).name == "trainer"
    assert named(process, lambda _: None, tmp_path).name == "py�"
    assert named(ProcessMemory(78, 5), lambda _: None, tmp_path).name == "unknown"
