from __future__ import annotations

from pathlib import Path

import pytest

from exporter.config import (
    AlertsConfig,
    Config,
    ConfigError,
    InhibitRule,
    RunConfig,
    listen_address,
    parse_duration,
    parse_target,
    read_config,
)
from exporter.model import Budget

WHOLE = """
runs:
  - log: /logs/*/log.txt
    run: "{parent}"
    format: auto
    gpus: [0, GPU-8a]
    labels: {team: vision, phase: two}
    targets: {mAP: 0.9, loss: 0.5}
    thresholds: {plateau_gain_ratio: 0.001}
    budget: {time: 48h, gpu_hours: 200, energy_kwh: 60, cost: 500, cost_per_gpu_hour: 2.5}
  - log: train.log
gpu: {interval: 2s}
alerts:
  rules: [builtin, /etc/training-exporter/*.yml]
  group_by: [run]
  group_wait: 0s
  repeat_interval: 1d12h
  send_resolved: false
  external_labels: {cluster: a}
  inhibit_rules: [{source: {severity: critical}, target: {severity: warning}, equal: [run]}]
receivers: {slack: {webhook_url_file: /run/secrets/slack, mention: "@here"}}
web: {listen: ":9936", external_url: "https://monitor.example/te/"}
state: none
"""


def read(folder: Path, text: str) -> Config:
    path = folder / "config.yml"
    path.write_text(text)
    return read_config(path)


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    return [str(problem).removeprefix(f"{folder}/config.yml:") for problem in caught.value.problems]


def test_every_documented_key_is_read(tmp_path: Path) -> None:
    config = read(tmp_path, WHOLE)
    assert config.runs == (
        RunConfig(
            log="/logs/*/log.txt",
            run="{parent}",
            gpus=("0", "GPU-8a"),
            labels=(("phase", "two"), ("team", "vision")),
            targets=(("mAP", 0.9), ("loss", 0.5)),
            budget=Budget(seconds=172_800, gpu_seconds=720_000, joules=216e6, cost=500),
            cost_per_gpu_hour=2.5,
            thresholds=(("plateau_gain_ratio", 0.001),),
        ),
        RunConfig(log="train.log"),
    )
    assert config.gpu.interval == 2
    assert config.alerts.rules == ("builtin", "/etc/training-exporter/*.yml")
    assert config.alerts.group_by == ("run",)
    assert config.alerts.group_wait == 0
    assert config.alerts.repeat_interval == 129_600
    assert not config.alerts.send_resolved
    assert config.alerts.inhibit_rules == (
        InhibitRule(source=(("severity", "critical"),), target=(("severity", "warning"),), equal=("run",)),
    )
    assert config.receivers == {"slack": {"webhook_url_file": "/run/secrets/slack", "mention": "@here"}}
    assert config.web.listen == "0.0.0.0:9936"
    assert config.web.external_url == "https://monitor.example/te"
    assert config.state == "none"


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    assert read(tmp_path, "") == Config()
    assert read(tmp_path, "alerts:\n").alerts == AlertsConfig()


def test_all_mistakes_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = "runs:\n  - run: x\nalerts:\n  group_weit: 10s\n  group_wait: soon\nweb: {listen: 9936}\ncolour: blue\n"
    assert problems(tmp_path, text) == [
        "1: an entry of `runs` needs `log`: a path, a glob or a folder",
        "4: unknown key `group_weit` in `alerts`: did you mean `group_wait`?",
        "5: `group_wait`: `soon` is no duration: write 90s, 15m, 48h or 1d12h",
        "6: `listen`: `9936` is no address: write HOST:PORT, for example 127.0.0.1:9936 or :9936",
        "7: unknown key `colour`: known here: alerts, exit_with_run, gpu, receivers, runs, state, web",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("runs: [", "2: not YAML: did not find expected node content"),
        ("alerts: yes please", "1: `alerts` holds keys and values, not a plain value"),
        ("runs: {log: x}", "1: `runs` is a list: begin each entry with `- `"),
        ("gpu: {enabled: perhaps}", "1: `enabled`: `perhaps` is neither true nor false"),
        ("gpu: {interval: 0s}", "1: `interval`: an interval is longer than 0s"),
        (
            "runs: [{log: x, thresholds: {plateau_gain: 1}}]",
            "1: unknown key `plateau_gain` in `thresholds`: did you mean `plateau_gain_ratio`?",
        ),
        (
            "runs: [{log: x, targets: {mAP: 90}}]",
            "1: `mAP`: `90` is never reached: a score runs from 0 to 1, so write 0.9",
        ),
        ("runs: [{log: x, targets: {loss: nan}}]", "1: `loss`: `nan` is no number"),
        ("runs: [{log: x, gpus: [y]}]", "1: `gpus`: `y` is neither an index nor a uuid, nor `auto` alone"),
        (
            "alerts: {scrape_interval: 10m}",
            "1: `scrape_interval`: `10m` is too long: rules look back five minutes, so scrape at least every two",
        ),
        ("state: [a]", "1: `state` takes one value, not a list"),
        ("state: a\nstate: b", "2: `state` stands here twice"),
    ],
)
def test_a_mistake_says_what_and_where(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in problems(tmp_path, text)


def test_a_file_that_is_missing_or_binary_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_config(tmp_path / "none.yml")
    (tmp_path / "binary.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        read_config(tmp_path / "binary.yml")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("1d12h", 129_600), ("1w", 604_800), ("90ms", 0.09), ("0s", 0), ("1.5s", 1.5)],
)
def test_durations_are_those_of_prometheus(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "h", "1h30", "30m1h", "-5s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


def test_targets_and_addresses() -> None:
    assert parse_target("mAP@0.50=0.9") == ("mAP@0.50", 0.9)
    assert listen_address("[::1]:80") == "[::1]:80"
    for wrong in ("mAP", "=3", "mAP=high"):
        with pytest.raises(ValueError, match="is no"):
            parse_target(wrong)
    for wrong in ("localhost", "host:port", "host:99999"):
        with pytest.raises(ValueError, match="is no address"):
            listen_address(wrong)


def test_formats_and_receivers_are_checked_where_their_names_are_known(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text("runs:\n  - {log: a, format: drknet}\nreceivers:\n  slack: {webhook_ulr_file: a}\n  slak: {}\n")
    with pytest.raises(ConfigError) as caught:
        read_config(path, formats=("darknet",), receivers={"slack": ("webhook_url_file", "mention")})
    assert [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems] == [
        "2: `format`: there is no log format `drknet`: choose one of auto, darknet",
        "4: unknown key `webhook_ulr_file` in `slack`: did you mean `webhook_url_file`?",
        "5: unknown key `slak` in `receivers`: did you mean `slack`?",
    ]
    path.write_text("runs: [{log: a, format: auto}]\nreceivers: {slack: {mention: '@here'}}\n")
    config = read_config(path, formats=("darknet",), receivers={"slack": ("webhook_url_file", "mention"), "stdout": ()})
    assert (config.runs[0].format, config.receivers) == (None, {"slack": {"mention": "@here"}})
