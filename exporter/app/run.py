"""`training-exporter [run] LOG …`: follow logs and devices, serve, evaluate, notify."""

from __future__ import annotations

import argparse

from ..clock import EventWakeup, SystemClock
from ..config import ConfigError, Problem
from ..gpu import GpuSource
from ._banner import banner
from ._daemon import Daemon, Surroundings
from ._log import configure_logging
from ._options import add_run_options, add_service_options, config_from

HELP = "follow logs: metrics, status page, rules, messages"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("log", nargs="*", metavar="LOG", help="a file, a glob or a folder; may appear later")
    add_run_options(parser)
    add_service_options(parser)


def main(args: argparse.Namespace) -> int:
    """Works until Ctrl-C or SIGTERM."""
    config = config_from(args)
    configure_logging(args.log_level)
    if not config.runs and not config.gpu.enabled:
        raise ConfigError(Problem("LOG", "there is nothing to do: name a log, or leave --no-gpu out"))
    surroundings = Surroundings(clock=SystemClock(), wakeup=EventWakeup, gpus=_nvml() if config.gpu.enabled else None)
    daemon = Daemon(config, surroundings)
    return daemon.run(announce=lambda: print(banner(daemon), flush=True))


def _nvml() -> GpuSource:
    from ..gpu.nvml_source import NvmlSource  # noqa: PLC0415 - who wants no GPU pays for none of it

    return NvmlSource()
