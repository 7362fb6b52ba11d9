"""The flags of the commands that watch something, and the YAML file, to one `Config`. A flag wins over the file."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

from ..config import (
    DEFAULT_LISTEN,
    AlertsConfig,
    Config,
    ConfigError,
    GpuConfig,
    Problem,
    RunConfig,
    WebConfig,
    listen_address,
    parse_duration,
    parse_target,
    parse_url,
    read_config,
)
from ..formats import discover_formats
from ..model import Budget

T = TypeVar("T")

_BARE_WORD: Final = re.compile(r"[a-z][a-z-]*")
"""`demmo`, `send-tset`."""
LISTEN_VARIABLE: Final = "TRAINING_EXPORTER_LISTEN"
STATE_VARIABLE: Final = "TRAINING_EXPORTER_STATE"
"""What an image sets, so that its defaults fit a container; flags and the file win over them."""
LOG_LEVELS: Final = ("debug", "info", "warning", "error")


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """The flags that say what to follow."""
    runs = parser.add_argument_group("runs")
    runs.add_argument(
        "--run", metavar="NAME", help="name of the run, with {parent}, {stem}, {name} for parts of the path"
    )
    add_format_option(runs)
    runs.add_argument(
        "--target", action="append", default=[], type=_checked(parse_target), metavar="METRIC=VALUE",
        help="tell when a metric reaches a value: mAP=0.9, loss=0.5 (may be repeated)",
    )  # fmt: skip
    runs.add_argument("--budget", type=_checked(parse_duration), metavar="TIME", help="active time it may take: 48h")
    parser.add_argument("--no-gpu", action="store_true", help="do not ask NVML")


def add_service_options(parser: argparse.ArgumentParser) -> None:
    """The flags that say where things are and where they go."""
    service = parser.add_argument_group("service")
    service.add_argument("--config", type=Path, metavar="FILE", help="YAML file; flags win over it")
    service.add_argument(
        "--listen", type=_checked(listen_address), metavar="ADDR", help="address of page and metrics (127.0.0.1:9936)"
    )
    service.add_argument("--web.external-url", dest="external_url", type=_checked(parse_url), metavar="URL",
                         help="how people reach the status page, for links")  # fmt: skip
    service.add_argument("--runbook-base", type=_checked(parse_url), metavar="URL",
                         help="where the runbooks are, instead of the project's own pages")  # fmt: skip
    service.add_argument("--rules", action="append", default=[], metavar="GLOB", help="more rule files")
    service.add_argument("--no-alerts", action="store_true", help="leave rules and messages to Prometheus")
    service.add_argument("--state", metavar="DIR", help="folder of the state; none: keep nothing")
    service.add_argument(
        "--slack-webhook-file", type=Path, metavar="FILE", help="file with the webhook's URL (or $SLACK_WEBHOOK_URL)"
    )
    service.add_argument("--exit-with-run", action="store_true", help="end when the runs have ended and all is sent")
    service.add_argument("--log-level", choices=LOG_LEVELS, default="info", help="of this program's own log (info)")


def load_config(path: Path) -> Config:
    """The file, checked against the log formats and receivers that there are.

    Raises:
        ConfigError: every mistake in it.
    """
    from alerts.notify import receiver_keys  # noqa: PLC0415 - only a file needs it, and --no-alerts saves it

    return read_config(path, formats=format_names(), receivers=receiver_keys())


def format_names() -> tuple[str, ...]:
    """Of the log formats that can be read."""
    return tuple(each.name for each in discover_formats())


def add_format_option(parser: argparse._ActionsContainer) -> None:
    """The flag that names a log format."""
    parser.add_argument(
        "--format", metavar="NAME", choices=format_names(), help="format of the logs, instead of finding it by content"
    )


def config_from(args: argparse.Namespace) -> Config:
    """The file, if one is named, with the flags laid over it.

    Raises:
        ConfigError: every mistake in the file.
    """
    config = Config() if args.config is None else load_config(args.config)
    for word in args.log:
        _refuse_slip(word)
    logs = tuple(_run(log, args) for log in args.log)
    return replace(
        config,
        runs=logs + config.runs,
        gpu=GpuConfig(enabled=config.gpu.enabled and not args.no_gpu, interval=config.gpu.interval),
        alerts=_alerts(config.alerts, args),
        receivers=_receivers(config.receivers, args.slack_webhook_file),
        web=WebConfig(
            listen=args.listen or config.web.listen or os.environ.get(LISTEN_VARIABLE) or DEFAULT_LISTEN,
            external_url=args.external_url or config.web.external_url,
        ),
        state=args.state or config.state or os.environ.get(STATE_VARIABLE),
        exit_with_run=config.exit_with_run or args.exit_with_run,
    )


def _refuse_slip(word: str) -> None:
    """A word that looks like a command is no log that may appear later."""
    if word == "-":
        raise ConfigError(Problem("LOG", "`-`: standard input cannot be followed; write it to a file and name that"))
    if _BARE_WORD.fullmatch(word) and not Path(word).exists():
        raise ConfigError(
            Problem("LOG", f"`{word}` is no command and no file; a log that appears later is given as ./{word}")
        )


def _run(log: str, args: argparse.Namespace) -> RunConfig:
    return RunConfig(
        log=log,
        run=args.run,
        format=args.format,
        targets=tuple(args.target),
        budget=Budget(seconds=args.budget),
    )


def _alerts(alerts: AlertsConfig, args: argparse.Namespace) -> AlertsConfig:
    return replace(
        alerts,
        enabled=alerts.enabled and not args.no_alerts,
        rules=(*alerts.rules, *args.rules),
        runbook_base=args.runbook_base or alerts.runbook_base,
    )


def _receivers(receivers: Mapping[str, Mapping[str, str]], file: Path | None) -> Mapping[str, Mapping[str, str]]:
    if file is None:
        return receivers
    return {**receivers, "slack": {**receivers.get("slack", {}), "webhook_url_file": str(file)}}


def _checked(convert: Callable[[str], T]) -> Callable[[str], T]:
    """A converter whose own sentence reaches the user instead of "invalid value"."""

    def checked(text: str) -> T:
        try:
            return convert(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return checked
