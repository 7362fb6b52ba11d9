"""Reads the dashboard's JSON as Grafana does: panels, queries, variables filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from grafana.dashboard import PATH

ROOT: Final = Path(__file__).parents[2]
ALL: Final = {"job": ".*", "instance": ".*", "run": ".*"}
"""What Grafana fills in while everything is chosen: each variable's allValue."""
BUILT_IN: Final = {"__rate_interval": "1m", "__range": "1h"}

_VARIABLE: Final = re.compile(r"\$(\w+)|\$\{(\w+)\}")
_PLACEHOLDER: Final = re.compile(r"\{\{(\w+)\}\}")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """One query of a panel."""

    panel: str
    expr: str
    legend: str
    instant: bool
    data_source: object

    def filled(self, choice: Mapping[str, str]) -> str:
        return fill(self.expr, choice)

    def labels_in_legend(self) -> set[str]:
        return set(_PLACEHOLDER.findall(self.legend))


def document() -> Json:
    found: Json = json.loads(PATH.read_text(encoding="utf-8"))
    return found


def panels() -> Iterator[Json]:
    """All that show something, those of folded rows too."""
    for panel in document()["panels"]:
        yield from panel.get("panels", ())
        if panel["type"] != "row":
            yield panel


def targets() -> Iterator[Target]:
    for panel in panels():
        for target in panel["targets"]:
            yield Target(
                panel=panel["title"],
                expr=target["expr"],
                legend=target["legendFormat"],
                instant=target["instant"],
                data_source=target["datasource"],
            )


def variables() -> dict[str, Json]:
    return {variable["name"]: variable for variable in document()["templating"]["list"]}


def annotation() -> str:
    [found] = document()["annotations"]["list"]
    return str(found["expr"])


def fill(text: str, choice: Mapping[str, str]) -> str:
    """The text with its variables replaced.

    Raises:
        KeyError: one is no variable of the dashboard.
    """
    return _VARIABLE.sub(lambda found: {**BUILT_IN, **choice}[found[1] or found[2]], text)
