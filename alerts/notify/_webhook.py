"""Where a webhook's address comes from, checked; and the address itself, which is a secret."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..model import AlertsError


class WebhookError(AlertsError):
    """There is no usable address; the text says where it was looked for, what is wrong and what to do."""


class Secret:
    """A text that prints as `***`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: for the one who sends it, and for nobody who prints."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def redact(self, text: str) -> str:
        """The text without this secret, nor the part of it after the host, should a server send it back."""
        path = self._text.partition("://")[2].partition("/")[2]
        for part in (self._text, path, path.rpartition("/")[2]):
            if len(part) >= _TELLING:
                text = text.replace(part, "***")
        return text


_TELLING: Final = 8
"""A shorter part of an address is a word like `hook`, no secret (Slack's have 24 characters)."""

_CHANNEL: Final = "that is the address of a channel; make an incoming webhook for it in Slack"

_HINTS: Final = (
    ("xox", "that is a token; an incoming webhook is an address that begins with https://hooks.slack.com/"),
    ("hooks.slack.com", "it lacks https:// at its beginning"),
    ("http://hooks.slack.com", "Slack takes messages by https:// only"),
    ("https://app.slack.com", _CHANNEL),
    ("https://slack.com", "that is Slack's own page; an incoming webhook begins with https://hooks.slack.com/"),
)
"""What people put there instead, by its beginning."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """The address of a webhook: in a file that is read at every use, so that it can be replaced, or given."""

    source: Path | Secret
    name: str
    """Of the source, for error messages: the file, or the environment variable."""

    def read(self) -> Secret:
        """The address.

        Raises:
            WebhookError: the file cannot be read, or what is there is no address.
        """
        if isinstance(self.source, Secret):
            text = self.source.reveal()
        else:
            try:
                text = self.source.read_text(encoding="utf-8", errors="replace")
            except OSError as error:
                raise WebhookError(f"{self.name}: the webhook's address cannot be read: {error.strerror}") from error
        return _checked(text.strip(), self.name)


def _checked(text: str, where: str) -> Secret:
    problem = _problem(text)
    if problem:
        raise WebhookError(f"{where}: {problem}")
    return Secret(text)


def _problem(text: str) -> str:
    """What is wrong with the text as the address of a webhook, and what to do; empty: nothing."""
    scheme, _, rest = text.partition("://")
    checks = (
        (not text, "empty; put the address of a Slack incoming webhook there (https://hooks.slack.com/services/…)"),
        (text.split() != [text], "more than one word; put only the webhook's address there"),
        (
            text[:1] in {'"', "'", "<"} or "=" in scheme,
            "put only the webhook's address there, without quotes, brackets or a name before it",
        ),
        *((text.startswith(beginning), hint) for beginning, hint in _HINTS),
        (
            scheme not in {"http", "https"} or not rest.partition("/")[0],
            "no web address; an incoming webhook begins with https://hooks.slack.com/services/",
        ),
        (".slack.com/archives/" in rest, _CHANNEL),
    )
    return next((problem for wrong, problem in checks if wrong), "")
