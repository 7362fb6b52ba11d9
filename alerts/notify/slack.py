"""Slack: notifications to an incoming webhook, and what it answers to a verdict.

Attachments and nothing newer, because Mattermost, Rocket.Chat and Discord's `/slack` address take them too.
Sources: https://api.slack.com/messaging/webhooks, https://api.slack.com/reference/messaging/attachments,
https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, assert_never

import msgspec

from ..model import AlertsError, Delivered, Delivery, Notification, Rejected, Retry
from ._http import Poster, Response, Unreachable
from ._message import compose
from ._slack_payload import payload
from ._webhook import Secret, Webhook, WebhookError

KEYS: Final = ("webhook_url_file", "mention")

ENVIRONMENT: Final = "SLACK_WEBHOOK_URL"

_GONE: Final = "make a new incoming webhook and put its address in the same place"
_MEANINGS: Final = {
    "invalid_payload": "Slack does not understand the message",
    "invalid_attachments": "Slack does not understand the message",
    "too_many_attachments": "Slack finds the message too long",
    "no_text": "Slack finds no text in the message",
    "user_not_found": "Slack knows no such user; check `mention`",
    "invalid_token": "the webhook's address is wrong; copy the whole of it again",
    "no_service": f"the webhook was removed or never was; {_GONE}",
    "no_active_hooks": f"the webhook was switched off; {_GONE}",
    "no_team": f"Slack knows no such workspace; {_GONE}",
    "team_disabled": "the Slack workspace is switched off",
    "channel_not_found": f"the webhook's channel is gone; {_GONE}",
    "channel_is_archived": f"the webhook's channel is archived; unarchive it, or {_GONE}",
    "action_prohibited": "an administrator of the workspace does not let this webhook post; ask for it",
    "posting_to_general_channel_denied": "this webhook may not post to the general channel; choose another",
    "rollup_error": "Slack failed for once",
}
"""What Slack answers, in words."""

_STATUSES: Final = {
    200: "what answers there is no Slack webhook: a proxy or a login page?",
    401: "the receiver asks for a login; a webhook's address needs none: copy it again",
    403: "the receiver does not let this webhook post",
    404: f"there is no such webhook; {_GONE}",
    410: f"the webhook is gone; {_GONE}",
    413: "the message is too long for the receiver",
    429: "the receiver asks to wait",
}
"""The statuses that say more than their class."""

_TRANSIENT: Final = frozenset({408, 429})
"""Below 500, those that pass by themselves (RFC 9110, RFC 6585)."""

_OF_MESSAGE: Final = frozenset({400, 413, 422})
"""Those that find fault with the message; all others would meet any message."""


# Matches `U024BE7LH`: a member, W… in an organisation, S… a group of members.
_MEMBER: Final = re.compile(r"[UWS][A-Z0-9]{7,}")


def open_notifier(settings: Mapping[str, str], environ: Mapping[str, str]) -> SlackNotifier:
    """The notifier for the webhook of the settings, or else of the environment.

    Raises:
        AlertsError: there is no usable address now, or the mention is none.
    """
    file, given = settings.get("webhook_url_file", ""), environ.get(ENVIRONMENT, "")
    if file.startswith(("http:", "https:")):
        # Not repeated: it is the secret itself.
        raise AlertsError("webhook_url_file: name the file that holds the webhook's address, not the address itself")
    webhook = Webhook(Path(file), file) if file else Webhook(Secret(given), f"${ENVIRONMENT}")
    webhook.read()
    return SlackNotifier(webhook, parse_mention(settings.get("mention", "")))


def parse_mention(text: str) -> str:
    """Who is called by urgent messages, in Slack's syntax; from `@here`, `@channel`, an id (`U024BE7LH`), or `<@U…>`.

    Raises:
        AlertsError: it is none of these; Slack takes no plain names.
    """
    if text in {"@here", "@channel", "@everyone"}:
        return f"<!{text[1:]}>"
    if _MEMBER.fullmatch(text):
        return f"<!subteam^{text}>" if text[0] == "S" else f"<@{text}>"
    if not text or (text.startswith(("<@", "<!")) and text.endswith(">")):
        return text
    raise AlertsError(f"mention: {text!r} calls nobody; write @here, @channel or a member's id such as U024BE7LH")


class SlackNotifier:
    """Posts to one incoming webhook; the address is read anew for each message, so that it can be replaced.

    Args:
        webhook: where its address is.
        mention: whom urgent messages call, in Slack's syntax.
        poster: makes the requests; None: one with the usual timeouts.
    """

    name = "slack"

    def __init__(self, webhook: Webhook, mention: str = "", poster: Poster | None = None) -> None:
        self._webhook, self._mention, self._poster = webhook, mention, poster or Poster()

    def __repr__(self) -> str:
        return f"SlackNotifier({self._webhook!r})"

    @property
    def target(self) -> str:
        """The source of the address, and not the address."""
        return f"Slack (webhook from {self._webhook.name})"

    def deliver(self, notification: Notification, now: float) -> Delivery:
        """Posts once."""
        try:
            address = self._webhook.read()
        except WebhookError as error:
            return Rejected(reason=str(error), of_receiver=True)
        body = msgspec.json.encode(payload(compose(notification), self._mention))
        match self._poster.post(address, body):
            case Unreachable(reason=reason):
                return Retry(reason=reason)
            case Response() as response:
                return verdict(response, now)
            case _ as unknown:
                assert_never(unknown)

    def close(self) -> None:
        """Gives the connection back."""
        self._poster.close()


def verdict(response: Response, now: float) -> Delivery:
    """What an answer means.

    Args:
        response: of the webhook.
        now: Unix seconds, against which a `Retry-After` in the form of a date is read.
    """
    status, answer = response.status, _answer(response.text)
    if status == 200 and answer == "ok":  # noqa: PLR2004 - HTTP
        return Delivered()
    said = f"{status} {answer}".strip()
    reason = f"{_MEANINGS.get(answer) or _meaning(status)} ({said})"
    if status >= 500 or status in _TRANSIENT:  # noqa: PLR2004 - HTTP
        return Retry(reason=reason, after_s=retry_after(response.retry_after, now))
    return Rejected(reason=reason, of_receiver=status not in _OF_MESSAGE)


def retry_after(header: str, now: float) -> float | None:
    """Seconds to wait, from `30` or `Sat, 21 Nov 2026 22:30:00 GMT`; None where it says neither."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - heavy, and seldom needed

    if header.isascii() and header.isdigit():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except ValueError:
        return None


def _answer(text: str) -> str:
    """Slack's word: the body, or in newer webhooks the `error` of a JSON object; `ok` for success."""
    try:
        answer = msgspec.json.decode(text, type=_Answer)
    except msgspec.DecodeError:
        word = text.strip()
    else:
        word = "ok" if answer.ok or answer.success else answer.error
    return "".join(char for char in word.partition("\n")[0][:80] if char.isprintable())


class _Answer(msgspec.Struct, frozen=True):
    ok: bool = False
    success: bool = False
    """Rocket.Chat's word for `ok`."""
    error: str = ""


def _meaning(status: int) -> str:
    """Of an answer without a word that Slack is known to say."""
    if status >= 500:  # noqa: PLR2004 - HTTP
        return "the receiver failed for once"
    words = "the address redirects to another one; put that one there" if 300 <= status < 400 else ""  # noqa: PLR2004 - HTTP
    return _STATUSES.get(status) or words or "the receiver refuses the message"
