"""Prometheus rule files to compiled rule groups; whatever is wrong with any of them shows at once, with file and line.

Nothing is left to fail later: expressions, templates and the queries inside templates are compiled here, and a
construct that the evaluator lacks is refused here by name.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..store import Retention
from .load import BUILTIN, builtin_rule_files, load_rules
from .model import AlertingRule, RecordingRule, Rule, RuleGroup, Templates
from .read import CANONICAL_RUNBOOKS, read_rules, rule_options
from .yaml import FilesError, Problem

__all__ = [
    "BUILTIN",
    "CANONICAL_RUNBOOKS",
    "AlertingRule",
    "FilesError",
    "Problem",
    "RecordingRule",
    "Rule",
    "RuleGroup",
    "Templates",
    "builtin_rule_files",
    "load_rules",
    "read_rules",
    "retention",
    "rule_options",
]


def retention(groups: Iterable[RuleGroup]) -> Retention:
    """The shortest retention that shows every query of these groups all that it looks at."""
    return Retention.covering(
        (name, span + group.query_offset_ms)
        for group in groups
        for query in group.queries()
        for name, span in query.needs.items()
    )
