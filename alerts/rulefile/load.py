"""File names, globs and `builtin` to compiled groups: all of them, or every problem of every file."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ..promql import Options
from .model import RuleGroup
from .read import read_rules
from .yaml import FilesError, Problem, read_text

BUILTIN: Final = "builtin"
"""The word that stands for the rules that ship."""


def load_rules(patterns: Iterable[str], *, options: Options, runbook_base: str = "") -> tuple[RuleGroup, ...]:
    """The groups of all files that match, in the order given; a file that matches twice is read once.

    Args:
        patterns: paths, globs (`**` too), or `builtin`.
        options: for the queries; see `rule_options`.
        runbook_base: see `read_rules`.

    Raises:
        FilesError: all that is wrong with any of them, also a pattern that matches nothing.
    """
    groups: list[RuleGroup] = []
    problems: list[Problem] = []
    base = f"{runbook_base.rstrip('/')}/" if runbook_base else ""
    for text in _texts(patterns, problems):
        try:
            groups += read_rules(text[1], text[0], options=options, runbook_base=base)
        except FilesError as error:
            problems += error.problems
    if problems:
        raise FilesError(tuple(problems))
    return tuple(groups)


def builtin_rule_files() -> tuple[tuple[str, str], ...]:
    """Name and content of the rule files that ship, by name."""
    folder = Path(__file__).parents[1] / "rules"
    shipped = (entry for entry in folder.iterdir() if entry.name.endswith(".yml"))
    return tuple((entry.name, entry.read_text("utf-8")) for entry in sorted(shipped, key=lambda entry: entry.name))


def _texts(patterns: Iterable[str], problems: list[Problem]) -> Iterator[tuple[str, str]]:
    """File name and content of each file."""
    seen: set[str] = set()
    for pattern in patterns:
        if pattern == BUILTIN:
            yield from ((f"{BUILTIN}/{name}", text) for name, text in builtin_rule_files() if pattern not in seen)
            seen.add(pattern)
            continue
        paths = [Path(name) for name in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207 - absolute patterns
        if not paths:
            problems.append(Problem(file=pattern, line=None, message="there is no such rule file"))
        for path in paths:
            if str(path.resolve()) in seen:
                continue
            seen.add(str(path.resolve()))
            try:
                yield str(path), read_text(path)
            except FilesError as error:
                problems += error.problems
