"""`training-exporter send-test`: one message to every receiver, and why it does not arrive."""

from __future__ import annotations

import argparse

from alerts.notify import send_test

from ..clock import SystemClock
from ._alerting import open_receivers
from ._options import add_service_options, config_from

HELP = "send one message to every receiver: does it work, and if not, why"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(log=(), no_gpu=True)
    add_service_options(parser)


def main(args: argparse.Namespace) -> int:
    """0 where all arrived, else 1."""
    config = config_from(args)
    page_url = f"{config.web.external_url}/" if config.web.external_url else ""
    results = [send_test(notifier, SystemClock().now(), page_url) for notifier in open_receivers(config.receivers)]
    for result in results:
        print(result.sentence)
    return 0 if all(result.ok for result in results) else 1
