"""What a rule file says, compiled: nothing in it can fail to parse any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ..model import Labels
from ..promql import Query
from ..template import Template

Templates: TypeAlias = tuple[tuple[str, Template], ...]
"""Names and texts, sorted by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRule:
    """Writes the result of a query under another name."""

    name: str
    line: int
    query: Query
    labels: Labels
    """Of the group and the rule; not templates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertingRule:
    """Raises one alert for each element of a query's result. Times in milliseconds."""

    name: str
    line: int
    query: Query
    labels: Templates
    """Of the group and the rule."""
    annotations: Templates
    for_ms: int = 0
    keep_firing_for_ms: int = 0
    template_queries: tuple[Query, ...] = ()
    """The queries in its templates whose text is constant."""


Rule: TypeAlias = RecordingRule | AlertingRule


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """Rules that are evaluated one after the other, at the same time."""

    name: str
    file: str
    rules: tuple[Rule, ...]
    interval_ms: int | None = None
    """None: the global evaluation interval."""
    limit: int = 0
    """The most alerts or series one of its rules may produce; 0: any number."""
    query_offset_ms: int = 0

    def queries(self) -> Iterator[Query]:
        """All queries, those in templates too."""
        for rule in self.rules:
            yield rule.query
            if isinstance(rule, AlertingRule):
                yield from rule.template_queries
