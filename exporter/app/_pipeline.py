"""Logs and devices in, one published snapshot out. The loop body of the reading thread, without the thread."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from .. import __version__
from ..checkpoints import Checkpoints
from ..config import RunConfig
from ..discovery import DiscoveredRun, LogFile, group, shown
from ..formats import AnyFormat
from ..gpu import Device, Sampler, link
from ..model import GpuReading, Health, Run, RunName, RunState, RunStatus, Snapshot, SourcePath
from ..runs import Source, merge, present
from ._energy import ConsumptionMeter
from ._follower import Follower
from ._sources import Sources
from ._targets import resolve_targets

RESCAN_S: Final = 5.0
"""Between two looks for new files; a glob over a thousand runs costs milliseconds."""
REPUBLISH_S: Final = 5.0
"""Between two snapshots when nothing is news; the health of the reading changes by itself."""
FAILED_S: Final = 900.0
"""How long a run that failed may still be the one that uses the devices: it may go on, or be why they are full."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Followed:
    """A run that is followed."""

    found: DiscoveredRun
    config: RunConfig
    caught_up: bool = False
    """Whether the backlog of its first sources was read; one that joins later is merged in once its own is."""
    gpus: tuple[str, ...] = ()
    """The devices that it was last linked to by itself."""
    missing_gpus: tuple[str, ...] = ()


