"""A recording rule's result to the samples that it writes."""

from __future__ import annotations

from ..model import Sample
from ..rulefile import RecordingRule
from ..store import METRIC_NAME
from .alerting import RuleError, with_labels


def record(rule: RecordingRule, vector: tuple[Sample, ...], limit: int = 0) -> tuple[Sample, ...]:
    """The result under the rule's name and with its labels.

    Raises:
        RuleError: two elements have the same labels then, or there are more than `limit` (0: any number).
    """
    changes = {METRIC_NAME: rule.name, **dict(rule.labels)}
    samples = tuple(Sample(with_labels(sample.labels, changes), sample.value) for sample in vector)
    if len({sample.labels for sample in samples}) != len(samples):
        raise RuleError("vector contains metrics with the same labelset after applying rule labels")
    if limit and len(samples) > limit:
        raise RuleError(f"exceeded limit of {limit} with {len(samples)} series")
    return samples
