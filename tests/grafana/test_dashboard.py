"""The dashboard that users import: generated, complete, and true to the catalogue."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from alerts.promql.parse import parse
from alerts.promql.tree import Expr, VectorSelector, children
from exporter.catalog import METRICS
from grafana.dashboard import PATH, text
from grafana.panels import DOCS
from tests.grafana.reading import ALL, ROOT, Json, annotation, document, fill, panels, targets, variables

PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}


def test_file_is_what_its_source_generates() -> None:
    assert PATH.read_text(encoding="utf-8") == text(), "run `make dashboard`"


def test_the_types_of_grafana_lose_nothing_of_it() -> None:
    """What its types do not know they would drop, and Grafana ignore; but for the annotation (FiringAlerts)."""
    register_default_plugins()
    found = document()
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(found)))
    for side in (read, found):
        del side["annotations"]
    assert read == found


def test_every_panel_says_what_it_shows() -> None:
    for panel in panels():
        title = panel["title"]
        assert panel["description"].endswith("."), title
        assert panel["fieldConfig"]["defaults"]["unit"], title
        assert panel["datasource"] == PROMETHEUS, title
        assert panel["targets"], title
    for target in targets():
        assert target.data_source == PROMETHEUS, target.panel
        assert target.legend, target.panel


def test_ids_and_titles_are_unique_and_nothing_overlaps() -> None:
    top = document()["panels"]
    everything = [*top, *(inner for panel in top for inner in panel.get("panels", ()))]
    assert len({panel["id"] for panel in everything}) == len(everything)
    assert len({panel["title"] for panel in everything}) == len(everything)
    taken = [cell for panel in everything for cell in _cells(panel["gridPos"])]
    assert len(set(taken)) == len(taken)
    assert all(0 <= x < 24 for x, _ in taken)


def _cells(place: Json) -> Iterator[tuple[int, int]]:
    for x in range(place["x"], place["x"] + place["w"]):
        for y in range(place["y"], place["y"] + place["h"]):
            yield x, y


@pytest.mark.parametrize("expr", sorted({target.expr for target in targets()} | {annotation()}))
def test_expressions_know_only_metrics_and_labels_of_the_catalogue(expr: str) -> None:
    labels = {metric.name: {*metric.labels, "job", "instance"} for metric in METRICS}
    labels["ALERTS"] = {"alertstate", "job", "instance", "run"}
    found = list(_selectors(parse(fill(expr, ALL))))
    assert found
    for selector in found:
        assert selector.name in labels
        assert {matcher.label for matcher in selector.matchers} - {"__name__"} <= labels[selector.name]


def _selectors(expr: Expr) -> Iterator[VectorSelector]:
    if isinstance(expr, VectorSelector):
        yield expr
    for child in children(expr):
        yield from _selectors(child)


def test_variables_are_the_data_source_and_what_may_be_chosen() -> None:
    found = variables()
    assert list(found) == ["datasource", "job", "instance", "run"]
    assert (found["datasource"]["type"], found["datasource"]["query"]) == ("datasource", "prometheus")
    for name in ("job", "instance", "run"):
        choice = found[name]
        assert choice["datasource"] == PROMETHEUS
        assert choice["multi"]
        assert choice["includeAll"]
        assert choice["allValue"] == ALL[name]
        assert fill(choice["query"], ALL).startswith("label_values(training_run_info")


def test_it_imports_without_edits() -> None:
    """Nothing of one Grafana is in it: no numeric id, no inputs to fill in, no data source but the variable."""
    found = document()
    assert found["uid"] == "training-exporter"
    assert not {"id", "__inputs", "__requires"} & set(found)
    assert found["schemaVersion"] >= 36


def test_links_lead_to_pages_of_the_documentation() -> None:
    links = [*document()["links"], *(link for panel in panels() for link in panel.get("links", ()))]
    pages = {link["url"].removeprefix(f"{DOCS}/") for link in links}
    assert {"ALERTS.md", "METRICS.md", "runbooks/TrainingPlateaued.md"} <= pages
    assert [page for page in sorted(pages) if not (ROOT / "docs" / page).is_file()] == []
