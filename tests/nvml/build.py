"""Builds the simulated NVIDIA driver library: `python tests/nvml/build.py DIR` makes DIR/libnvidia-ml.so.1."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LIBRARY = "libnvidia-ml.so.1"
SOURCES = Path(__file__).parent / "src"
FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-fvisibility=hidden", "-pthread")


def build(folder: Path) -> Path:
    """The library, made in `folder`; its soname is its name, so that a loaded one is found by it."""
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / LIBRARY
    sources = sorted(map(str, SOURCES.glob("*.c")))
    subprocess.run(["gcc", *FLAGS, "-shared", f"-Wl,-soname,{LIBRARY}", "-o", str(library), *sources], check=True)
    return library


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))  # noqa: T201 - a command
