"""What a person sees, and that a log cannot put anything else there."""

from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.model import (
    ColumnKey,
    GpuProcess,
    GpuReading,
    Health,
    Latest,
    LossStatistics,
    Point,
    Quantity,
    Run,
    RunName,
    RunState,
    RunStatus,
    Snapshot,
    SourcePath,
    Thinned,
)
from exporter.page import ActiveAlert, View, page_routes
from exporter.page.curve import loss_curve
from exporter.server import Server

EVIL = "<script>alert('x')</script>\"'&"


def state(iteration: int = 1200) -> RunState:
    curve = tuple(Point(iteration=100 * i, mean=4.0 / (i + 1), smoothed=1.0) for i in range(12))
    return RunState(
        status=RunStatus.RUNNING,
        iteration=iteration,
        planned=4000,
        latest=(
            Latest(key=ColumnKey(Quantity.LOSS, "train", "total"), value=0.5213, iteration=iteration),
            Latest(key=ColumnKey(Quantity.LOSS, "train", EVIL), value=float("nan"), iteration=iteration),
            Latest(key=ColumnKey(Quantity.ITERATION_SECONDS), value=0.5, iteration=iteration),
            Latest(key=ColumnKey(Quantity.SCORE, "val", "bbox/AP"), value=0.375, iteration=iteration),
        ),
        losses=(LossStatistics(split="train", curve=Thinned(points=curve)),),
    )


def snapshot(iteration: int = 1200) -> Snapshot:
    run = Run(name=RunName(EVIL), format="detectron2", paths=(SourcePath(f"/logs/{EVIL}"),), state=state(iteration))
    gpu = GpuReading(
        index=0,
        uuid="GPU-1",
        name=EVIL,
        at=1.0,
        memory_used_bytes=22 * 2**30,
        memory_free_bytes=2**30,
        memory_total_bytes=24 * 2**30,
        memory_used_peak_bytes=23 * 2**30,
        processes=(GpuProcess(pid=1, name=EVIL, memory_used_bytes=2**30),),
    )
    lost = GpuReading(index=1, uuid="GPU-2", name="other", at=1.0, lost=True)
    return Snapshot(at=1e9, runs=(run,), gpus=(gpu, lost), health=Health(version="1.2.3"))


ALERT = ActiveAlert(
    name="TrainingPlateaued", severity="warning", action="stop", firing=True, since=1e9, summary=EVIL, advice=EVIL
)


def page(view: View) -> str:
    routes = {route.path: route for route in page_routes(lambda: view)}
    from exporter.model.web import Request  # noqa: PLC0415 - only here

    return routes["/"].answer(Request(path="/", query={})).body.decode()


def test_nothing_from_a_log_is_markup() -> None:
    html = page(View(snapshot=snapshot(), alerts=(ALERT,), gpu_absence="", alerting=EVIL))
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert") >= 8
    assert re.findall(r"<script[^>]*>", html) == ['<script src="page.js" defer>']


def test_the_page_needs_nothing_from_elsewhere() -> None:
    html = page(View(snapshot=snapshot(), alerts=(ALERT,)))
    assert re.findall(r"(?:src|href)=\"(?!#)([^\"]*)\"", html) == [
        "data:,",
        "style.css",
        "page.js",
        "runbooks/TrainingPlateaued",
        "metrics",
    ]


def test_progress_figures_and_memory_are_there() -> None:
    html = page(View(snapshot=snapshot()))
    for text in (
        "iteration 1,200 of 4,000",
        "30.0 %",
        "23 min 20 s left",
        "<dt>loss</dt><dd>0.5213</dd>",
        "<dd>NaN</dd>",
        "<dt>bbox/AP (val)</dt><dd>37.5 %</dd>",
        "23.0 GiB of 24.0 GiB in use · peak of the last minute 24.0 GiB",
        'class="bar critical"',
        "does not answer",
        "version 1.2.3",
    ):
        assert text in html


def test_without_anything_it_says_so() -> None:
    html = page(View(snapshot=Snapshot(at=0.0), gpu_absence="no NVIDIA driver here"))
    assert "No log has been read yet." in html
    assert "no NVIDIA driver here" in html
    assert "Alerts" not in html


@pytest.mark.parametrize("points", [(), ((1, 2.0),)])
def test_a_curve_has_two_points(points: tuple[tuple[float, float], ...]) -> None:
    assert loss_curve(points) == ""


def test_a_curve_over_magnitudes_is_logarithmic_and_a_flat_one_is_drawn() -> None:
    assert "logarithmic" in loss_curve([(0, 2583.0), (10, 30.0), (20, 1.8)])
    assert "logarithmic" not in loss_curve([(0, 2.0), (10, -1.0)])
    assert 'points="0.0,136.0 600.0,136.0"' in loss_curve([(5, 1.0), (6, 1.0)])


def test_runbooks_are_served_and_nothing_beside_them() -> None:
    from exporter.model.web import Request  # noqa: PLC0415 - only here

    route = next(route for route in page_routes(lambda: View(snapshot=Snapshot(at=0.0))) if "runbooks" in route.path)
    assert route.answer(Request(path="/runbooks/TrainingHung", query={})).body.startswith(b"# TrainingHung")
    for name in ("Nothing", "..", "../METRICS", "TrainingHung.md.md", ""):
        assert route.answer(Request(path=f"/runbooks/{name}", query={})).status == 404


@pytest.fixture
def growing() -> Iterator[Server]:
    """A page whose run is a hundred iterations further each time that it is asked for."""
    iterations = itertools.count(1000, 100)
    server = Server("127.0.0.1:0", page_routes(lambda: View(snapshot=snapshot(next(iterations)), alerts=(ALERT,))))
    server.start()
    yield server
    server.close()


@pytest.mark.real("chromium")
def test_the_page_updates_itself_in_a_browser(growing: Server, tmp_path: Path) -> None:
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    browser = subprocess.run(
        [
            "chromium",
            *flags.split(),
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={tmp_path}",
            "--virtual-time-budget=7000",
            "--enable-logging=stderr",
            "--dump-dom",
            f"http://127.0.0.1:{growing.port}/",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    shown = re.search(r"iteration ([\d,]+) of", browser.stdout)
    assert shown is not None
    assert int(shown[1].replace(",", "")) >= 1200
    assert not re.search(r"CONSOLE.*(?:error|refused|violat)", browser.stderr, re.IGNORECASE)
