"""The receivers of the configuration to notifiers, all mistakes at once."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, cast

from ..model import AlertsError
from ._protocol import Notifier

Settings = Mapping[str, str]


class ReceiverError(AlertsError):
    """All that is wrong with the receivers; one line each."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Module(Protocol):
    KEYS: tuple[str, ...]
    """The settings it knows."""

    def open_notifier(self, settings: Settings, environ: Settings) -> Notifier:
        """Raises `AlertsError` for settings that cannot work."""


def notifier_names() -> tuple[str, ...]:
    """The notifiers there are, sorted: the modules of this package."""
    package = __name__.rpartition(".")[0]
    folder = import_module(package).__path__
    return tuple(sorted(module.name for module in pkgutil.iter_modules(folder) if not module.name.startswith("_")))


def receiver_keys() -> dict[str, tuple[str, ...]]:
    """The settings that each notifier knows, by its name."""
    return {name: _module(name).KEYS for name in notifier_names()}


def open_notifiers(receivers: Mapping[str, Settings], environ: Settings) -> tuple[Notifier, ...]:
    """A notifier for each receiver; with none, Slack if $SLACK_WEBHOOK_URL is set, and else the terminal.

    Args:
        receivers: settings by the notifier's name.
        environ: the environment variables.

    Raises:
        ReceiverError: with every mistake in any of them.
    """
    default: dict[str, Settings] = {"slack" if environ.get("SLACK_WEBHOOK_URL") else "stdout": {}}
    opened: list[Notifier] = []
    problems: list[str] = []
    for name, settings in (receivers or default).items():
        try:
            opened.append(_open(name, settings, environ))
        except AlertsError as error:
            problems.append(f"receivers.{name}: {error}")
    if problems:
        raise ReceiverError(*problems)
    return tuple(opened)


def _open(name: str, settings: Settings, environ: Settings) -> Notifier:
    if name not in notifier_names():
        raise ReceiverError(f"unknown receiver; there are {', '.join(notifier_names())}")
    module = _module(name)
    unknown = [key for key in settings if key not in module.KEYS]
    if unknown:
        known = ", ".join(module.KEYS) or "none"
        raise ReceiverError(f"unknown key {', '.join(map(repr, unknown))}; known are {known}")
    return module.open_notifier(settings, environ)


def _module(name: str) -> _Module:
    return cast("_Module", import_module(f".{name}", __name__.rpartition(".")[0]))
