"""What people get wrong, each answered with one clear sentence and exit code 2; and what the small commands print."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from exporter import __version__
from exporter.clock import SystemClock
from tests.e2e.conftest import fast_config
from tests.support.daemon import DaemonProcess, run_command
from tests.support.slack import Reply, SlackServer
from tests.support.training_logs import DARKNET_START, darknet, detectron2, detectron2_out_of_memory, write
from tests.support.waiting import until

NOWHERE = ("--listen", "127.0.0.1:0", "--state", "none", "--no-gpu")
UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
"""Root that may read only what it is permitted to."""


def refused(*args: str, env: dict[str, str] | None = None, prefix: tuple[str, ...] = ()) -> str:
    """The sentence with which the program refuses to start."""
    result = run_command(*args, env=env, prefix=prefix)
    assert (result.returncode, result.stdout) == (2, ""), result
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("training-exporter: "), result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr.removeprefix("training-exporter: ").rstrip()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log that is in order."""
    path = tmp_path / "resnet" / "log.txt"
    write(path, [detectron2(each, SystemClock().now()) for each in (19, 39)])
    return path


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    missing = tmp_path / "train.log"
    assert refused("inspect", str(missing)) == f"{missing}: no such file"
    with DaemonProcess(
        tmp_path / "daemon", "--state", "none", "--no-gpu", str(missing), str(tmp_path / "*.lgo")
    ) as run:
        assert run.get("/-/ready")[0] == 200
        banner = run.stdout.read_text()
        assert f"{missing}: no such file, followed as soon as there is more" in banner
        assert f"{tmp_path}/*.lgo: matches no file yet" in banner + run.stderr.read_text()


def test_a_log_that_may_not_be_read(tmp_path: Path, log: Path) -> None:
    log.chmod(0)
    assert refused("inspect", str(log), prefix=UNPRIVILEGED) == f"{log}: permission denied"
    args = ("--state", "none", "--no-gpu", str(log))
    with DaemonProcess(tmp_path / "daemon", *args, prefix=UNPRIVILEGED) as run:
        assert run.get("/-/ready")[0] == 200
        assert f"{log}: permission denied" in run.stdout.read_text()
        assert run.metrics()[f'training_exporter_log_readable{{path="{log}",run="resnet"}}'] == 0
        log.chmod(0o600)
        until(lambda: run.metrics().get('training_iteration{run="resnet"}') == 39, why=run.output)


def test_an_address_that_is_taken(log: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        assert refused(str(log), "--listen", address, "--state", "none") == (
            f"--listen: {address} is taken by another program: choose another with --listen HOST:PORT"
        )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "the webhook's address cannot be read: No such file or directory"),
        ("\n", "empty; put the address of a Slack incoming webhook there (https://hooks.slack.com/services/…)"),
        ("my hook", "more than one word; put only the webhook's address there"),
        ("T0/B0/x", "no web address; an incoming webhook begins with https://hooks.slack.com/services/"),
    ],
)
def test_a_webhook_that_is_none(tmp_path: Path, log: Path, content: str | None, sentence: str) -> None:
    webhook = tmp_path / "webhook"
    if content is not None:
        webhook.write_text(content)
    expected = f"receivers.slack: {webhook}: {sentence}"
    assert refused(str(log), *NOWHERE, "--slack-webhook-file", str(webhook)) == expected
    assert refused("send-test", "--slack-webhook-file", str(webhook)) == expected


def test_a_webhook_that_was_removed_is_said_once_and_counted(tmp_path: Path, log: Path) -> None:
    with SlackServer(*[Reply(status=404, body="no_service")] * 9) as slack:
        config = fast_config(tmp_path, slack.url)
        with DaemonProcess(
            tmp_path / "daemon", "--config", str(config), "--state", "none", "--no-gpu", str(log)
        ) as run:
            assert run.get("/-/ready")[0] == 200
            write(log, detectron2_out_of_memory(SystemClock().now()))
            rejected = 'training_exporter_notifications_total{receiver="slack",result="rejected"}'
            until(lambda: run.metrics().get(rejected) == 1, why=run.output)
            assert run.metrics()['training_exporter_notification_queue_length{receiver="slack"}'] == 1
            said = [line for line in run.stderr.read_text().splitlines() if "the webhook was removed" in line]
            assert len(said) == 1
            assert SlackServer.PATH not in run.output()


def test_a_key_that_is_unknown(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text("runs:\n  - log: train.log\n    targts: {mAP: 0.9}\n")
    sentence = f"{config}:3: unknown key `targts` in `runs`: did you mean `targets`?"
    assert refused("--config", str(config), *NOWHERE) == sentence
    checked = run_command("check", str(config))
    assert (checked.returncode, checked.stdout, checked.stderr) == (2, "", f"{sentence}\n")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("--listen", "9936"), "--listen: `9936` is no address: write HOST:PORT, for example 127.0.0.1:9936 or :9936"),
        (("--target", "mAP"), "--target: `mAP` is no target: write METRIC=VALUE, for example mAP=0.9 or loss=0.5"),
        (("--target", "mAP=high"), "--target: `high` is no number"),
        (("--budget", "2 weeks"), "--budget: `2 weeks` is no duration: write 90s, 15m, 48h or 1d12h"),
        (("--runbook-base", "wiki"), "--runbook-base: `wiki` is no URL: it begins with http:// or https://"),
        (("--format", "keras"), "--format: invalid choice: 'keras' (choose from"),
        (("--log-level", "loud"), "--log-level: invalid choice: 'loud' (choose from"),
        (("--slak",), "unrecognized arguments: --slak"),
        (("--rules", "/no/such/*.yml"), "/no/such/*.yml: there is no such rule file"),
        (("--config", "/no/such.yml"), "/no/such.yml: cannot be read: No such file or directory"),
        (("--state", "/dev/null/x"), "--state: the state folder /dev/null/x cannot be used: Not a directory; choose"),
    ],
)
def test_a_flag_that_cannot_be(args: tuple[str, ...], sentence: str) -> None:
    assert refused("train.log", *NOWHERE, *args).startswith(sentence)


