from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest

from exporter.model.web import Request, Response, Route, text
from exporter.server import Server


def _echo(request: Request) -> Response:
    return text(f"{request.path} {sorted(request.query.items())} {request.accept}")


def _fail(_: Request) -> Response:
    raise RuntimeError("no such luck")


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server("127.0.0.1:0", [Route("/", _echo), Route("/below/…", _echo), Route("/fail", _fail)])
    server.start()
    yield server
    server.close()


def _ask(server: Server, path: str, method: str = "GET") -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request(method, path, headers={"Accept": "text/x"})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body, answer.headers


def test_a_route_answers_for_its_path(server: Server) -> None:
    assert _ask(server, "/?b=2&a=1")[:2] == (200, "/ [('a', '1'), ('b', '2')] text/x")
    assert _ask(server, "/below/x")[:2] == (200, "/below/x [] text/x")


def test_what_is_not_mounted_is_not_found(server: Server) -> None:
    assert _ask(server, "/nothing")[:2] == (404, "nothing at /nothing\n")
    assert _ask(server, "/below/x/y")[0] == 404


def test_head_answers_without_a_body(server: Server) -> None:
    status, body, headers = _ask(server, "/", "HEAD")
    assert (status, body, headers["Content-Length"]) == (200, "", "11")


def test_only_reading_is_answered(server: Server) -> None:
    assert _ask(server, "/", "POST")[0] == 405


def test_a_page_that_fails_does_not_take_the_server_with_it(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    status, body, _ = _ask(server, "/fail")
    assert (status, "no such luck" in body) == (500, False)
    assert "no such luck" in caplog.text
    assert _ask(server, "/")[0] == 200


def test_pages_cannot_be_framed_or_load_foreign_things(server: Server) -> None:
    headers = _ask(server, "/")[2]
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_taken_port_is_an_error(server: Server) -> None:
    with pytest.raises(OSError, match="Address already in use"):
        Server(f"127.0.0.1:{server.port}", [])
