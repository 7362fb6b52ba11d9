"""A local Slack, and a configuration whose clocks run as fast as a test wants to wait."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.slack import SlackServer

FAST = """\
alerts:
  rules: [{rules}]
  instance: here
  scrape_interval: 1s
  evaluation_interval: 1s
  group_wait: 0s
  group_interval: 1s
receivers:
  slack: {{webhook_url_file: {webhook}}}
"""


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


@pytest.fixture
def fast(slack: SlackServer, tmp_path: Path) -> Path:
    """The shipped rules each second, told to the local Slack at once."""
    return fast_config(tmp_path, slack.url)


def fast_config(folder: Path, url: str, rules: str = "builtin") -> Path:
    """Writes the configuration into a folder."""
    webhook, config = folder / "webhook", folder / "fast.yml"
    webhook.write_text(url)
    config.write_text(FAST.format(rules=rules, webhook=webhook))
    return config
