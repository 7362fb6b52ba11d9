"""The receivers of a configuration to notifiers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from alerts.notify import ReceiverError, Secret, notifier_names, open_notifiers

ADDRESS = "https://hooks.slack.com/services/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"


def test_every_module_is_a_notifier() -> None:
    assert {"slack", "stdout"} <= set(notifier_names())
    assert not any(name.startswith("_") for name in notifier_names())


def test_without_receivers_messages_go_to_the_terminal_or_where_the_environment_says() -> None:
    assert [notifier.name for notifier in open_notifiers({}, {})] == ["stdout"]
    assert [notifier.name for notifier in open_notifiers({}, {"SLACK_WEBHOOK_URL": ADDRESS})] == ["slack"]


def test_a_file_goes_before_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "webhook"
    file.write_text(ADDRESS)
    (notifier,) = open_notifiers({"slack": {"webhook_url_file": str(file)}}, {"SLACK_WEBHOOK_URL": "wrong"})
    assert notifier.target == f"Slack (webhook from {file})"


def test_all_mistakes_are_told_at_once() -> None:
    receivers = {"slack": {"webhok": "x"}, "pager": {}, "stdout": {"colour": "red"}}
    with pytest.raises(ReceiverError) as caught:
        open_notifiers(receivers, {})
    assert caught.value.problems == (
        "receivers.slack: unknown key 'webhok'; known are webhook_url_file, mention",
        "receivers.pager: unknown receiver; there are slack, stdout",
        "receivers.stdout: unknown key 'colour'; known are none",
    )


def test_slack_without_an_address_says_where_one_was_looked_for() -> None:
    with pytest.raises(ReceiverError, match=r"^receivers\.slack: \$SLACK_WEBHOOK_URL: empty; put the address"):
        open_notifiers({"slack": {}}, {})


def test_a_secret_prints_as_stars() -> None:
    (notifier,) = open_notifiers({}, {"SLACK_WEBHOOK_URL": ADDRESS})
    assert f"{Secret(ADDRESS)} {notifier!r}" == ("*** SlackNotifier(Webhook(source=***, name='$SLACK_WEBHOOK_URL'))")


def test_the_http_client_is_not_imported_before_the_first_message() -> None:
    code = f"""
import sys
from alerts.notify import open_notifiers
open_notifiers({{}}, {{"SLACK_WEBHOOK_URL": {ADDRESS!r}}})
print(sorted({{"requests", "urllib3", "ssl", "email", "http.client"}} & sys.modules.keys()))
"""
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout == "[]\n"
