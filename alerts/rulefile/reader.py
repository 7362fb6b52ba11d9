"""Typed access to a YAML tree that notes every problem and goes on, so that all of them show at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..duration import parse_duration
from .yaml import Problem, YamlEntry, YamlList, YamlMap, YamlNode, YamlScalar

_TRUE: Final = frozenset({"true", "True", "TRUE"})
_FALSE: Final = frozenset({"false", "False", "FALSE"})


class Reader:
    """Reads one file. After a problem a value is its type's empty one: check `problems` before using any."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def problem(self, line: int | None, message: str) -> None:
        """Notes one."""
        self.problems.append(Problem(file=self.file, line=line, message=message))

    def fields(self, node: YamlNode, what: str, known: tuple[str, ...]) -> Mapping[str, YamlEntry]:
        """The fields of a mapping by name, without empty ones; unknown and repeated ones are problems."""
        found: dict[str, YamlEntry] = {}
        for entry in self.entries(node, what):
            if entry.key not in known:
                self.problem(entry.line, f"unknown field {entry.key!r} in {what}; known are {', '.join(known)}")
            elif not (isinstance(entry.value, YamlScalar) and entry.value.null):
                found[entry.key] = entry
        return found

    def entries(self, node: YamlNode, what: str) -> tuple[YamlEntry, ...]:
        """The entries of a mapping, each key once."""
        if isinstance(node, YamlScalar) and node.null:
            return ()
        if not isinstance(node, YamlMap):
            self.problem(node.line, f"{what} must be a mapping")
            return ()
        unique: dict[str, YamlEntry] = {}
        for entry in node.entries:
            if entry.key in unique:
                self.problem(entry.line, f"{entry.key!r} is already set in line {unique[entry.key].line}")
            unique.setdefault(entry.key, entry)
        return tuple(unique.values())

    def items(self, entry: YamlEntry | None) -> tuple[YamlNode, ...]:
        """The items of a list; none where the field is absent."""
        if entry is None:
            return ()
        if not isinstance(entry.value, YamlList):
            self.problem(entry.line, f"{entry.key!r} must be a list")
            return ()
        return entry.value.items

    def text(self, entry: YamlEntry | None) -> str:
        """A text, also where it is written like a number; empty where the field is absent."""
        return "" if entry is None else self.scalar(entry.value, repr(entry.key))

    def scalar(self, node: YamlNode, what: str) -> str:
        """A node that must be one value; empty where it is null."""
        if isinstance(node, YamlScalar):
            return "" if node.null else node.text
        self.problem(node.line, f"{what} must be one value")
        return ""

    def texts(self, entry: YamlEntry | None) -> Mapping[str, str]:
        """A mapping of names to texts; empty where the field is absent."""
        if entry is None:
            return {}
        return {item.key: self.text(item) for item in self.entries(entry.value, repr(entry.key))}

    def duration_ms(self, entry: YamlEntry | None) -> int | None:
        """A duration in milliseconds; None where the field is absent or wrong."""
        if entry is None:
            return None
        try:
            return parse_duration(self.text(entry))
        except ValueError as error:
            self.problem(entry.line, f"{entry.key!r}: {error}; write it like 15s, 5m or 1d12h")
            return None

    def integer(self, entry: YamlEntry | None) -> int:
        """A whole number from 0; 0 where the field is absent."""
        text = self.text(entry)
        if entry is None or text.isdecimal():
            return int(text or 0)
        self.problem(entry.line, f"{entry.key!r} must be a whole number, not {text!r}")
        return 0

    def number(self, entry: YamlEntry | None) -> float:
        """Any number, `.nan` and `.inf` included; 0 where the field is absent."""
        if entry is None:
            return 0.0
        text = self.text(entry).lower().replace("_", "")
        try:
            return float(
                text[1:] if text in {".nan", ".inf"} else text.replace("-.inf", "-inf").replace("+.inf", "inf")
            )
        except ValueError:
            self.problem(entry.line, f"{entry.key!r} must be a number, not {text!r}")
            return 0.0

    def boolean(self, entry: YamlEntry | None) -> bool:
        """True or false; false where the field is absent."""
        text = self.text(entry)
        if entry is not None and text not in _TRUE | _FALSE:
            self.problem(entry.line, f"{entry.key!r} must be true or false, not {text!r}")
        return text in _TRUE
