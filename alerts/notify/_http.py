"""The one door to the HTTP client: a JSON document to an address, to a status and the start of the answer.

The client is imported at the first use: it costs more memory than the rest of this package, and a run that goes well
may never need it. Redirects are not followed, so that a message goes nowhere but where it was meant to. The address is
a secret: it is in no error and in no log line, the client's own included.
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ._webhook import Secret

if TYPE_CHECKING:
    import requests

CONNECT_S: Final = 5.0
READ_S: Final = 10.0
"""Slack answers within a second; what takes longer than this is lost on the way."""

_NO_NAME: Final = "the name {host} cannot be resolved: check the address and the name server of this machine"
_SLOW: Final = "{host} took the message but did not answer in time"
_REASONS: Final = (
    ("ProxyError", "the proxy on the way to {host} does not let it through: check HTTPS_PROXY and NO_PROXY"),
    ("SSLError", "the TLS connection to {host} failed: check this machine's certificates and those of a proxy between"),
    ("ConnectTimeout", "{host} did not answer in time: check that this machine may reach it, or set HTTPS_PROXY"),
    ("ReadTimeout", _SLOW),
    ("ReadTimeoutError", _SLOW),
    ("NameResolutionError", _NO_NAME),
    ("gaierror", _NO_NAME),
    ("ConnectionRefusedError", "{host} refuses the connection: check the address and that something listens there"),
    ("InvalidURL", "the address on {host} is not a valid one: copy it again"),
)
"""By the names of exceptions of requests, urllib3 and the standard library; the first that occurs counts."""

_ANSWER_BYTES: Final = 2048
"""Webhooks answer with a word; an error page need not be read to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a server answered."""

    status: int
    text: str
    """The first 2,048 bytes of the body, without the secret."""
    retry_after: str
    """The header as it came; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """There was no answer; the reason is one sentence that says what to check."""

    reason: str


class Poster:
    """Posts JSON over connections that it keeps; used by one thread at a time.

    Args:
        connect_s: how long to wait for a connection.
        read_s: how long to wait for the answer.
    """

    def __init__(self, connect_s: float = CONNECT_S, read_s: float = READ_S) -> None:
        self._timeout = (connect_s, read_s)
        self._session: requests.Session | None = None

    def post(self, address: Secret, body: bytes) -> Response | Unreachable:
        """One attempt."""
        import requests  # noqa: PLC0415 - 12 MB that only a message needs

        if self._session is None:
            logging.getLogger("urllib3").setLevel(logging.ERROR)  # below, it logs the path of each request
            self._session = requests.Session()
            self._session.headers.update({"Content-Type": "application/json", "User-Agent": "training-exporter"})
        try:
            with closing(
                self._session.post(
                    address.reveal(), data=body, timeout=self._timeout, allow_redirects=False, stream=True
                )
            ) as response:
                return Response(
                    status=response.status_code,
                    text=address.redact(_beginning(response)),
                    retry_after=response.headers.get("Retry-After", ""),
                )
        except Exception as error:  # noqa: BLE001 - whatever the client raises holds the address, so none of it leaves
            return Unreachable(reason=_reason(error, _host(address)))

    def close(self) -> None:
        """Gives the connections back."""
        if self._session is not None:
            self._session.close()
            self._session = None


def _beginning(response: requests.Response) -> str:
    for chunk in response.iter_content(_ANSWER_BYTES):
        return str(chunk[:_ANSWER_BYTES].decode("utf-8", "replace"))
    return ""


def _host(address: Secret) -> str:
    """The host, which tells the reader which way is blocked and is no secret; without a user's name or password."""
    return address.reveal().partition("://")[2].partition("/")[0].rpartition("@")[2]


def _reason(error: Exception, host: str) -> str:
    """One sentence for an exception of the client, found by the names of the causes within it."""
    names = {type(cause).__name__ for cause in _causes(error)}
    told = (sentence.format(host=host) for name, sentence in _REASONS if name in names)
    return next(told, f"the connection to {host} failed ({type(error).__name__})")


def _causes(error: BaseException) -> list[BaseException]:
    """The exception and all that it wraps, as a cause, a context, an argument or a `reason`."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop()
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            waiting += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]
    return found
