from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest

from alerts.ruletest import run_test_files

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("files/*.test.yml"))


@pytest.mark.real("promtool")
@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_says_what_promtool_says(file: Path) -> None:
    promtool = subprocess.run(
        ["promtool", "test", "rules", file],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    out = io.StringIO()
    code = run_test_files([file], out)
    assert (code, out.getvalue()) == (promtool.returncode, promtool.stdout)


@pytest.mark.parametrize(("name", "code"), [("passing", 0), ("failing", 1), ("limit", 1)])
def test_exits_with_0_only_if_every_test_holds(name: str, code: int) -> None:
    assert run_test_files([FOLDER / f"files/{name}.test.yml"], io.StringIO()) == code


def test_fails_as_a_whole_if_one_file_fails() -> None:
    files = [FOLDER / f"files/{name}.test.yml" for name in ("passing", "limit", "passing")]
    out = io.StringIO()
    assert run_test_files(files, out) == 1
    assert out.getvalue().count("SUCCESS") == 2
