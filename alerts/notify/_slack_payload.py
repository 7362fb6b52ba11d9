"""A message to the JSON that a Slack webhook takes: escaped, and within its limits whatever a log contained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from ._message import Link, Message, Section, Tone

MAX_TITLE: Final = 150
"""Characters; Slack cuts nothing there, but a phone shows two lines."""

MAX_TEXT: Final = 3000
"""Characters of an attachment, escaped. Slack hides what is longer behind "Show more" and cuts it at some point."""

MAX_MESSAGE: Final = 30_000
"""Characters of all attachments. https://api.slack.com/changelog/2018-04-truncating-really-long-messages cuts at
40,000."""

MAX_LOG_LINES: Final = 12
MAX_LOG: Final = 1500
MAX_LOG_LINE: Final = 200
"""Characters of a log's end, which is there to recognise the failure, not to read the log."""

MAX_URL: Final = 500

_COLOURS: Final = {
    Tone.CRITICAL: "danger",
    Tone.WARNING: "warning",
    Tone.INFO: "#439FE0",
    Tone.RESOLVED: "good",
    Tone.NEUTRAL: "#9E9E9E",
}
"""Slack's own names, which every compatible server knows; the blue is the one of Slack's documentation."""

_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
"""https://api.slack.com/reference/surfaces/formatting#escaping: these three and no others."""

# Matches the `@here` of `contact @here`: Mattermost calls people by such words without any markup.
_CALL: Final = re.compile(r"@(?=(?:here|channel|everyone|all)\b)", re.IGNORECASE)
_WORD_JOINER: Final = "\u2060"


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One coloured block."""

    color: str
    title: str
    text: str
    fallback: str
    """What a notification on the lock screen shows."""
    mrkdwn_in: tuple[str, ...]
    title_link: str = ""
    footer: str = ""
    ts: int = 0


class Payload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole."""

    attachments: tuple[Attachment, ...]
    text: str = ""
    """Above the blocks: whom the message calls, because Slack calls nobody from within a block."""


def payload(message: Message, mention: str) -> Payload:
    """What is posted.

    Args:
        message: in words.
        mention: in Slack's syntax; whom an urgent message calls, empty: nobody.
    """
    attachments: list[Attachment] = []
    length = 0
    for section in message.sections:
        attachment = _attachment(section, message)
        length += len(attachment.text) + len(attachment.title) + len(attachment.fallback)
        if length > MAX_MESSAGE:
            break
        attachments.append(attachment)
    left_out = len(message.sections) - len(attachments)
    if left_out:
        attachments.append(_attachment(Section(tone=Tone.NEUTRAL, title=f"+ {left_out} more"), message))
    attachments[-1] = msgspec.structs.replace(attachments[-1], footer="training-exporter", ts=int(message.at))
    return Payload(attachments=tuple(attachments), text=mention if message.urgent else "")


def _attachment(section: Section, message: Message) -> Attachment:
    title = fit(section.title, MAX_TITLE)
    summary = fit(section.summary, 300)
    return Attachment(
        color=_COLOURS[section.tone],
        title=title,
        text=_text(section),
        fallback=f"{title}: {summary}" if summary else title,
        mrkdwn_in=("text",),
        title_link=message.url if len(message.url) <= MAX_URL else "",
    )


def _text(section: Section) -> str:
    links = _links(section.links)
    parts = list(_paragraphs(section, MAX_TEXT - len(links) - 1))
    used = sum(len(part) + 1 for part in parts) + len(links)
    log = _log(section.log, min(MAX_LOG, MAX_TEXT - used))
    return "\n".join(part for part in (*parts, log, links) if part)


def _paragraphs(section: Section, room: int) -> Iterator[str]:
    """The texts from the most important on, as far as there is room for them."""
    for text in (
        fit(section.summary, 300),
        fit(section.description, 600),
        f"*Advice:* {fit(section.advice, 800)}" if section.advice else "",
        fit(section.state, 100),
        *(f"• {fit(line, 200)}" for line in section.lines),
        fit(section.facts, 300),
        fit(section.curve, 100),
    ):
        room -= len(text) + 1
        if room < 0:
            return
        if text:
            yield text


def _log(lines: tuple[str, ...], room: int) -> str:
    """The last lines that fit, as a code block; a backtick would end it."""
    shown: list[str] = []
    room -= len("```\n\n```\n")
    for line in reversed(lines[-MAX_LOG_LINES:]):
        text = fit(line.replace("`", "'"), MAX_LOG_LINE)
        room -= len(text) + 1
        if room < 0:
            break
        shown.append(text)
    return "```\n" + "\n".join(reversed(shown)) + "\n```" if shown else ""


def _links(links: tuple[Link, ...]) -> str:
    named = ((link.title, _url(link.url)) for link in links)
    return " · ".join(f"<{url}|{title}>" for title, url in named if len(url) <= MAX_URL)


def _url(url: str) -> str:
    """Without what would end the link."""
    for char, code in (("<", "%3C"), (">", "%3E"), ("|", "%7C"), (" ", "%20")):
        url = url.replace(char, code)
    return url.replace("&", "&amp;")


def fit(text: str, limit: int) -> str:
    """The text escaped, at most `limit` characters long; it calls nobody, opens no code block, has no control codes."""
    plain = "".join(char if char.isprintable() else " " for char in text[: limit + 1]).replace("```", "'''").rstrip()
    escaped = [_ESCAPES.get(char, char) for char in _CALL.sub("@" + _WORD_JOINER, plain)]
    if sum(map(len, escaped)) <= limit:
        return "".join(escaped)
    length = 0
    for index, piece in enumerate(escaped):
        length += len(piece)
        if length > limit - 1:
            return "".join(escaped[:index]).rstrip() + "…"
    return "".join(escaped)