class Pipeline:
    """Follows the configured logs. `step` is called by one thread; `snapshot` is read by any."""

    def __init__(
        self,
        runs: Iterable[RunConfig],
        *,
        formats: tuple[AnyFormat, ...],
        checkpoints: Checkpoints,
        sampler: Sampler | None,
        health: Callable[[Health], Health],
        now: float,
    ) -> None:
        self._configs = tuple(runs)
        self._sources = Sources(self._configs, formats, checkpoints)
        self._sampler = sampler
        self._health = health
        self._health_base = Health(version=__version__, python_version=platform.python_version())
        self._runs: dict[RunName, _Followed] = {}
        self._grouped: tuple[LogFile, ...] = ()
        self._naming_problems: tuple[str, ...] = ()
        self._meter = ConsumptionMeter(checkpoints.consumption())
        self._devices: tuple[Device, ...] = ()
        self._next_rescan = now
        self._stopping = False
        self.problems: tuple[str, ...] = ()
        """What of the user's words found no run, in clear sentences."""
        self.ready = False
        """Whether the backlog of all that was there at start has been read."""
        self.snapshot = Snapshot(at=now)

    def stop(self) -> None:
        """Lets a step under way end early, at a commit. From any thread."""
        self._stopping = True

    def close(self) -> None:
        """Lets go of the files; after the last step."""
        self._sources.close()

    def step(self, now: float) -> bool:
        """Looks for new files, reads of each what was written, stores and publishes it; whether more waits."""
        rescans = now >= self._next_rescan
        if rescans:
            self._next_rescan = now + RESCAN_S
            self._sources.rescan(self._is_source)
        grew, more = self._sources.read(now, lambda: self._stopping)
        if (rescans or grew) and not self._stopping:
            self._group()
        self._sources.commit(self._meter.totals())
        readings = () if self._sampler is None else self._sampler.readings()
        if grew or readings is not self.snapshot.gpus or not 0 <= now - self.snapshot.at < REPUBLISH_S:
            self._publish(readings, now)
        self.ready = self.ready or (self._sources.caught_up and not self._stopping)
        return more

    def last_lines(self, run: str) -> tuple[str, ...]:
        """The end of the log that a run's text source has, oldest first."""
        followed = self._runs.get(RunName(run))
        return () if followed is None else _main(self._followers(followed)).last_lines

    def trouble(self, run: RunName) -> str:
        """Why nothing of a run can be read now; empty where nothing is in the way."""
        followed = self._runs.get(run)
        return "" if followed is None else self._followers(followed)[0].tail.problem or ""

    def missing_gpus(self, run: RunName) -> tuple[str, ...]:
        """The words configured for a run's devices that name none of those there are."""
        followed = self._runs.get(run)
        return () if followed is None else followed.missing_gpus

    def _is_source(self, path: SourcePath) -> bool:
        return any(path in run.found.sources for run in self._runs.values())

    def _group(self) -> None:
        """Makes runs of the logs there are now; every one has had a turn, so that its format is known."""
        logs = self._sources.logs()
        if logs != self._grouped:
            grouping = group(logs, self._sources.specs, tuple(run.found for run in self._runs.values()))
            for found in grouping.runs:
                self._follow(found)
            self._grouped, self._naming_problems = logs, grouping.problems
        problems = (*self._sources.problems, *self._sources.unrecognised(logs), *self._naming_problems)
        for problem in problems:
            if problem not in self.problems:
                _log.warning("%s", problem)
        self.problems = problems

    def _follow(self, found: DiscoveredRun) -> None:
        known = self._runs.get(found.name)
        if known is None:
            self._runs[found.name] = _Followed(found, self._configs[found.spec_index])
        elif known.found.sources != found.sources:
            known.found = found
        else:
            return
        _log.info("following run=%s sources=%s", found.name, ",".join(map(shown, found.sources)))

    def _followers(self, run: _Followed) -> tuple[Follower, ...]:
        return tuple(self._sources[path] for path in run.found.sources)

    def _publish(self, readings: tuple[GpuReading, ...], now: float) -> None:
        """Publishes what is known now, by one reference."""
        for run in self._runs.values():
            run.caught_up = run.caught_up or all(map(self._sources.is_caught_up, run.found.sources))
        states = {name: self._state(run, now) for name, run in self._runs.items() if self._is_shown(run)}
        alive = sum(not run.caught_up or _is_alive(states.get(name), now) for name, run in self._runs.items())
        devices = self._known_devices()
        runs = []
        for name, state in states.items():
            run = self._runs[name]
            self._link(run, devices, alive if _is_alive(state, now) else len(self._runs))
            runs.append(self._view(run, state))
        self._meter.measure(runs, readings)
        self.snapshot = Snapshot(
            at=now, runs=tuple(map(self._metered, runs)), gpus=readings, health=self._health(self._health_base)
        )

    def _is_shown(self, run: _Followed) -> bool:
        return run.caught_up and any(map(self._sources.is_log, run.found.sources))

    def _state(self, run: _Followed, now: float) -> RunState | None:
        sources = [
            Source(state=follower.state, rank=follower.rank)
            for follower in self._followers(run)
            if follower.state is not None and self._sources.is_caught_up(follower.path)
        ]
        return present(merge(sources), now) if sources else None

    def _view(self, run: _Followed, state: RunState | None) -> Run:
        followers = self._followers(run)
        main = _main(followers)
        return Run(
            name=run.found.name,
            format=main.framework,
            paths=tuple(map(shown, (main.path, *(each.path for each in followers if each is not main)))),
            labels=run.config.labels,
            gpus=run.gpus,
            targets=resolve_targets(run.config.targets, state),
            budget=run.config.budget,
            thresholds=run.config.thresholds,
            cost_per_gpu_hour=run.config.cost_per_gpu_hour,
            state=state,
            logs=tuple(map(self._sources.health, followers)),
        )

    def _metered(self, run: Run) -> Run:
        used = self._meter.total(run.name)
        return replace(run, energy_joules=used.joules, gpu_seconds=used.gpu_seconds)

    def _link(self, run: _Followed, devices: tuple[Device, ...], runs: int) -> None:
        """Finds the run's devices; those found by themselves stay its own when later runs make the answer unsure."""
        if not devices:
            return
        found = link(run.config.gpus, os.environ, devices, runs)
        run.gpus = found.uuids if run.config.gpus is not None else found.uuids or run.gpus
        if found.missing != run.missing_gpus:
            run.missing_gpus = found.missing
            if found.missing:
                _log.warning("run=%s gpus=%s reason='no such device'", run.found.name, ",".join(found.missing))

    def _known_devices(self) -> tuple[Device, ...]:
        """The devices there are, also while the driver is away: a run does not change its devices meanwhile."""
        inventory = None if self._sampler is None else self._sampler.inventory
        if inventory is not None and inventory.devices:
            self._devices = inventory.devices
        return self._devices


def _is_alive(state: RunState | None, now: float) -> bool:
    if state is None or state.status is not RunStatus.FAILED:
        return state is not None and state.status is RunStatus.RUNNING
    return state.ended_at is not None and now - state.ended_at < FAILED_S


def _main(followers: tuple[Follower, ...]) -> Follower:
    """The source whose format has the lowest rank."""
    return min(followers, key=lambda follower: follower.rank)
