"""The real Prometheus and Alertmanager as processes, and what an engine says of its rules, ours or theirs."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeAlias

import requests
import yaml

from .waiting import until

ALERTMANAGER_FOLDER = Path(__file__).parents[2] / "alerts" / "alertmanager"
# Matches the `127.0.0.1:35393` of `… level=info component=web msg="Listening on" address=127.0.0.1:35393`.
LISTENING = re.compile(r'msg="Listening on" address=(\S+)')

Pairs: TypeAlias = tuple[tuple[str, str], ...]


class ServerProcess:
    """A program of the Prometheus family on a loopback port of its own choice, its files under `folder`."""

    def __init__(self, folder: Path, command: str, *args: str) -> None:
        self._log = folder / "stderr"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [command, "--web.listen-address=127.0.0.1:0", *args],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
            )
        self.command = command

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT`, known once it answers."""
        address = until(self._address, why=self.output)
        until(lambda: _answers(f"http://{address}/-/ready"), why=self.output)
        return address

    def output(self) -> str:
        """The last that it logged, for messages of failing tests."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-30:])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def _address(self) -> str | None:
        if self._process.poll() is not None:
            raise AssertionError(f"{self.command} ended with {self._process.returncode}: {self.output()}")
        found = LISTENING.search(self._log.read_text(errors="replace"))
        return found and found[1]


def start_alertmanager(folder: Path, webhook: str) -> ServerProcess:
    """With the configuration and the templates that ship; only the webhook's file and the times of the route differ."""
    folder.mkdir()
    (folder / "webhook").write_text(webhook)
    (folder / "templates").symlink_to(ALERTMANAGER_FOLDER / "templates")
    config = yaml.safe_load((ALERTMANAGER_FOLDER / "alertmanager.yml").read_text())
    config["route"] |= {"group_wait": "0s", "group_interval": "1s"}
    for receiver in config["receivers"]:
        for slack in receiver["slack_configs"]:
            slack["api_url_file"] = str(folder / "webhook")
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(config))
    return ServerProcess(
        folder,
        "prometheus-alertmanager",
        "--config.file=alertmanager.yml",
        "--storage.path=data",
        "--web.external-url=http://alertmanager.example",
        "--web.route-prefix=/",
        "--cluster.listen-address=",  # without an address it does not listen for its like, on every interface
    )


def start_prometheus(folder: Path, *, target: str, alertmanager: str, rules: tuple[Path, ...]) -> ServerProcess:
    """Scrapes and evaluates each second."""
    folder.mkdir()
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": list(map(str, rules)),
        "scrape_configs": [{"job_name": "training-exporter", "static_configs": [{"targets": [target]}]}],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    return ServerProcess(
        folder,
        "prometheus",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        # The default is a minute, and what fires before the Alertmanager is found waits for it.
        "--rules.alert.resend-delay=5s",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineAlert:
    """An alert that an engine shows; its labels are its key."""

    state: str
    value: str
    annotations: Pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRule:
    """A rule as an engine shows it; its group and name are its key."""

    state: str
    """Of a recording rule empty."""
    health: str
    duration: float
    labels: Pairs
    annotations: Pairs
    """Templates, as written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What an engine says at a moment."""

    alerts: Mapping[Pairs, EngineAlert]
    rules: Mapping[tuple[str, str], EngineRule]
    evaluated_at: float
    """When the group that waits longest for its next evaluation had its last."""

    def firing(self) -> Mapping[Pairs, EngineAlert]:
        """Without those that are pending."""
        return {labels: alert for labels, alert in self.alerts.items() if alert.state == "firing"}

    def names(self) -> set[str]:
        """Of those that fire."""
        return {dict(labels)["alertname"] for labels in self.firing()}


def verdicts(address: str) -> Verdicts:
    """What `/api/v1/alerts` and `/api/v1/rules` answer."""
    groups = _data(address, "rules")["groups"]
    return Verdicts(
        alerts={_pairs(alert["labels"]): _alert(alert) for alert in _data(address, "alerts")["alerts"]},
        rules={(group["name"], rule["name"]): _rule(rule) for group in groups for rule in group["rules"]},
        evaluated_at=min(datetime.fromisoformat(group["lastEvaluation"]).timestamp() for group in groups),
    )


def _alert(alert: Mapping[str, Any]) -> EngineAlert:
    return EngineAlert(state=alert["state"], value=alert["value"], annotations=_pairs(alert["annotations"]))


def _rule(rule: Mapping[str, Any]) -> EngineRule:
    return EngineRule(
        state=rule.get("state", ""),
        health=rule["health"],
        duration=rule.get("duration", 0),
        labels=_pairs(rule.get("labels", {})),
        annotations=_pairs(rule.get("annotations", {})),
    )


def _data(address: str, what: str) -> Any:  # noqa: ANN401 - JSON
    answer = requests.get(f"http://{address}/api/v1/{what}", timeout=10)
    answer.raise_for_status()
    return answer.json()["data"]


def _pairs(labels: Mapping[str, str]) -> Pairs:
    return tuple(sorted(labels.items()))


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=10).ok
    except requests.ConnectionError:
        return False
