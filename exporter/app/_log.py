"""This program's own log: one line per transition, key=value, on stderr."""

from __future__ import annotations

import logging


def configure_logging(level: str) -> None:
    """Sets it up for the process."""
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S%z"
    )
    # A line per connection says nothing that the metrics do not.
    logging.getLogger("urllib3").setLevel(logging.WARNING)
