"""YAML text to typed values, with the line of every mistake. The one door to the YAML library in this package."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

import yaml

from .model import Problem

T = TypeVar("T")

DURATION: Final = re.compile(
    r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?"
)
"""`48h`, `1d12h`, `90s`, `1w`: Prometheus' units, and fractions of a second besides."""

_UNITS: Final = (365 * 86400.0, 7 * 86400.0, 86400.0, 3600.0, 60.0, 1.0, 0.001)
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_duration(text: str) -> float:
    """Seconds of a Prometheus duration such as `1d12h`.

    Raises:
        ValueError: it is none.
    """
    match = DURATION.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"`{text}` is no duration: write 90s, 15m, 48h or 1d12h")
    return sum(float(number or 0) * unit for number, unit in zip(match.groups(), _UNITS, strict=True))


class Section:
    """A mapping of the file. Each key is asked for once, by its type; what was never asked for is an unknown key."""

    def __init__(self, node: yaml.Node | None, path: str, problems: list[Problem], name: str = "") -> None:
        self._path, self._problems, self._name = path, problems, name
        self._node = node
        self._nodes: dict[str, yaml.Node] = {}
        self._asked: list[str] = []
        if node is None or _is_null(node):
            return
        if not isinstance(node, yaml.MappingNode):
            self.report(node, f"`{name}` holds keys and values, not {_kind(node)}")
            return
        for key, value in node.value:
            if key.value in self._nodes:
                self.report(key, f"`{key.value}` stands here twice")
            self._nodes[str(key.value)] = value

    def report(self, node: yaml.Node | None, text: str) -> None:
        """Notes a mistake at a node of the file."""
        line = 1 if node is None else node.start_mark.line + 1
        self._problems.append(Problem(f"{self._path}:{line}", text))

    def node(self, key: str) -> yaml.Node | None:
        """The value of a key, None where it is absent or empty."""
        self._asked.append(key)
        node = self._nodes.get(key)
        return None if node is None or _is_null(node) else node

    def value(self, key: str, convert: Callable[[str], T], default: T) -> T:
        """A scalar through a converter that raises ValueError."""
        node = self.node(key)
        if node is None:
            return default
        if not isinstance(node, yaml.ScalarNode):
            self.report(node, f"`{key}` takes one value, not {_kind(node)}")
            return default
        try:
            return convert(node.value)
        except ValueError as error:
            self.report(node, f"`{key}`: {error}")
            return default

    def items(self, key: str) -> Iterator[tuple[yaml.Node, str]]:
        """The scalars of a list; one scalar is a list of one."""
        node = self.node(key)
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [] if node is None else [node]
        for item in nodes:
            if isinstance(item, yaml.ScalarNode):
                yield item, item.value
            else:
                self.report(item, f"`{key}` takes a list of plain values")

    def texts(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(text for _, text in self.items(key)) if key in self._nodes else self._absent(key, default)

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """A mapping of texts, sorted by key."""
        section = self.section(key)
        return tuple(sorted((name, section.value(name, str, "")) for name in section.keys()))  # noqa: SIM118 - no dict

    def section(self, key: str) -> Section:
        """A nested mapping; empty where it is absent. Call `close` on it once its keys were asked for."""
        return Section(self.node(key), self._path, self._problems, key)

    def sections(self, key: str) -> Iterator[Section]:
        """A list of mappings."""
        node = self.node(key)
        if node is not None and not isinstance(node, yaml.SequenceNode):
            self.report(node, f"`{key}` is a list: begin each entry with `- `")
            return
        for item in [] if node is None else node.value:
            yield Section(item, self._path, self._problems, key)

    def keys(self) -> tuple[str, ...]:
        """The keys that stand in the file."""
        return tuple(self._nodes)

    def close(self) -> None:
        """Reports the keys that nothing asked for."""
        for key, node in self._nodes.items():
            if key not in self._asked:
                from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

                close = get_close_matches(key, self._asked, 1)
                hint = f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(sorted(set(self._asked)))}"
                where = f" in `{self._name}`" if self._name else ""
                self.report(node, f"unknown key `{key}`{where}: {hint}")

    def _absent(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        self._asked.append(key)
        return default


def open_section(text: str, path: str, problems: list[Problem]) -> Section:
    """The top of a file; broken YAML is one problem and an empty section."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        problems.append(Problem(f"{path}:{line}", f"not YAML: {error.problem}"))
        node = None
    return Section(node, path, problems)


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "keys and values"
    return "a list" if isinstance(node, yaml.SequenceNode) else "a plain value"
