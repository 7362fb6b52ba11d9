"""deploy/compose: files that the real programs accept, and paths that are there."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final = ROOT / "deploy" / "compose"


def _services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((COMPOSE / "compose.yaml").read_text())["services"]
    return found


def _mounts(service: str) -> Iterator[tuple[str, str]]:
    """Source and target of each bind mount, except those that the user names."""
    for volume in _services()[service]["volumes"]:
        source, target, *_ = volume.split(":")
        if source.startswith("."):
            yield source, target


def test_what_is_mounted_is_there() -> None:
    mounts = [mount for service in _services() for mount in _mounts(service)]
    assert mounts
    for source, _ in mounts:
        assert (COMPOSE / source).exists(), source


def test_grafana_finds_what_is_provisioned() -> None:
    targets = {target for _, target in _mounts("grafana")}
    provider = yaml.safe_load((ROOT / "grafana" / "provisioning" / "dashboards" / "training-exporter.yml").read_text())
    folder = provider["providers"][0]["options"]["path"]
    home = _services()["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home in targets
    assert Path(home).parent == Path(folder)
    source = yaml.safe_load((ROOT / "grafana" / "provisioning" / "datasources" / "prometheus.yml").read_text())
    assert source["datasources"][0]["url"] == "http://prometheus:9090"


def test_nothing_listens_beyond_this_machine() -> None:
    for name, service in _services().items():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name


def test_training_exporter_is_locked_down_and_leaves_alerts_to_prometheus() -> None:
    service = _services()["training-exporter"]
    assert (service["read_only"], service["cap_drop"], service["user"]) == (True, ["ALL"], "10001:10001")
    assert "--no-alerts" in service["command"]
    assert [volume for volume in service["volumes"] if volume.endswith(":/logs:ro")]


@pytest.mark.real("docker-compose", optional=True)
@pytest.mark.parametrize("files", [("compose.yaml",), ("compose.yaml", "compose.gpu.yaml")])
def test_compose_accepts_the_files(files: tuple[str, ...], tmp_path: Path) -> None:
    options = [option for file in files for option in ("--file", str(COMPOSE / file))]
    environment = os.environ | {"LOGS": str(tmp_path)}
    done = subprocess.run(
        ["docker-compose", *options, "config"], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert f"{tmp_path}:/logs:ro" in services["training-exporter"]["volumes"]
    assert ("pid" in services["training-exporter"]) == (len(files) == 2)


@pytest.mark.real("promtool")
def test_prometheus_accepts_its_configuration(tmp_path: Path) -> None:
    """With the rule files where the container has them."""
    mounted = {target: COMPOSE / source for source, target in _mounts("prometheus")}
    for target, source in mounted.items():
        (tmp_path / Path(target).name).symlink_to(source.resolve())
    config = tmp_path / "prometheus.yml"
    done = subprocess.run(["promtool", "check", "config", config], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shipped = len(list((ROOT / "alerts" / "rules").glob("*.yml")))
    assert f"{shipped} rule files found" in done.stdout


@pytest.mark.real("amtool")
def test_alertmanager_accepts_its_configuration() -> None:
    [config] = [COMPOSE / source for source, target in _mounts("alertmanager") if target.endswith("alertmanager.yml")]
    done = subprocess.run(["amtool", "check-config", config], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_prometheus_and_alertmanager_are_where_they_are_looked_for() -> None:
    config = yaml.safe_load((COMPOSE / "prometheus.yml").read_text())
    told = json.dumps(config)
    assert "training-exporter:9936" in told
    assert "alertmanager:9093" in told
    assert {"training-exporter", "alertmanager", "prometheus"} <= set(_services())
