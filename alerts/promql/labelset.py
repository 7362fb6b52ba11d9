"""Operations on labels: the name taken off, projections, text. Pure functions on sorted pairs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, TypeVar

from ..model import Labels
from ..store import METRIC_NAME

KeyT = TypeVar("KeyT")

MEMO_LIMIT: Final = 20_000
"""Label sets that a projection remembers before it forgets all: more than a rule sees; bounds what churn leaves."""


def without_name(labels: Labels) -> Labels:
    """The labels without the metric name."""
    if labels and labels[0][0] == METRIC_NAME:
        return labels[1:]
    return tuple(pair for pair in labels if pair[0] != METRIC_NAME)


def name_of(labels: Labels) -> str:
    """The metric name, '' where there is none."""
    return get(labels, METRIC_NAME)


def get(labels: Labels, name: str) -> str:
    """A label's value, '' where it is absent."""
    for label, value in labels:
        if label == name:
            return value
    return ""


def replaced(labels: Labels, changes: Collection[tuple[str, str]]) -> Labels:
    """The labels with some set anew; an empty value takes the label off."""
    values = dict(labels)
    values.update(changes)
    return tuple(sorted((name, value) for name, value in values.items() if value))


def keeping(names: Collection[str]) -> Callable[[Labels], Labels]:
    """A projection on these labels. It remembers what it has seen: the same label sets come at every evaluation."""
    kept = frozenset(names)
    return remembered(lambda labels: tuple([pair for pair in labels if pair[0] in kept]))


def dropping(names: Collection[str]) -> Callable[[Labels], Labels]:
    """A projection on all but these labels; remembers as `keeping` does."""
    dropped = frozenset(names)
    return remembered(lambda labels: tuple([pair for pair in labels if pair[0] not in dropped]))


def remembered(function: Callable[[KeyT], Labels]) -> Callable[[KeyT], Labels]:
    """The function with its results remembered: a look-up takes 0.1 us, making labels anew 1 us and more."""
    return _Memo(function).__getitem__


class _Memo(dict[KeyT, Labels]):
    __slots__ = ("_function",)

    def __init__(self, function: Callable[[KeyT], Labels]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, key: KeyT) -> Labels:
        if len(self) >= MEMO_LIMIT:
            self.clear()
        result = self[key] = self._function(key)
        return result


def show(labels: Labels) -> str:
    """The labels as Prometheus' messages have them: `{__name__="up", job="x"}`."""
    return "{" + ", ".join(f"{name}={_quoted(value)}" for name, value in labels) + "}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
