"""A snapshot and the active alerts, as a page for people. Self-contained; everything from a log is escaped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..model import Snapshot
from ..model.web import Request, Response, Route
from .render import ActiveAlert, document
from .runbook import runbook_route

__all__ = ["ActiveAlert", "View", "page_routes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the page shows, at one time."""

    snapshot: Snapshot
    alerts: tuple[ActiveAlert, ...] = ()
    gpu_absence: str = ""
    """Why there are no devices, in one sentence."""
    alerting: str = ""
    """How alerts are evaluated and where messages go, in one sentence."""


def page_routes(view: Callable[[], View]) -> tuple[Route, ...]:
    """The page at `/`, its style and script, and the runbooks."""

    def page(_: Request) -> Response:
        now = view()
        body = document(now.snapshot, now.alerts, gpu_absence=now.gpu_absence, alerting=now.alerting)
        return Response(
            body=body.encode(), content_type="text/html; charset=utf-8", headers=(("Cache-Control", "no-store"),)
        )

    return (
        Route("/", page),
        Route("/style.css", lambda _: _file("style.css", "text/css")),
        Route("/page.js", lambda _: _file("page.js", "text/javascript")),
        runbook_route(),
    )


def _file(name: str, content_type: str) -> Response:
    body = Path(__file__).with_name(name).read_bytes()
    return Response(
        body=body, content_type=f"{content_type}; charset=utf-8", headers=(("Cache-Control", "max-age=60"),)
    )
