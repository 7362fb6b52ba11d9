"""Routes in, one HTTP server out. What is served are values (`Route`); this is the one door to the HTTP server.

waitress bounds threads, connections, header sizes and idle time, so that a slow client costs nothing but its own
connection (docs/adr/0002-dependencies.md).
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from waitress import wasyncore
from waitress.server import create_server

from .model.web import Request, Response, Route, text

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

THREADS: Final = 4
"""A page, a scrape and two to spare; each response is computed in milliseconds."""

_REASONS: Final = {
    200: "OK",
    404: "Not Found",
    405: "Method Not Allowed",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_SECURITY: Final = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    (
        "Content-Security-Policy",
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'",
    ),
]
_log = logging.getLogger(__name__)


class Server:
    """Serves routes on one address until closed.

    Raises:
        OSError: the address is taken or not this machine's.
    """

    def __init__(self, listen: str, routes: Iterable[Route]) -> None:
        self._routes = {route.path: route for route in routes}
        host, _, port = listen.rpartition(":")
        host = host.strip("[]")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, int(port)), family=family, backlog=64)
        self._sockets: dict[int, object] = {}
        # Its own warnings (task queue depth) are about load, which /metrics shows.
        logging.getLogger("waitress").setLevel(logging.ERROR)
        self._server = create_server(
            self._answer,
            sockets=[self._socket],
            map=self._sockets,
            threads=THREADS,
            ident="training-exporter",
            clear_untrusted_proxy_headers=True,
        )
        self._thread = threading.Thread(target=self._server.run, name="http", daemon=True)

    @property
    def port(self) -> int:
        """The port it really listens on: of `:0` the one the system chose."""
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Begins to answer, on threads of its own."""
        self._thread.start()

    def close(self) -> None:
        """Stops listening and ends every connection; a response under way is given a moment to end."""
        self._server.task_dispatcher.shutdown(timeout=1)
        # On the server's own thread, whose loop ends when nothing is left to wait for.
        self._server.trigger.pull_trigger(lambda: wasyncore.close_all(self._sockets))
        self._thread.join(timeout=2)

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = self._respond(environ)
        status = f"{response.status} {_REASONS[response.status]}"
        headers = [("Content-Type", response.content_type), ("Content-Length", str(len(response.body)))]
        start_response(status, [*headers, *_SECURITY, *response.headers])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]

    def _respond(self, environ: WSGIEnvironment) -> Response:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return text("only GET and HEAD are answered here\n", 405)
        path = environ["PATH_INFO"] or "/"
        route = self._routes.get(path) or self._routes.get(f"{path.rpartition('/')[0]}/…")
        if route is None:
            return text(f"nothing at {path}\n", 404)
        request = Request(
            path=path,
            query=dict(parse_qsl(environ.get("QUERY_STRING", ""))),
            accept=environ.get("HTTP_ACCEPT", ""),
            accept_encoding=environ.get("HTTP_ACCEPT_ENCODING", ""),
        )
        try:
            return route.answer(request)
        except Exception:  # noqa: BLE001 - the boundary: one failing page must not look like a dead server
            _log.exception("path=%s answer failed", path)
            return text("this page failed; the log of training-exporter says why\n", 500)
