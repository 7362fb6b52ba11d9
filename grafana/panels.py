"""The house's panels: a title, a description, a unit and queries to a panel that looks like its neighbours.

Each function returns the SDK's builder, so that what is special about one panel is said where that panel is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final, Protocol, Self, TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DOCS: Final = "https://github.com/training-exporter/training-exporter/blob/main/docs"
DATA_SOURCE_VARIABLE: Final = "datasource"
GREEN, YELLOW, ORANGE, RED, BLUE, GREY = "green", "yellow", "orange", "red", "blue", "text"


@dataclass(frozen=True, slots=True)
class Query:
    """An expression, and how a series of its answer is called."""

    expr: str
    legend: str


class _Panel(Protocol):
    """What the builders of all kinds of panels share."""

    def title(self, title: str) -> Self: ...
    def description(self, description: str) -> Self: ...
    def unit(self, unit: str) -> Self: ...
    def datasource(self, datasource: models.DataSourceRef) -> Self: ...
    def height(self, h: int) -> Self: ...
    def with_target(self, target: Builder[Dataquery]) -> Self: ...


P = TypeVar("P", bound=_Panel)


def lines(title: str, description: str, unit: str, *queries: Query) -> timeseries.Panel:
    """Curves over time."""
    panel = (
        timeseries.Panel()
        .line_width(1)
        .fill_opacity(0)
        .show_points(options.VisibilityMode.AUTO)
        .legend(_legend())
        .tooltip(common.VizTooltipOptions().mode(options.TooltipDisplayMode.MULTI).sort(options.SortOrder.DESCENDING))
    )
    return _told(panel, title, description, unit, 8, [_target(query) for query in queries])


def number(title: str, description: str, unit: str, *queries: Query) -> stat.Panel:
    """The values at the end of the time range, large."""
    panel = (
        stat.Panel()
        .graph_mode(options.BigValueGraphMode.NONE)
        .color_mode(options.BigValueColorMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(steps(GREEN))
    )
    return _told(panel, title, description, unit, 5, [_target(query).instant() for query in queries])


def bars(title: str, description: str, unit: str, *queries: Query) -> bargauge.Panel:
    """Values at the end of the time range, from 0 to 1, as bars."""
    panel = (
        bargauge.Panel()
        .display_mode(options.BarGaugeDisplayMode.BASIC)
        .orientation(options.VizOrientation.HORIZONTAL)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .min(0)
        .max(1)
        .thresholds(steps(GREEN))
    )
    return _told(panel, title, description, unit, 8, [_target(query).instant() for query in queries])


def timeline(title: str, description: str, unit: str, *queries: Query) -> statetimeline.Panel:
    """When something was the case: values are named by mappings."""
    panel = (
        statetimeline.Panel().show_value(options.VisibilityMode.NEVER).line_width(0).fill_opacity(70).legend(_legend())
    )
    return _told(panel, title, description, unit, 8, [_target(query) for query in queries])


def rows_of(title: str, description: str, unit: str, columns: Mapping[str, str], *queries: Query) -> table.Panel:
    """A table of the values at the end of the time range: one row for each set of labels, the columns in order.

    A column is the name of a label, or `Value #A` for the value of the first query, and its heading.
    """
    merge = models.DataTransformerConfig(id_val="merge", options={})
    keep = models.DataTransformerConfig(id_val="filterFieldsByName", options={"include": {"names": list(columns)}})
    order = models.DataTransformerConfig(
        id_val="organize",
        options={
            "indexByName": {name: position for position, name in enumerate(columns)},
            "renameByName": dict(columns),
        },
    )
    targets = [_target(query).instant().format(PromQueryFormat.TABLE) for query in queries]
    panel = table.Panel().show_header(show_header=True).transformations([merge, keep, order])
    return _told(panel, title, description, unit, 8, targets)


def steps(base: str, *above: tuple[float, str]) -> dashboard.ThresholdsConfig:
    """Colours by value: `base`, and from each value on another one."""
    first = models.Threshold(value=None, color=base)
    further = [models.Threshold(value=value, color=color) for value, color in above]
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps([first, *further])


def names(*meanings: tuple[int, str, str]) -> list[models.ValueMapping]:
    """Values as words with colours."""
    results = {
        str(value): models.ValueMappingResult(text=text, color=color, index=index)
        for index, (value, text, color) in enumerate(meanings)
    }
    return [models.ValueMap(options=results)]


def dashed() -> list[models.DynamicConfigValue]:
    """The look of a limit among curves."""
    return [
        models.DynamicConfigValue(id_val="custom.lineStyle", value={"fill": "dash", "dash": [10, 10]}),
        models.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": GREY}),
    ]


def bold() -> list[models.DynamicConfigValue]:
    """The look of the curve to look at."""
    return [models.DynamicConfigValue(id_val="custom.lineWidth", value=3)]


def with_unit(unit: str) -> list[models.DynamicConfigValue]:
    """Another unit than the panel's."""
    return [models.DynamicConfigValue(id_val="unit", value=unit)]


def runbooks(*alerts: str) -> list[Builder[models.DashboardLink]]:
    """Links to what to do about the alerts that look at the same figures."""
    return [link(alert, f"runbooks/{alert}.md") for alert in alerts]


def link(title: str, page: str) -> dashboard.DashboardLink:
    """A link to a page of the documentation, in a new tab."""
    return (
        dashboard.DashboardLink(title)
        .type(models.DashboardLinkType.LINK)
        .icon("doc")
        .url(f"{DOCS}/{page}")
        .target_blank(target_blank=True)
    )


def data_source() -> models.DataSourceRef:
    """Whatever Prometheus the user chose."""
    return models.DataSourceRef(type_val="prometheus", uid=f"${{{DATA_SOURCE_VARIABLE}}}")


def _told(panel: P, title: str, description: str, unit: str, height: int, targets: list[prometheus.Dataquery]) -> P:
    panel = panel.title(title).description(description).unit(unit).datasource(data_source()).height(height)
    for name, target in zip(ascii_uppercase, targets, strict=False):
        panel = panel.with_target(target.ref_id(name))
    return panel


def _target(query: Query) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(query.expr).legend_format(query.legend).datasource(data_source()).range()


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .show_legend(show_legend=True)
        .display_mode(options.LegendDisplayMode.LIST)
        .placement(options.LegendPlacement.BOTTOM)
    )
