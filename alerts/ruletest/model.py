"""What a rule unit test file of promtool says. Times in milliseconds after the test's start."""

from __future__ import annotations

from dataclasses import dataclass

from ..model import Labels, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSeries:
    """One series that is there for the rules to see."""

    labels: Labels
    values: tuple[float | None, ...]
    """One for each interval, from the start; None: no sample then."""


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """A firing alert as compared: labels and annotations, each sorted."""

    labels: Labels
    annotations: Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTest:
    """Which alerts of a name fire at a time."""

    at_ms: int
    alertname: str
    expected: tuple[Expected, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryTest:
    """What a query yields at a time."""

    at_ms: int
    text: str
    expected: tuple[Sample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestGroup:
    """Series, and what is expected of the rules on them."""

    name: str
    interval_ms: int
    series: tuple[InputSeries, ...]
    alerts: tuple[AlertTest, ...]
    queries: tuple[QueryTest, ...]
    external_labels: Labels
    external_url: str
    start_ms: int
    """Unix milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFile:
    """A whole file."""

    rule_files: tuple[str, ...]
    """As written: relative to the test file, and globs."""
    evaluation_interval_ms: int
    group_order: tuple[str, ...]
    fuzzy: bool
    """Whether values may differ in their last bit."""
    tests: tuple[TestGroup, ...]
