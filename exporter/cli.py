"""Arguments in, exit code out. A command is a module beside `app/run.py`; nothing else has to be edited."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, NoReturn, Protocol, cast

from . import __version__
from .config import ConfigError

USAGE_ERROR: Final = 2
_DEFAULT: Final = "run"


class Command(Protocol):
    """What a module of `app` offers."""

    HELP: str
    """One line."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Adds its arguments."""

    def main(self, args: argparse.Namespace) -> int:
        """Does it; returns the exit code."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the dozen lines of usage before it."""

    def error(self, message: str) -> NoReturn:
        sentence = message.removeprefix("argument ")
        self.exit(USAGE_ERROR, f"training-exporter: {sentence} (`{self.prog} --help` tells more)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """The console script."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["--version"]:
        print(f"training-exporter {__version__}")
        return 0
    if words[:1] in (["-h"], ["--help"], ["help"]):
        print(_overview(), end="")
        return 0
    name = words.pop(0) if words and words[0] in command_names() else _DEFAULT
    command = _load(name)
    parser = _Parser(
        allow_abbrev=False,
        prog=f"training-exporter {name}",
        description=command.HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.configure(parser)
    try:
        return command.main(parser.parse_args(words))
    except ConfigError as error:
        print(f"training-exporter: {error}", file=sys.stderr)
        return USAGE_ERROR
    except BrokenPipeError:
        # `inspect … | head`: the reader has seen enough.
        sys.stderr.close()
        return 0


def command_names() -> tuple[str, ...]:
    """The commands, by the files that define them."""
    modules = (entry.name for entry in (Path(__file__).parent / "app").iterdir())
    return tuple(sorted(name[:-3].replace("_", "-") for name in modules if name.endswith(".py") and name[0] != "_"))


def _load(name: str) -> Command:
    return cast("Command", import_module(f".app.{name.replace('-', '_')}", __package__))


def _overview() -> str:
    names = (_DEFAULT, *(name for name in command_names() if name != _DEFAULT))
    commands = "\n".join(f"  {name:<12} {_load(name).HELP}" for name in names)
    return f"""usage: training-exporter [COMMAND] …
       training-exporter LOG …

Watches a training log and the GPUs: Prometheus metrics, a status page, stop and memory warnings to Slack.

commands (without one: run):
{commands}

`training-exporter COMMAND --help` tells more. A log named like a command is given as ./demo.
"""
