"""The tree of a template. `at` is where a node begins in the text; `source` is how the text wrote it, for errors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Printed as it is."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DotOperand:
    """`.`."""

    at: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A string, a boolean, `nil` or a number. An int is untyped: it also serves where a float is wanted."""

    at: int
    source: str
    value: str | bool | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`.Labels.instance`: fields of the dot."""

    at: int
    source: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """`$labels.instance`: a variable and fields of it."""

    at: int
    source: str
    name: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function's name."""

    at: int
    source: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """`(query "up" | first).Value`: fields of what stands in parentheses."""

    at: int
    source: str
    operand: Operand
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One stage of a pipeline: a value, or a function and its arguments."""

    at: int
    source: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """`a | b`: each stage's value is the next one's last argument. `variables` take the value of the last."""

    at: int
    source: str
    commands: tuple[Command, ...]
    variables: tuple[str, ...] = ()
    declares: bool = False


Operand: TypeAlias = DotOperand | Constant | Field | Variable | Function | Chain | Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """`{{ pipeline }}`: printed, unless it sets a variable."""

    pipeline: Pipeline


class BranchKind(Enum):
    """The control structures, by their keyword."""

    IF = "if"
    WITH = "with"
    RANGE = "range"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """`{{ if }} … {{ else }} … {{ end }}`, and the same for `with` and `range`."""

    kind: BranchKind
    pipeline: Pipeline
    then: tuple[Node, ...]
    otherwise: tuple[Node, ...]


class Jump(Enum):
    """What leaves one turn of a `range`."""

    BREAK = "break"
    CONTINUE = "continue"


Node: TypeAlias = Text | Action | Branch | Jump
