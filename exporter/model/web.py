"""What is served over HTTP: pages and interfaces are values that the composition root mounts on the one server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a handler may look at."""

    path: str
    query: Mapping[str, str]
    accept: str = ""
    accept_encoding: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What it answers."""

    body: bytes
    content_type: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """A path and who answers it; a path that ends in `/…` answers for everything directly below it."""

    path: str
    answer: Callable[[Request], Response]


def text(body: str, status: int = 200) -> Response:
    """A plain-text response."""
    return Response(body=body.encode(), content_type="text/plain; charset=utf-8", status=status)
