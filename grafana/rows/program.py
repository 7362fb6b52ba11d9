"""How training-exporter itself fares. Rules and notifications are its own evaluator's: none under --no-alerts."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Panel

from exporter import catalog
from grafana.panels import GREEN, RED, Query, lines, names, number, rows_of, runbooks
from grafana.promql import of_instances, of_runs

TITLE: Final = "This program"


def panels() -> list[Builder[Panel]]:
    """In reading order; widths fill lines of 24."""
    return [*_logs(), *_collectors(), *_alerting(), _versions()]


def _logs() -> list[Builder[Panel]]:
    return [
        lines(
            "Log not read yet",
            "Bytes that were written but not read.",
            units.BytesIEC,
            Query(of_runs(catalog.LOG_LAG), "{{run}}"),
        )
        .min(0)
        .links(runbooks("TrainingExporterFallingBehind"))
        .span(6),
        lines(
            "Bytes read and rotations",
            "Read per second, and how often a log was rotated, truncated or made again.",
            units.BytesPerSecondIEC,
            Query(f"rate({of_runs(catalog.LOG_BYTES)}[$__rate_interval])", "{{run}}"),
            Query(of_runs(catalog.LOG_ROTATIONS), "{{run}} rotations"),
        ).span(6),
        lines(
            "Lines by result",
            "Parsed: gave a value. Unparsed: carries the format's mark and could not be read.",
            units.CountsPerSecond,
            Query(f"rate({of_runs(catalog.LOG_LINES)}[$__rate_interval])", "{{run}} {{result}}"),
        )
        .min(0)
        .links(runbooks("TrainingMetricsAbsent"))
        .span(6),
        number(
            "Logs",
            "Whether each log can be read.",
            units.NoUnit,
            Query(of_runs(catalog.LOG_READABLE), "{{path}}"),
        )
        .mappings(names((1, "readable", GREEN), (0, "unreadable", RED)))
        .links(runbooks("TrainingLogUnreadable"))
        .height(8)
        .span(6),
    ]


def _collectors() -> list[Builder[Panel]]:
    return [
        number(
            "Collectors",
            "Whether the last collection of each group of metrics worked.",
            units.NoUnit,
            Query(of_instances(catalog.COLLECTOR_SUCCESS), "{{instance}} {{collector}}"),
        )
        .mappings(names((1, "works", GREEN), (0, "failed", RED)))
        .height(8)
        .span(6),
        lines(
            "Time of a collection",
            "Of each group of metrics, at each scrape.",
            units.Seconds,
            Query(of_instances(catalog.COLLECTOR_DURATION), "{{instance}} {{collector}}"),
        )
        .min(0)
        .span(6),
        lines(
            "Rule evaluations",
            "Of each rule group, per second; and those that failed (a rule whose evaluation fails is frozen).",
            units.CountsPerSecond,
            Query(f"rate({of_instances(catalog.RULE_EVALUATIONS)}[$__rate_interval])", "{{instance}} {{group}}"),
            Query(f"rate({of_instances(catalog.RULE_FAILURES)}[$__rate_interval])", "{{instance}} {{group}} failed"),
        )
        .min(0)
        .links(runbooks("TrainingExporterRulesFailing"))
        .span(6),
    ]


def _alerting() -> list[Builder[Panel]]:
    return [
        lines(
            "Notifications",
            "Delivered, retried and rejected so far, and those that wait, by receiver.",
            units.LocaleFormat,
            Query(of_instances(catalog.NOTIFICATIONS), "{{instance}} {{receiver}} {{result}}"),
            Query(of_instances(catalog.NOTIFICATION_QUEUE), "{{instance}} {{receiver}} waiting"),
        )
        .decimals(0)
        .min(0)
        .links(runbooks("TrainingExporterNotificationsFailing"))
        .span(6),
    ]


def _versions() -> Builder[Panel]:
    columns = {"job": "job", "instance": "instance", "version": "version", "python_version": "Python"}
    return rows_of(
        "Exporters",
        "Each selected training-exporter, with its version.",
        units.NoUnit,
        columns,
        Query(of_instances(catalog.BUILD_INFO), "{{instance}}"),
    ).span(6)
