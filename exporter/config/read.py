"""The keys of the YAML file. Adding a key is a line here, and `check` knows it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from ..model import THRESHOLDS, Budget
from ._yaml import Section, open_section, parse_duration
from .model import (
    AlertsConfig,
    Config,
    ConfigError,
    GpuConfig,
    InhibitRule,
    Problem,
    RunConfig,
    WebConfig,
)

HOUR: Final = 3600.0
KILOWATT_HOUR: Final = 3.6e6
LONGEST_SCRAPE_INTERVAL: Final = 120.0
"""Prometheus' own advice: at least two samples within the lookback of five minutes, one of them lost."""
_FLAGS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def read_config(
    path: Path, *, formats: Collection[str] = (), receivers: Mapping[str, Collection[str]] | None = None
) -> Config:
    """Reads a configuration file.

    Args:
        path: the file.
        formats: the names of the log formats there are; empty: any name is taken.
        receivers: the keys of each receiver there is, by its name; None: any are taken.

    Raises:
        ConfigError: every mistake of it, with file and line.
    """
    problems: list[Problem] = []
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(Problem(str(path), f"cannot be read: {error.strerror}")) from error
    except UnicodeDecodeError as error:
        raise ConfigError(Problem(str(path), "is not UTF-8 text")) from error
    config = _config(open_section(text, str(path), problems), formats, receivers)
    if problems:
        raise ConfigError(*sorted(problems, key=_line))
    return config


def _line(problem: Problem) -> int:
    return int(problem.where.rpartition(":")[2])


def _config(top: Section, formats: Collection[str], receivers: Mapping[str, Collection[str]] | None) -> Config:
    default = Config()
    config = Config(
        runs=tuple(_run(section, formats) for section in top.sections("runs")),
        gpu=_gpu(top.section("gpu")),
        alerts=_alerts(top.section("alerts")),
        receivers=_receivers(top.section("receivers"), receivers),
        web=_web(top.section("web")),
        state=top.value("state", _text, None),
        exit_with_run=top.value("exit_with_run", _flag, default.exit_with_run),
    )
    top.close()
    return config


def _run(section: Section, formats: Collection[str]) -> RunConfig:
    budget = section.section("budget")
    run = RunConfig(
        log=section.value("log", str, ""),
        run=section.value("run", _text, None),
        format=section.value("format", lambda text: _format(text, formats), None),
        gpus=_gpus(section),
        labels=section.pairs("labels"),
        targets=_targets(section.section("targets")),
        budget=_budget(budget),
        cost_per_gpu_hour=budget.value("cost_per_gpu_hour", _positive, None),
        thresholds=_thresholds(section.section("thresholds")),
    )
    budget.close()
    if not run.log:
        section.report(section.node("log"), "an entry of `runs` needs `log`: a path, a glob or a folder")
    section.close()
    return run


def _gpus(section: Section) -> tuple[str, ...] | None:
    gpus = section.texts("gpus", ("auto",))
    if gpus == ("auto",):
        return None
    for node, word in section.items("gpus"):
        if not word.isdecimal() and not word.startswith(("GPU-", "MIG-")):
            section.report(node, f"`gpus`: `{word}` is neither an index nor a uuid, nor `auto` alone")
    return gpus


def _targets(section: Section) -> tuple[tuple[str, float], ...]:
    return tuple(
        (name, section.value(name, partial(_target, name), 0.0))
        for name in section.keys()  # noqa: SIM118 - no dict
    )


def _thresholds(section: Section) -> tuple[tuple[str, float], ...]:
    """Every name is asked for, so that an unknown one is a mistake like any other."""
    given = [(threshold.name, section.value(threshold.name, _limit, None)) for threshold in THRESHOLDS]
    section.close()
    return tuple((name, value) for name, value in given if value is not None)


def _budget(section: Section) -> Budget:
    hours = section.value("gpu_hours", _positive, None)
    energy = section.value("energy_kwh", _positive, None)
    return Budget(
        seconds=section.value("time", _duration, None),
        gpu_seconds=None if hours is None else hours * HOUR,
        joules=None if energy is None else energy * KILOWATT_HOUR,
        cost=section.value("cost", _positive, None),
    )


def _gpu(section: Section) -> GpuConfig:
    default = GpuConfig()
    gpu = GpuConfig(
        enabled=section.value("enabled", _flag, default.enabled),
        interval=section.value("interval", _interval, default.interval),
    )
    section.close()
    return gpu