def test_a_state_folder_that_is_used(tmp_path: Path, log: Path) -> None:
    with DaemonProcess(tmp_path / "daemon", "--state", str(tmp_path / "state"), "--no-gpu", str(log)) as run:
        assert run.url
        assert refused("--listen", "127.0.0.1:0", "--state", str(tmp_path / "state"), str(log)) == (
            f"--state: the state folder {tmp_path}/state is used by another training-exporter; "
            "give this one its own with --state DIR"
        )


def test_a_state_file_that_is_none(tmp_path: Path, log: Path) -> None:
    (tmp_path / "state.db").write_text("no database, but long enough to be taken for the head of one" * 100)
    assert refused("--listen", "127.0.0.1:0", "--state", str(tmp_path), str(log)) == (
        f"--state: the state file {tmp_path}/state.db cannot be used: file is not a database; "
        "remove it, or choose another folder with --state DIR"
    )


def test_nothing_to_do() -> None:
    assert refused(*NOWHERE) == "LOG: there is nothing to do: name a log, or leave --no-gpu out"


def test_check_tells_all_that_is_wrong_with_rules_and_receivers_at_once(tmp_path: Path) -> None:
    rules, config = tmp_path / "rules.yml", tmp_path / "config.yml"
    rules.write_text("groups:\n  - name: mine\n    rules:\n      - alert: Hot\n        expr: gpu_temp >\n")
    config.write_text(f"alerts: {{rules: [{rules}]}}\nreceivers: {{slack: {{webhook_url_file: {tmp_path}/hook}}}}\n")
    result = run_command("check", str(config))
    assert result.returncode == 2
    first, second = result.stderr.splitlines()
    assert first.startswith(f"{rules}:5: rule Hot: ")
    assert second.startswith(f"receivers.slack: {tmp_path}/hook: the webhook's address cannot be read")
    assert run_command("check", str(rules)).stderr.splitlines() == [first]


def test_check_is_content_with_what_is_right(tmp_path: Path) -> None:
    rules, config = tmp_path / "rules.yml", tmp_path / "config.yml"
    rules.write_text("groups:\n  - name: mine\n    rules:\n      - {alert: Hot, expr: gpu_temperature_celsius > 80}\n")
    config.write_text(f"runs: [{{log: train.log}}]\nalerts: {{rules: [{rules}]}}\n")
    result = run_command("check", str(rules), str(config))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        f"{rules}: 1 rules in 1 groups",
        f"{config}: 1 entries in runs, 1 rules, messages to the terminal",
    ]


def test_start_up_says_all_in_ten_lines(tmp_path: Path, log: Path) -> None:
    logs = []
    for number in range(6):
        logs.append(tmp_path / f"fire{number}.log")
        write(logs[-1], [DARKNET_START, darknet(1)])
    args = ("--state", "none", str(log), *map(str, logs))
    with DaemonProcess(tmp_path / "daemon", *args) as run:
        assert run.get("/-/ready")[0] == 200
        banner = run.stdout.read_text()
        assert len(banner.splitlines()) <= 10
        assert "resnet: detectron2, running, iteration 39 of 90,000" in banner
        assert "messages to the terminal" in banner
        assert f"{run.url}/metrics" in banner


def test_send_test_says_whether_it_works_and_why_not(tmp_path: Path) -> None:
    webhook = tmp_path / "webhook"
    send = ("send-test", "--slack-webhook-file", str(webhook))
    with SlackServer() as slack:
        webhook.write_text(slack.url)
        works = run_command(*send)
        assert (works.returncode, works.stderr) == (0, "")
        assert works.stdout == f"slack: the test message arrived at Slack (webhook from {webhook}).\n"
        assert [item.problems for item in slack.received] == [()]
        assert run_command("send-test", env={"SLACK_WEBHOOK_URL": slack.url}).returncode == 0
        slack.script.append(Reply(status=404, body="no_service"))
        gone = run_command(*send)
        assert (gone.returncode, gone.stdout.startswith("slack: the webhook was removed or never was")) == (1, True)
    closed = run_command(*send)
    assert (closed.returncode, "refuses the connection" in closed.stdout) == (1, True)
    for result in (works, gone, closed):
        assert SlackServer.PATH not in result.stdout + result.stderr


def test_version_help_and_formats() -> None:
    assert run_command("--version").stdout == f"training-exporter {__version__}\n"
    overview = run_command("--help")
    commands = {line.split()[0] for line in overview.stdout.splitlines() if line.startswith("  ")}
    assert {"run", "demo", "check", "inspect", "formats", "test-rules", "send-test"} <= commands
    for command in sorted(commands):
        assert run_command(command, "--help").returncode == 0
    names = [line.split()[0] for line in run_command("formats").stdout.splitlines()]
    assert {"darknet", "detectron2", "detectron2_json"} <= set(names)
