"""What was expected and what was got, to the words in which promtool says it."""

from __future__ import annotations

from collections.abc import Sequence

from ..duration import format_duration
from ..gofloat import scientific
from ..model import Labels, Sample
from ..template import quote
from .model import AlertTest, Expected, QueryTest


def alert_difference(test: AlertTest, got: Sequence[Expected], name: str) -> str:
    """Alerts that should fire and those that do."""
    title = f"    name: {name},\n" if name else ""
    at = format_duration(test.at_ms)
    expected, found = (_indented(_alerts(alerts), " " * 12) for alerts in (sorted(test.expected), got))
    return f"{title}    alertname: {test.alertname}, time: {at}, \n        exp:{expected}, \n        got:{found}"


def query_difference(test: QueryTest, got: Sequence[Sample]) -> str:
    """Samples that a query should yield and those that it does."""
    title = query_title(test)
    return f"{title},\n        exp: {_samples(sorted_samples(test.expected))}\n        got: {_samples(got)}"


def query_title(test: QueryTest) -> str:
    """Which query it is."""
    return f"    expr: {quote(test.text)}, time: {format_duration(test.at_ms)}"


def sorted_samples(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """By labels."""
    return tuple(sorted(samples, key=lambda sample: sample.labels))


def _alerts(alerts: Sequence[Expected]) -> str:
    if not alerts:
        return "[]"
    shown = (
        f"{number}:" + _indented(f"\nLabels:{_labels(alert.labels)}\nAnnotations:{_labels(alert.annotations)}", "  ")
        for number, alert in enumerate(alerts)
    )
    return "[\n" + ",\n".join(shown) + "\n]"


def _indented(text: str, indent: str) -> str:
    """All lines but the first one."""
    return text.replace("\n", f"\n{indent}")


def _labels(labels: Labels) -> str:
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in labels) + "}"


def _samples(samples: Sequence[Sample]) -> str:
    return ", ".join(f"{_labels(sample.labels)} {_number(sample.value)}" for sample in samples) or "nil"


def _number(value: float) -> str:
    """As promtool: `1.5E+00`."""
    return scientific(value).replace("e", "E")
