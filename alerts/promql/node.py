"""What a compiled expression is made of: closures from a `Frame` to values, one kind for each type of value."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, Protocol, TypeAlias

from ..model import Labels
from ..store import LOOKBACK_MS, Store
from .errors import EvaluationError
from .labelset import without_name
from .tree import Expr
from .value import Annotations

Element: TypeAlias = tuple[Labels, float, bool]
"""Labels, value, and whether the metric name is still to be dropped (only with delayed name removal).

A bare tuple, as `Window`: they are made by the thousand at every evaluation, and a named one takes five times as long.
"""

Elements: TypeAlias = list[Element]
"""An instant vector on its way."""

Window: TypeAlias = tuple[Labels, Labels, bool, "array[int]", "array[float]"]
"""One series of a range vector: labels, labels for a result without the name, name to drop, times, values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What Prometheus lets its operator choose, with its defaults."""

    lookback_ms: int = LOOKBACK_MS
    subquery_step_ms: int = 60_000
    """The step of a subquery that names none; Prometheus takes its global evaluation interval."""
    delayed_name_removal: bool = False
    """Metric names go at the end of an evaluation (feature flag promql-delayed-name-removal), not step by step."""
    max_samples: int = 5_000_000
    """Samples that one evaluation may read; a tenth of Prometheus' default, since this shares a training's machine."""


class Frame:
    """What an expression is evaluated against: samples, a time, the query's bounds, and where annotations go."""

    __slots__ = ("annotations", "at_ms", "budget", "end_ms", "start_ms", "store")

    def __init__(
        self,
        store: Store,
        at_ms: int,
        start_ms: int,
        end_ms: int,
        budget: Budget,
        annotations: Annotations | None,
    ) -> None:
        self.store = store
        self.at_ms = at_ms
        self.start_ms = start_ms
        """Of the whole query: what `@ start()` means, in a subquery too."""
        self.end_ms = end_ms
        self.budget = budget
        self.annotations = annotations

    def moved(self, at_ms: int) -> Frame:
        """The same at another time."""
        return Frame(self.store, at_ms, self.start_ms, self.end_ms, self.budget, self.annotations)


class Budget:
    """How many samples an evaluation may still read."""

    __slots__ = ("_left", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = self._left = limit

    def spend(self, samples: int) -> None:
        """Takes off what was read."""
        self._left -= samples
        if self._left < 0:
            raise EvaluationError(f"the query reads more than {self._limit} samples; use a shorter range")


@dataclass(frozen=True, slots=True)
class RangeVector:
    """A range vector: the bounds of its windows (open on the left) and the series with at least one sample in it."""

    start_ms: int
    end_ms: int
    windows: list[Window]
    one_name: bool
    """All series bear the same metric name, so that they still differ without it."""


ScalarFn: TypeAlias = Callable[[Frame], float]
VectorFn: TypeAlias = Callable[[Frame], Elements]
RangeFn: TypeAlias = Callable[[Frame], RangeVector]


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """Yields a number."""

    run: ScalarFn


@dataclass(frozen=True, slots=True)
class VectorNode:
    """Yields an instant vector."""

    run: VectorFn


@dataclass(frozen=True, slots=True)
class RangeNode:
    """Yields a range vector."""

    run: RangeFn


@dataclass(frozen=True, slots=True)
class TextNode:
    """Is a string."""

    value: str


Node: TypeAlias = ScalarNode | VectorNode | RangeNode | TextNode


class Compiler(Protocol):
    """What the builders of functions and operators use to compile their operands."""

    options: Options

    def vector(self, expr: Expr) -> VectorFn:
        """The operand as a vector."""

    def scalar(self, expr: Expr) -> ScalarFn:
        """The operand as a number."""

    def range(self, expr: Expr) -> RangeFn:
        """The operand as a range vector."""

    def text(self, expr: Expr) -> str:
        """The operand as a string."""

    def unsupported(self, construct: str) -> NoReturn:
        """Raises `UnsupportedError` that names the construct."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How a result loses its metric name: at once, or at the end."""

    strip: Callable[[Labels], Labels]
    drop: bool
    """What the elements of the result carry."""
    checked: Callable[[Elements], Elements]
    """Refuses equal label sets, which a name that is gone cannot tell apart any more."""


def distinct(elements: Elements) -> Elements:
    """The elements, or `EvaluationError` if two have the same labels."""
    if len({element[0] for element in elements}) != len(elements):
        raise EvaluationError("vector cannot contain metrics with the same labelset")
    return elements


def naming(options: Options) -> Naming:
    """What the option about delayed name removal asks for."""
    if options.delayed_name_removal:
        return Naming(strip=lambda labels: labels, drop=True, checked=lambda elements: elements)
    return Naming(strip=without_name, drop=False, checked=distinct)
