"""What a query yields: a number, a text, an instant vector, or a matrix."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, TypeAlias

from ..model import Labels, Sample

Vector: TypeAlias = tuple[Sample, ...]
"""Values at one time, in no particular order except after `sort`, `topk` and their kin."""


class Range(NamedTuple):
    """One series of a matrix: (Unix milliseconds, value), ascending in time."""

    labels: Labels
    points: tuple[tuple[int, float], ...]


Matrix: TypeAlias = tuple[Range, ...]
"""Series over time, sorted by labels."""

Value: TypeAlias = Vector | Matrix | float | str


class ValueType(Enum):
    """The type of an expression, under Prometheus' name for it."""

    SCALAR = "scalar"
    VECTOR = "vector"
    MATRIX = "matrix"
    STRING = "string"


class Annotations:
    """What Prometheus would say beside a result: each text once, in the order of first occurrence."""

    __slots__ = ("infos", "warnings")

    def __init__(self) -> None:
        self.warnings: dict[str, None] = {}
        self.infos: dict[str, None] = {}

    def warn(self, text: str) -> None:
        """The result may be wrong."""
        self.warnings[f"PromQL warning: {text}"] = None

    def inform(self, text: str) -> None:
        """The query may not mean what its author wanted."""
        self.infos[f"PromQL info: {text}"] = None
