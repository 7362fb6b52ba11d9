"""Failures of the HTTP client to sentences; the exceptions that need another machine are built here."""

from __future__ import annotations

import socket

import pytest
import requests
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NameResolutionError, ReadTimeoutError

from alerts.notify import Secret
from alerts.notify._http import Poster, Unreachable, _reason
from tests.support.slack import Reply, SlackServer

HOST = "hooks.slack.com"
POOL = HTTPConnectionPool(HOST)


def unresolved() -> requests.ConnectionError:
    cause = NameResolutionError(HOST, HTTPConnection(HOST), socket.gaierror(-2, "Name or service not known"))
    return requests.ConnectionError(MaxRetryError(POOL, "/services/T/B/secret", cause))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (unresolved(), "the name hooks.slack.com cannot be resolved: check the address and the name server"),
        (requests.ConnectTimeout(), "hooks.slack.com did not answer in time: check that this machine may reach it"),
        (requests.ReadTimeout(), "hooks.slack.com took the message but did not answer in time"),
        (
            requests.ConnectionError(ReadTimeoutError(POOL, "/secret", "slow")),
            "hooks.slack.com took the message but did not answer in time",
        ),
        (requests.exceptions.ProxyError(), "the proxy on the way to hooks.slack.com does not let it through"),
        (requests.exceptions.InvalidURL(), "the address on hooks.slack.com is not a valid one"),
        (requests.exceptions.ChunkedEncodingError(), "the connection to hooks.slack.com failed (ChunkedEncodingError)"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_failure_is_one_sentence(error: Exception, sentence: str) -> None:
    reason = _reason(error, HOST)
    assert reason.startswith(sentence)
    assert "secret" not in reason


def test_a_connection_is_kept_between_messages() -> None:
    with SlackServer() as server:
        poster = Poster()
        for _ in range(3):
            assert not isinstance(poster.post(Secret(server.url), b'{"text":"<!here>"}'), Unreachable)
        poster.close()
    assert len({item.peer for item in server.received}) == 1


def test_a_long_answer_is_not_read_to_its_end() -> None:
    with SlackServer(Reply(status=500, body="x" * 1_000_000)) as server:
        poster = Poster()
        response = poster.post(Secret(server.url), b"{}")
        poster.close()
    assert not isinstance(response, Unreachable)
    assert response.text == "x" * 2048
