"""What can go wrong with a query, at load and at evaluation. Every text names the construct and the expression."""

from __future__ import annotations

from ..model import AlertsError


class PromqlError(AlertsError):
    """Base of this package's errors: a reason, and the expression as it was written (empty: not known yet)."""

    def __init__(self, reason: str, expression: str = "") -> None:
        super().__init__(f"{reason}, in the expression: {expression}" if expression else reason)
        self.reason = reason
        self.expression = expression


class ParseError(PromqlError):
    """The text is no PromQL."""


class UnsupportedError(PromqlError):
    """The text is PromQL, with a construct that this evaluator lacks. Raised at compile time, never at evaluation."""


class EvaluationError(PromqlError):
    """The query is right but has no result on these samples, where Prometheus' query fails as well."""
