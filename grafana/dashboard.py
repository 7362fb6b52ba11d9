"""Generates training-exporter.json, the dashboard that users import: `make dashboard`.

It imports into Grafana 10 and newer without edits: the data source is a variable, and so are job, instance and run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models

from exporter import catalog
from grafana.panels import DATA_SOURCE_VARIABLE, data_source, link
from grafana.promql import FIRING, INSTANCES
from grafana.rows import gpu_health, gpu_memory, program, stop_advice, training

PATH: Final = Path(__file__).with_name("training-exporter.json")
OPEN_ROWS: Final = (training, stop_advice, gpu_memory, gpu_health)


class FiringAlerts(models.AnnotationQuery):
    """Marks on every curve while an alert fires, with what the data source's own annotation editor adds to a query."""

    def to_json(self) -> dict[str, object]:
        """What the SDK's type knows, and the fields of the Prometheus data source."""
        return super().to_json() | {
            "step": "30s",
            "titleFormat": "{{alertname}}",
            "textFormat": "{{run}} {{uuid}}",
            "tagKeys": "severity,action",
        }


def dashboard() -> models.Dashboard:
    """The whole of it."""
    builder = (
        builders.Dashboard("Training exporter")
        .uid("training-exporter")
        .description("Is it still learning, should I stop it, will the GPU run out of memory?")
        .tags(["training", "gpu", "prometheus"])
        .time("now-6h", "now")
        .refresh("30s")
        .timezone("browser")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .variables(_variables())
        .links([link("Alerts", "ALERTS.md"), link("Metrics", "METRICS.md")])
    )
    for row in OPEN_ROWS:
        builder.with_row(builders.Row(row.TITLE))
        for panel in row.panels():
            builder.with_panel(panel)
    folded = builders.Row(program.TITLE)
    for panel in program.panels():
        folded.with_panel(panel)
    built = builder.with_row(folded).build()
    built.annotations = models.AnnotationContainer(list_val=[_alerts()])
    _number(built)
    return built


def text() -> str:
    """The file's content."""
    return JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False).encode(dashboard()) + "\n"


def _variables() -> list[Builder[models.VariableModel]]:
    run_info = catalog.RUN_INFO.name
    return [
        builders.DatasourceVariable(DATA_SOURCE_VARIABLE).label("Data source").type("prometheus"),
        _choice("job", f"label_values({run_info}, job)"),
        _choice("instance", f'label_values({run_info}{{job=~"$job"}}, instance)'),
        _choice("run", f"label_values({run_info}{{{INSTANCES}}}, run)"),
    ]


def _choice(name: str, query: str) -> builders.QueryVariable:
    """A variable of which any number may be chosen; all at first."""
    return (
        builders.QueryVariable(name)
        .label(name.capitalize())
        .query(query)
        .datasource(data_source())
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".*")
        .current(models.VariableOption(selected=True, text=["All"], value=["$__all"]))
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
    )


def _alerts() -> FiringAlerts:
    return FiringAlerts(name="Alerts that fire", datasource=data_source(), expr=FIRING, icon_color="red")


def _number(built: models.Dashboard) -> None:
    """Gives every panel an id: links to single panels go by it."""
    found = [*(built.panels or ())]
    for panel in tuple(found):
        if isinstance(panel, models.RowPanel):
            found += panel.panels or ()
    for number, panel in enumerate(found, start=1):
        panel.id_val = number


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
