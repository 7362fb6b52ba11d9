"""Every query of the dashboard, asked of a real Prometheus that scrapes the real exposition of a rich scene."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
import requests

from exporter.app._exposition import metrics_route
from exporter.clock import SystemClock
from exporter.collectors import discover, make_registry
from exporter.server import Server
from tests.grafana.reading import ALL, ROOT, Json, annotation, fill, targets, variables
from tests.grafana.scene import DETECTOR, SEGMENTER, Scene
from tests.support.waiting import until

pytestmark = pytest.mark.real("prometheus")


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One that runs."""

    url: str
    instance: str
    """Of the one exporter that it scrapes."""

    def get(self, path: str, **parameters: str) -> Json:
        """An answer.

        Raises:
            AssertionError: it is an error.
        """
        answer: Json = requests.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=10).json()
        assert answer["status"] == "success", answer
        return answer

    def series(self, expr: str, *, instant: bool = True) -> list[dict[str, str]]:
        """The labels of each series of the answer."""
        now = SystemClock().now()
        if instant:
            answer = self.get("query", query=expr)
        else:
            answer = self.get("query_range", query=expr, start=str(now - 10), end=str(now), step="1")
        return [found["metric"] for found in answer["data"]["result"]]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    server = Server("127.0.0.1:0", [metrics_route(make_registry(Scene().snapshot, discover()))])
    server.start()
    instance, log = f"127.0.0.1:{server.port}", folder / "log"
    config = folder / "prometheus.yml"
    config.write_text(json.dumps(_configuration(instance)))
    options = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}", "--web.listen-address=127.0.0.1:0"]
    with log.open("wb") as stderr:
        process = subprocess.Popen(["prometheus", *options], stderr=stderr)
    try:
        address = until(lambda: re.search(r"address=(127\.0\.0\.1:[1-9]\d*)", log.read_text()), why=log.read_text)
        found = Prometheus(url=f"http://{address[1]}", instance=instance)
        until(lambda: _settled(found), why=log.read_text)
        yield found
    finally:
        process.terminate()
        process.wait(20)
        server.close()


def _configuration(instance: str) -> dict[str, object]:
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(ROOT / "alerts" / "rules" / "*.yml")],
        "scrape_configs": [{"job_name": "training", "static_configs": [{"targets": [instance]}]}],
    }


def _settled(prometheus: Prometheus) -> bool:
    """Scraped a few times, and an alert fires."""
    try:
        enough = prometheus.series("count_over_time(gpu_memory_free_bytes[1m]) >= 4")
    except requests.RequestException:  # it is still starting
        return False
    return bool(enough and prometheus.series('ALERTS{alertstate="firing"}'))


def test_every_query_returns_data_with_the_labels_of_its_legend(prometheus: Prometheus) -> None:
    chosen = {"job": "training", "instance": _escaped(prometheus.instance), "run": DETECTOR}
    problems = [problem for choice in (ALL, chosen) for problem in _problems(prometheus, choice)]
    assert problems == []


def _escaped(value: str) -> str:
    """As Grafana fills in a chosen value: a literal within a regex within a quoted string."""
    return re.escape(value).replace("\\", "\\\\")


def _problems(prometheus: Prometheus, choice: Mapping[str, str]) -> Iterator[str]:
    for target in targets():
        found = prometheus.series(target.filled(choice), instant=target.instant)
        if not found:
            yield f"{target.panel}: no data for {choice}: {target.filled(choice)}"
        for labels in found:
            if missing := target.labels_in_legend() - set(labels):
                yield f"{target.panel}: no {missing} in {labels}"


def test_a_run_shows_its_own_devices_only(prometheus: Prometheus) -> None:
    [memory, *_] = [target for target in targets() if target.panel == "Memory of the devices"]
    devices = {
        run: {labels["gpu"] for labels in prometheus.series(memory.filled({**ALL, "run": run}))}
        for run in (DETECTOR, SEGMENTER, "none")
    }
    assert devices == {DETECTOR: {"0", "1"}, SEGMENTER: {"1"}, "none": set()}


def test_alerts_are_marked_for_the_runs_they_are_about(prometheus: Prometheus) -> None:
    def marked(run: str) -> set[str]:
        return {labels["alertname"] for labels in prometheus.series(fill(annotation(), {**ALL, "run": run}))}

    assert "TrainingFailed" in marked(SEGMENTER)
    assert "TrainingFailed" not in marked(DETECTOR)
    assert "GpuXidError" in marked(DETECTOR), "an alert about no run is marked for every run"


def test_variables_offer_what_there_is(prometheus: Prometheus) -> None:
    offered = {name: _values(prometheus, name) for name in ("job", "instance", "run")}
    assert offered == {"job": ["training"], "instance": [prometheus.instance], "run": [DETECTOR, SEGMENTER]}


def _values(prometheus: Prometheus, name: str) -> object:
    """What `label_values(series, label)` gives."""
    query = fill(variables()[name]["query"], ALL)
    found = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
    assert found, query
    return prometheus.get(f"label/{found[2]}/values", **{"match[]": found[1]})["data"]
