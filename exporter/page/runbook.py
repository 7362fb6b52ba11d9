"""The runbooks of the shipped alerts, served by this program: a link in a message works without the internet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from ..model.web import Request, Response, Route, text

PREFIX: Final = "/runbooks"
NAME: Final = re.compile(r"[A-Z]\w+(?:\.md)?")
"""`TrainingHung`, `TrainingHung.md`."""


def runbook_route() -> Route:
    """`/runbooks/<AlertName>`, as text."""
    return Route(f"{PREFIX}/…", _answer)


def _answer(request: Request) -> Response:
    name = request.path.rpartition("/")[2]
    page = _folder() / f"{name.removesuffix('.md')}.md"
    if not NAME.fullmatch(name) or not page.is_file():
        return text(f"there is no runbook {name}\n", 404)
    return text(page.read_text(encoding="utf-8"))


def _folder() -> Path:
    """Beside the package in an installed wheel, in docs/ in a checkout."""
    package = Path(__file__).parents[1]
    packaged = package / "runbooks"
    return packaged if packaged.is_dir() else package.with_name("docs") / "runbooks"
