"""The scores of an evaluation in Detectron2's text log: `copypaste` lines and per-category tables.

Sources: detectron2/evaluation/testing.py (`print_csv_format`), coco_evaluation.py (`_derive_coco_results`).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from ._detectron2 import column, is_score
from ._items import Cells
from ._numbers import number

_COPYPASTE = "copypaste: "
# `Per-category bbox AP: `
_CATEGORIES = re.compile(r"Per-category (\S+) (\S+):", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copypaste:
    """What is known when the line of values comes."""

    task: str = ""
    names: tuple[str, ...] = ()


def read_copypaste(message: str, known: Copypaste) -> tuple[Cells | None, Copypaste]:
    """The scores of a line, none before the third of `Task: bbox`, the names, the values; None: cannot be read."""
    body = message.removeprefix(_COPYPASTE)
    if body.startswith("Task: "):
        return (), Copypaste(task=body.removeprefix("Task: "))
    name, separator, value = body.partition("=")
    if separator:
        return score_cells([(name, value)]), known
    parts = body.split(",")
    if any(number(part) is None for part in parts):
        return (), Copypaste(task=known.task, names=tuple(parts))
    if not (known.task and known.names):
        return (), known
    if len(parts) != len(known.names):
        return None, Copypaste()
    named = [(f"{known.task}/{name}", value) for name, value in zip(known.names, parts, strict=True)]
    return score_cells(named), Copypaste()


def table_prefix(message: str) -> str:
    """`bbox/AP-` where the message heads a per-category table, else empty; metrics.json spells the names so."""
    found = _CATEGORIES.match(message)
    return f"{found[1]}/{found[2]}-" if found else ""


def read_categories(prefix: str, text: str) -> Cells:
    """`| cart | 0.000 | person | 1.022 |`; none in the header, in the rule below it, and where a hand has edited it."""
    cells = [cell.strip() for cell in text.strip().strip("|").split("|")]
    pairs = [(prefix + name, value) for name, value in zip(cells[::2], cells[1::2], strict=False) if name]
    return () if len(cells) % 2 else score_cells(pairs) or ()


def score_cells(named: list[tuple[str, str]]) -> Cells | None:
    """Names and values to cells: a score that is NaN does not apply; None where a value is no number."""
    cells = []
    for name, text in named:
        value = number(text)
        if value is None:
            return None
        if not (math.isnan(value) and is_score(name)):
            cells.append((column(name).key, value * column(name).scale))
    return cells
