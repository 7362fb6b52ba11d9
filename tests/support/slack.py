"""A receiver on the loopback that takes what Slack's incoming webhooks take, refuses the rest, and follows a script."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

MAX_ATTACHMENTS: Final = 100
"""Slack answers `too_many_attachments` beyond."""
MAX_CHARACTERS: Final = 40_000

_COLOUR: Final = re.compile(r"good|warning|danger|#[0-9A-Fa-f]{6}")
_ENTITY: Final = re.compile(r"&(?!amp;|lt;|gt;)")
# Matches `<https://example.org/a?b=1&amp;c=2|Runbook>`.
_LINK: Final = re.compile(r"<https?://[^<>|\s]+\|[^<>|]+>")
# Matches `<!here>`, `<@U024BE7LH>`, `<!subteam^S024BE7LH>`.
_MENTION: Final = re.compile(r"<(?:!(?:here|channel|everyone|subteam\^S[A-Z0-9]+)|@[UW][A-Z0-9]+)>")
_CALL: Final = re.compile(r"@(?:here|channel|everyone|all)\b", re.IGNORECASE)

_PAYLOAD_KEYS: Final = {"text", "attachments", "channel", "username", "icon_emoji", "icon_url", "link_names"}
"""https://api.slack.com/legacy/custom-integrations/messaging/webhooks; Alertmanager uses the last five."""
_TEXTS: Final = ("color", "title", "text", "fallback", "title_link", "footer", "callback_id")
_KEYS: Final = {*_TEXTS, "mrkdwn_in", "ts"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One scripted answer."""

    status: int = 200
    body: str = "ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: bool = False
    """Say nothing until the server is closed."""
    reset: bool = False
    """Close the connection without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request."""

    path: str
    peer: int
    """The client's port: the same for the same connection."""
    payload: dict[str, Any]
    problems: tuple[str, ...]


def problems_of(body: bytes, content_type: str = "application/json") -> tuple[str, ...]:
    """Why Slack would refuse a message, or show it otherwise than it was meant; empty: nothing."""
    try:
        payload = json.loads(body.decode("utf-8"))
    except ValueError as error:
        return (f"no JSON: {error}",)
    found = [] if content_type.partition(";")[0] == "application/json" else [f"content type {content_type}"]
    if not isinstance(payload, dict) or not payload.keys() <= _PAYLOAD_KEYS:
        return (*found, f"not an object of {', '.join(sorted(_PAYLOAD_KEYS))}")
    text, attachments = payload.get("text", ""), payload.get("attachments", [])
    if not isinstance(text, str) or not isinstance(attachments, list):
        return (*found, "text is no string, or attachments no list")
    found += [f"text: {_MENTION.sub('', text)!r} is no mention"] if _MENTION.sub("", text).strip() else []
    if not text and not attachments:
        found.append("no_text")
    if len(attachments) > MAX_ATTACHMENTS:
        found.append("too_many_attachments")
    for index, attachment in enumerate(attachments):
        found += [f"attachment {index}: {problem}" for problem in _attachment_problems(attachment)]
    if len(body.decode("utf-8")) > MAX_CHARACTERS:
        found.append("too long")
    return tuple(found)


def _attachment_problems(attachment: dict[str, Any]) -> list[str]:
    found = [f"unknown key {key}" for key in attachment.keys() - _KEYS]
    found += [f"{key} is no string" for key in _TEXTS if not isinstance(attachment.get(key, ""), str)]
    if found:
        return found
    checks = (
        (not attachment.get("fallback"), "no fallback"),
        (not attachment.get("title"), "no title"),
        (len(attachment.get("title", "")) > 1024, "title too long"),
        (len(attachment.get("text", "")) > 3000, "text too long"),
        (not _COLOUR.fullmatch(attachment.get("color", "")), "color"),
        (not isinstance(attachment.get("ts", 0), int), "ts is no integer"),
        (attachment.get("mrkdwn_in") != ["text"], "mrkdwn_in"),
        (not attachment.get("title_link", "https://").startswith(("http://", "https://")), "title_link"),
        (attachment.get("text", "").count("```") not in {0, 2}, "a code block without an end"),
    )
    found = [problem for wrong, problem in checks if wrong]
    for key in ("title", "text", "fallback"):
        text = _LINK.sub("", attachment.get(key, "")) if key == "text" else attachment.get(key, "")
        if "<" in text or ">" in text or _ENTITY.search(attachment.get(key, "")):
            found.append(f"{key} is not escaped: {text!r}")
        if _CALL.search(text):
            found.append(f"{key} calls people: {text!r}")
        if any(ord(char) < 32 and char != "\n" for char in text):
            found.append(f"{key} has control characters: {text!r}")
    return found


class SlackServer:
    """Answers each request by the next scripted reply, or else as Slack would: `ok`, or 400 for a bad message."""

    PATH: Final = "/services/T024BE7LH/B024BE7LJ/hunter2hunter2hunter2hun"

    def __init__(self, *script: Reply) -> None:
        self.script = list(script)
        self.received: list[Received] = []
        self._closed = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """The webhook's address, with its secret."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{self.PATH}"

    @property
    def titles(self) -> list[str]:
        """The titles of all attachments that came, in order."""
        return [attachment["title"] for item in self.received for attachment in item.payload.get("attachments", [])]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, body: bytes, request: BaseHTTPRequestHandler) -> Reply:
        problems = problems_of(body, request.headers["Content-Type"])
        payload = {} if problems and problems[0].startswith("no JSON") else json.loads(body)
        peer = request.client_address[1]
        self.received.append(Received(path=request.path, peer=peer, payload=payload, problems=problems))
        if self.script:
            reply = self.script.pop(0)
            if reply.hang:
                self._closed.wait()
            return reply
        return Reply(status=400, body="invalid_payload") if problems else Reply()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                reply = server._answer(body, self)
                if reply.hang or reply.reset:
                    self.close_connection = True
                    return
                content = reply.body.encode()
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(content)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
                """Says nothing."""

        return Handler