def _alerts(section: Section) -> AlertsConfig:
    default = AlertsConfig()
    alerts = AlertsConfig(
        enabled=section.value("enabled", _flag, default.enabled),
        rules=section.texts("rules", default.rules),
        scrape_interval=section.value("scrape_interval", _scrape_interval, default.scrape_interval),
        evaluation_interval=section.value("evaluation_interval", _interval, default.evaluation_interval),
        job=section.value("job", str, default.job),
        instance=section.value("instance", _text, None),
        group_by=section.texts("group_by", default.group_by),
        group_wait=section.value("group_wait", parse_duration, default.group_wait),
        group_interval=section.value("group_interval", _interval, default.group_interval),
        repeat_interval=section.value("repeat_interval", _interval, default.repeat_interval),
        send_resolved=section.value("send_resolved", _flag, default.send_resolved),
        log_lines=section.value("log_lines", _count, default.log_lines),
        external_labels=section.pairs("external_labels"),
        runbook_base=section.value("runbook_base", _url_or_none, None),
        inhibit_rules=tuple(map(_inhibit_rule, section.sections("inhibit_rules"))),
    )
    section.close()
    return alerts


def _inhibit_rule(section: Section) -> InhibitRule:
    rule = InhibitRule(source=section.pairs("source"), target=section.pairs("target"), equal=section.texts("equal", ()))
    section.close()
    return rule


def _receivers(section: Section, known: Mapping[str, Collection[str]] | None) -> dict[str, dict[str, str]]:
    if known is None:
        return {name: dict(section.pairs(name)) for name in section.keys()}  # noqa: SIM118 - no dict
    given = section.keys()
    receivers = {name: _receiver(section.section(name), keys) for name, keys in known.items()}
    section.close()
    return {name: settings for name, settings in receivers.items() if name in given}


def _receiver(section: Section, keys: Collection[str]) -> dict[str, str]:
    settings = {key: section.value(key, str, "") for key in keys}
    section.close()
    return {key: value for key, value in settings.items() if value}


def _web(section: Section) -> WebConfig:
    default = WebConfig()
    web = WebConfig(
        listen=section.value("listen", listen_address, default.listen),
        external_url=section.value("external_url", _url_or_none, None),
    )
    section.close()
    return web


def listen_address(text: str) -> str:
    """`HOST:PORT` with the host filled in: `:9936` listens on every interface.

    Raises:
        ValueError: it is none.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - the highest port
        raise ValueError(f"`{text}` is no address: write HOST:PORT, for example 127.0.0.1:9936 or :9936")
    return f"{host or '0.0.0.0'}:{port}"  # noqa: S104 - asked for by leaving the host out


def parse_target(text: str) -> tuple[str, float]:
    """`mAP=0.9` as name and value.

    Raises:
        ValueError: it is none.
    """
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ValueError(f"`{text}` is no target: write METRIC=VALUE, for example mAP=0.9 or loss=0.5")
    return name, _target(name, value)


def _target(name: str, text: str) -> float:
    value = _number(text)
    if name.lower() != "loss" and not 0 <= value <= 1:
        raise ValueError(f"`{text}` is never reached: a score runs from 0 to 1, so write {value / 100:g}")
    return value


def _text(text: str) -> str | None:
    return text or None


def _format(text: str, known: Collection[str]) -> str | None:
    if known and text not in ("auto", *known):
        raise ValueError(f"there is no log format `{text}`: choose one of auto, {', '.join(known)}")
    return None if text == "auto" else text


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"`{text}` is no number")
    return value


def _limit(text: str) -> float | None:
    return _number(text)


def _positive(text: str) -> float | None:
    value = _number(text)
    if value < 0:
        raise ValueError(f"`{text}` is negative")
    return value


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"`{text}` is no count: write 0, 12, …")
    return int(text)


def _duration(text: str) -> float | None:
    return parse_duration(text)


def _interval(text: str) -> float:
    seconds = parse_duration(text)
    if seconds == 0:
        raise ValueError("an interval is longer than 0s")
    return seconds


def _scrape_interval(text: str) -> float:
    seconds = _interval(text)
    if seconds > LONGEST_SCRAPE_INTERVAL:
        raise ValueError(f"`{text}` is too long: rules look back five minutes, so scrape at least every two")
    return seconds


def _flag(text: str) -> bool:
    if text.lower() not in _FLAGS:
        raise ValueError(f"`{text}` is neither true nor false")
    return _FLAGS[text.lower()]


def parse_url(text: str) -> str:
    """A URL without its trailing slash.

    Raises:
        ValueError: it is none.
    """
    if not text.startswith(("http://", "https://")):
        raise ValueError(f"`{text}` is no URL: it begins with http:// or https://")
    return text.rstrip("/")


def _url_or_none(text: str) -> str | None:
    return parse_url(text)
