"""promtool's rule unit test files, run on the embedded evaluator: the same verdicts, in the same words.

Source: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/ and promtool's unittest.go.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from ..rulefile import FilesError, RuleGroup, load_rules, rule_options
from .read import read_test_file
from .run import run_group

__all__ = ["run_test_files"]


def run_test_files(paths: Iterable[Path], out: TextIO) -> int:
    """Runs test files and writes what came of each.

    Returns:
        0 if every test holds; 1 if one fails, or a file cannot be read, or a rule is refused.
    """
    failed = False
    for path in paths:
        out.write(f"Unit Testing:  {path}\n")
        differences = _run_file(path, out)
        verdict = (
            ["  FAILED:\n", *(f"{difference}\n\n" for difference in differences)] if differences else ["  SUCCESS\n"]
        )
        out.write("".join([*verdict, "\n"]))
        failed = failed or bool(differences)
    return int(failed)


def _run_file(path: Path, out: TextIO) -> tuple[str, ...]:
    """What differs, or why the file cannot be run."""
    try:
        file = read_test_file(path)
        options = rule_options(file.evaluation_interval_ms / 1000)
        names = [name for pattern in file.rule_files for name in _matching(path.parent, pattern, out)]
        groups: tuple[RuleGroup, ...] = load_rules(map(glob.escape, names), options=options)
    except FilesError as error:
        return tuple(f"    {problem}" for problem in error.problems)
    return tuple(difference for test in file.tests for difference in run_group(test, file, groups, options))


def _matching(folder: Path, pattern: str, out: TextIO) -> list[str]:
    """The rule files that a pattern names, seen from the test file."""
    names = sorted(glob.glob(str(folder / pattern)))  # noqa: PTH207 - an absolute pattern stays one
    if not names:
        out.write(f"  WARNING: no file match pattern {folder / pattern}\n")
    return names
