"""`training-exporter formats`: what it can read."""

from __future__ import annotations

import argparse

from ..formats import discover_formats

HELP = "list the log formats that it can read"


def configure(parser: argparse.ArgumentParser) -> None:
    """Takes no arguments."""
    parser.set_defaults()


def main(args: argparse.Namespace) -> int:
    """Prints a line per format."""
    del args
    for log_format in discover_formats():
        print(f"{log_format.name:<18} {log_format.framework:<14} {log_format.title}")
    return 0
