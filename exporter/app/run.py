"""`training-exporter [run] LOG …`: follow logs and devices, serve, evaluate, notify."""

from __future__ import annotations

import argparse
from functools import partial

from ..clock import EventWakeup, SystemClock
from ..config import Config, ConfigError, Problem
from ..gpu import GpuSource
from ._banner import banner
from ._daemon import Daemon, Surroundings
from ._limits import raise_open_files
from ._log import configure_logging
from ._options import add_run_options, add_service_options, config_from

HELP = "follow logs: metrics, status page, rules, messages"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("log", nargs="*", metavar="LOG", help="a file, a glob or a folder; may appear later")
    add_run_options(parser)
    add_service_options(parser)


def main(args: argparse.Namespace) -> int:
    """Works until Ctrl-C or SIGTERM; SIGHUP reads the configuration anew."""
    configure_logging(args.log_level)
    raise_open_files()
    config = config_from(args)
    if not config.runs and not config.gpu.enabled:
        raise ConfigError(Problem("LOG", "there is nothing to do: name a log, or leave --no-gpu out"))
    following: Config | None = config
    while following is not None:
        daemon = Daemon(following, _surroundings(following))
        following = daemon.run(announce=partial(_announce, daemon), read_anew=partial(_checked_config, args))
    return 0


def _announce(daemon: Daemon) -> None:
    print(banner(daemon), flush=True)


def _checked_config(args: argparse.Namespace) -> Config:
    """With all that can be known to be wrong before what runs is ended for it."""
    config = config_from(args)
    if config.alerts.enabled:
        from ._alerting import open_alerting  # noqa: PLC0415 - seven megabytes that --no-alerts saves

        open_alerting(config)
    return config


def _surroundings(config: Config) -> Surroundings:
    return Surroundings(clock=SystemClock(), wakeup=EventWakeup, gpus=_nvml() if config.gpu.enabled else None)


def _nvml() -> GpuSource:
    from ..gpu.nvml_source import NvmlSource  # noqa: PLC0415 - who wants no GPU pays for none of it

    return NvmlSource()
