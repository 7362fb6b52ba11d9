"""A machine without a driver."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import exporter

PROGRAM = """
import logging, sys
from exporter.gpu.nvml_source import NvmlSource
logging.basicConfig(format="%(levelname)s %(message)s", stream=sys.stdout)
source = NvmlSource()
print([source.read(1000.0 + 5 * second) for second in range(30)].count(()))
print(source.inventory().problem)
print(source.read_memory(2000.0), "pynvml" in sys.modules)
source.close()
"""


def test_there_is_one_log_line_and_one_sentence_and_the_binding_is_not_even_imported(tmp_path: Path) -> None:
    (tmp_path / "libnvidia-ml.so.1").write_text("no library: hides one that this machine may have")
    root = str(Path(exporter.__file__).parents[1])
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path), "PYTHONPATH": root}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    sentence = "no NVIDIA driver (libnvidia-ml.so.1) here; in a container, run it with --gpus all"
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        f"WARNING no gpu metrics reason='{sentence}'",
        "30",
        sentence,
        "{} False",
    ]
