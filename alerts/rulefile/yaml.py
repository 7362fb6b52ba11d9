"""YAML text to a closed tree that knows its lines. The one door to PyYAML in `alerts`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from ..model import AlertsError

if TYPE_CHECKING:
    import yaml

_NULL: Final = "tag:yaml.org,2002:null"
_MERGE: Final = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One error of a file, shown as `file:line: message`."""

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}"


class FilesError(AlertsError):
    """Everything that is wrong with one or more files; its text has one line for each."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlScalar:
    """One value as written; `null` where it is empty, `~` or `null` without quotes."""

    line: int
    text: str
    null: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlList:
    """A sequence."""

    line: int
    items: tuple[YamlNode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlEntry:
    """One key of a mapping and its value."""

    line: int
    key: str
    value: YamlNode


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlMap:
    """A mapping, in the order of the file. A key that stands twice is in it twice."""

    line: int
    entries: tuple[YamlEntry, ...]


YamlNode: TypeAlias = YamlScalar | YamlList | YamlMap


def read_text(path: Path) -> str:
    """A file's text. Raises `FilesError` for one that cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror or str(error) if isinstance(error, OSError) else "it is not UTF-8"
        raise FilesError((Problem(file=str(path), line=None, message=f"cannot be read: {reason}"),)) from error


def load_yaml(text: str, file: str) -> YamlNode | None:
    """The one document of a text, None for an empty one. Raises `FilesError`."""
    import yaml  # noqa: PLC0415 - needed once at start

    loader = yaml.CSafeLoader(text)
    try:
        root = loader.get_single_node()
        return None if root is None else _Converter().convert(root)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        reason = " ".join(part for part in (error.context, error.problem) if part)
        raise FilesError((Problem(file=file, line=line, message=f"YAML: {reason}"),)) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise FilesError((Problem(file=file, line=None, message=f"YAML: {error}"),)) from error
    finally:
        loader.dispose()


class _Converter:
    """PyYAML's nodes to ours. An alias is its anchor's content; one that contains itself is refused."""

    def __init__(self) -> None:
        self._open: set[int] = set()

    def convert(self, node: yaml.Node) -> YamlNode:
        import yaml  # noqa: PLC0415 - as above

        line = node.start_mark.line + 1
        if id(node) in self._open:
            raise yaml.YAMLError(f"line {line}: an anchor contains itself")
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.ScalarNode):
                return YamlScalar(line=line, text=node.value, null=node.tag == _NULL)
            if isinstance(node, yaml.SequenceNode):
                return YamlList(line=line, items=tuple(map(self.convert, node.value)))
            return YamlMap(line=line, entries=self._entries(node))
        finally:
            self._open.discard(id(node))

    def _entries(self, node: yaml.Node) -> tuple[YamlEntry, ...]:
        """A mapping's entries; those that `<<` merges into it follow, unless it has the key itself."""
        own: list[YamlEntry] = []
        merged: list[YamlEntry] = []
        for key, value in node.value:
            if key.tag == _MERGE:
                merged += self._merged(value)
                continue
            text = key.value if isinstance(key.value, str) else "?"
            own.append(YamlEntry(line=key.start_mark.line + 1, key=text, value=self.convert(value)))
        taken = {entry.key for entry in own}
        inherited = {entry.key: entry for entry in reversed(merged) if entry.key not in taken}
        return (*own, *inherited.values())

    def _merged(self, value: yaml.Node) -> list[YamlEntry]:
        """The entries that `<<: *anchor` or `<<: [*one, *two]` brings, the first of equal keys first."""
        content = self.convert(value)
        maps = content.items if isinstance(content, YamlList) else (content,)
        return [entry for item in maps if isinstance(item, YamlMap) for entry in item.entries]
