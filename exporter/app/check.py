"""`training-exporter check [FILE …]`: every mistake of configurations and rule files at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ..config import AlertsConfig, ConfigError, Problem
from ._alerting import load_rule_groups, open_alerting
from ._options import load_config
from ._rulefiles import is_rule_file

HELP = "check configurations and rule files: every mistake at once"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument(
        "file", nargs="*", type=Path, metavar="FILE", help="a configuration or a rule file; none: the built-in rules"
    )


def main(args: argparse.Namespace) -> int:
    """0 where all is well, else 2."""
    problems: list[Problem] = []
    for file in args.file or (None,):
        try:
            for line in _check(file):
                print(line)
        except ConfigError as error:
            problems += error.problems
    for problem in problems:
        print(problem, file=sys.stderr)
    return 2 if problems else 0


def _check(file: Path | None) -> Iterator[str]:
    if file is None or is_rule_file(file):
        word = "builtin" if file is None else str(file)
        groups = load_rule_groups(replace(AlertsConfig(), rules=(word,)))
        yield f"{word}: {sum(len(group.rules) for group in groups)} rules in {len(groups)} groups"
        return
    config = load_config(file)
    groups, notifiers = open_alerting(config)
    rules, targets = sum(len(group.rules) for group in groups), ", ".join(notifier.target for notifier in notifiers)
    yield f"{file}: {len(config.runs)} entries in runs, {rules} rules, messages to {targets}"
