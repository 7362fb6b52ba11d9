"""What start-up says, in at most ten lines: what it follows, what it found, where things are, what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .. import __version__
from ..config import Config
from ..model import Run, RunState
from ..page import human
from ..runs import planned_length
from ._daemon import Daemon

_RUNS_SHOWN: Final = 3
_GPUS_SHOWN: Final = 4


def banner(daemon: Daemon) -> str:
    """The lines."""
    rows = (*_runs(daemon), ("gpus", _gpus(daemon)), *_places(daemon), *_missing(daemon.config, daemon))
    return "\n".join((f"training-exporter {__version__}", *(f"  {name:<9} {_plain(text)}" for name, text in rows)))


def _plain(text: str) -> str:
    """Without control characters: what a file is called does not steer the terminal."""
    return "".join(char if char.isprintable() else "�" for char in text)


def _runs(daemon: Daemon) -> Iterator[tuple[str, str]]:
    runs = daemon.pipeline.snapshot.runs
    for run in runs[:_RUNS_SHOWN]:
        yield "run", _run(run, daemon)
    if len(runs) > _RUNS_SHOWN:
        yield "runs", f"and {len(runs) - _RUNS_SHOWN} more, on the page"
    if not runs:
        words = ", ".join(run.log for run in daemon.config.runs)
        yield (
            "runs",
            "; ".join(daemon.pipeline.problems) or (f"none yet under {words}" if words else "none: name a log"),
        )


def _run(run: Run, daemon: Daemon) -> str:
    state = run.state
    if state is None:
        trouble = daemon.pipeline.trouble(run.name) or "is empty"
        return f"{run.name}: {run.paths[0]}: {trouble}, followed as soon as there is more"
    facts = [*_facts(run, state), *(f"no device {word}" for word in daemon.pipeline.missing_gpus(run.name))]
    return f"{run.name}: {', '.join(facts)} ({', '.join(run.paths)})"


def _facts(run: Run, state: RunState) -> Iterator[str]:
    if run.format:
        yield f"{run.format}, {state.status.value}"
    else:
        lines = human.count(state.lines.ignored)
        yield f"{lines} lines and none in a known format (training-exporter formats), so nothing but errors is seen"
    if state.iteration is not None:
        planned = planned_length(state)
        yield f"iteration {human.count(state.iteration)}" + (f" of {human.count(planned)}" if planned else "")
    if state.restarts:
        yield f"{state.restarts} restarts"
    for error in state.errors:
        if error.count:
            yield f"{error.count} {error.kind.value}"
    if state.lines.unparsed:
        yield f"{state.lines.unparsed} unreadable lines (training-exporter inspect shows them)"


def _gpus(daemon: Daemon) -> str:
    if daemon.sampler is None:
        return "not asked (--no-gpu)"
    inventory = daemon.sampler.inventory
    if inventory is None:
        return "the driver has not answered yet"
    shown = [
        f"{device.index}: {device.name}"
        + ("" if device.memory_total_bytes is None else f" {human.memory(device.memory_total_bytes)}")
        for device in inventory.devices[:_GPUS_SHOWN]
    ]
    more = len(inventory.devices) - len(shown)
    return ", ".join((*shown, *((f"and {more} more",) if more > 0 else ()))) or inventory.problem


def _places(daemon: Daemon) -> Iterator[tuple[str, str]]:
    yield "page", f"{daemon.page_url}   metrics {daemon.local_url}/metrics"
    if daemon.alerting is None:
        yield "alerts", "left to Prometheus (--no-alerts)"
    else:
        yield "alerts", daemon.alerting.summary
    yield "state", "kept nowhere (--state none)" if daemon.state_folder is None else str(daemon.state_folder)


def _missing(config: Config, daemon: Daemon) -> Iterator[tuple[str, str]]:
    wishes = []
    notifiers = () if daemon.alerting is None else daemon.alerting.notifiers
    if any(notifier.name == "stdout" for notifier in notifiers):
        wishes.append("messages in Slack (--slack-webhook-file FILE)")
    elif notifiers and config.web.external_url is None:
        wishes.append("links that work elsewhere (--web.external-url URL)")
    if not any(run.targets for run in config.runs):
        wishes.append("a target (--target mAP=0.9)")
    if not any(run.budget.seconds for run in config.runs):
        wishes.append("a budget (--budget 48h)")
    if wishes:
        yield "for more", ", ".join(wishes)
