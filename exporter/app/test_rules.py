"""`training-exporter test-rules FILE …`: promtool's rule unit test files on the embedded evaluator."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from alerts.ruletest import run_test_files

HELP = "run promtool's rule unit test files on the embedded evaluator"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("file", nargs="+", type=Path, metavar="FILE", help="a file as for `promtool test rules`")


def main(args: argparse.Namespace) -> int:
    """0 where every test holds, else 1, as promtool."""
    return run_test_files(args.file, sys.stdout)
