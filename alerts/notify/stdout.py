"""The terminal: notifications as text, in colours where somebody looks; the receiver of those who configured none."""

from __future__ import annotations

import os
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping
from typing import Final, TextIO

from ..model import Delivered, Delivery, Notification, Rejected
from ._message import Message, Section, Tone, compose

KEYS: Final = ()

_LOG_LINES: Final = 12
_WIDTHS: Final = (40, 100)
"""A line is not broken below the one nor left longer than the other."""

_COLOURS: Final = {
    Tone.CRITICAL: "31",
    Tone.WARNING: "33",
    Tone.INFO: "34",
    Tone.RESOLVED: "32",
    Tone.NEUTRAL: "90",
}
"""ECMA-48: red, yellow, blue, green, grey."""


def open_notifier(settings: Mapping[str, str], environ: Mapping[str, str]) -> StdoutNotifier:
    """The notifier for the standard output; there are no settings."""
    del settings
    colours = sys.stdout.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    return StdoutNotifier(sys.stdout, colours=colours)


class StdoutNotifier:
    """Writes to a stream.

    Args:
        stream: where to.
        colours: with escape sequences.
    """

    name = "stdout"
    target = "the terminal"

    def __init__(self, stream: TextIO, *, colours: bool = False) -> None:
        self._stream, self._colours = stream, colours

    def deliver(self, notification: Notification, now: float) -> Delivery:
        """Writes at once, and all or nothing as far as the stream allows."""
        del now
        text = render(compose(notification), colours=self._colours, width=_columns(self._stream))
        encoding = self._stream.encoding or "utf-8"
        try:
            self._stream.write(text.encode(encoding, "replace").decode(encoding))
            self._stream.flush()
        except (OSError, ValueError) as error:
            return Rejected(reason=f"the standard output takes no more text ({error})", of_receiver=True)
        return Delivered()

    def close(self) -> None:
        """The stream stays open: it belongs to the process."""


def _columns(stream: TextIO) -> int:
    """Of the terminal, or what is usual where there is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return _WIDTHS[1]


def render(message: Message, *, colours: bool, width: int) -> str:
    """The message as lines of at most `width` columns, links and log lines excepted, with an empty line after it."""
    low, high = _WIDTHS
    lines: list[str] = []
    for section in message.sections:
        lines += _section(section, message.at, colours=colours, width=min(max(width, low), high))
    return "\n".join([*lines, "", ""])


def _section(section: Section, at: float, *, colours: bool, width: int) -> Iterator[str]:
    clock = time.strftime("%H:%M:%S", time.localtime(at))
    title = _plain(section.title)
    bar = f"\x1b[{_COLOURS[section.tone]}m▌\x1b[0m " if colours else "  "
    yield f"{bar}\x1b[1m{title}\x1b[0m  \x1b[90m{clock}\x1b[0m" if colours else f"{clock} {title}"
    for text in _body(section, width - 2):
        yield f"{bar}{text}"


def _body(section: Section, width: int) -> Iterator[str]:
    advice = f"Advice: {section.advice}" if section.advice else ""
    for text in (section.summary, section.description, advice, section.state):
        yield from textwrap.wrap(_plain(text), width)
    yield from (f"- {_plain(line)}" for line in section.lines)
    yield from textwrap.wrap(_plain(section.facts), width)
    if section.curve:
        yield section.curve
    yield from (f"| {_plain(line)[: width - 2]}" for line in section.log[-_LOG_LINES:])
    yield from (f"{link.title}: {_plain(link.url)}" for link in section.links)


def _plain(text: str) -> str:
    """Without control characters: what a log contains does not steer the terminal."""
    return "".join(char if char.isprintable() else " " for char in text).rstrip()
