"""Logs and devices in, one published snapshot out. The loop body of the reading thread, without the thread."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from .. import __version__
from ..checkpoints import Checkpoints
from ..config import RunConfig
from ..discovery import DiscoveredRun, RunSpec, discover
from ..formats import AnyFormat
from ..gpu import Device, Sampler, link
from ..model import GpuReading, Health, Run, RunName, Snapshot, SourcePath
from ..runs import Source, merge, settle
from ._energy import EnergyMeter
from ._follower import Follower
from ._targets import resolve_targets

RESCAN_S: Final = 5.0
"""Between two looks for new files; a glob over a thousand runs costs milliseconds."""
REPUBLISH_S: Final = 5.0
"""Between two snapshots when nothing is news; the health of the reading changes by itself."""
COMMIT_BYTES: Final = 16 * 1024 * 1024
"""Of a backlog between two commits: what a kill in mid-backlog reads again."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Followed:
    """A run that is followed."""

    found: DiscoveredRun
    config: RunConfig
    followers: tuple[Follower, ...]
    caught_up: bool = False


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
        self._specs = tuple(
            RunSpec(pattern=run.log, run=run.run, settings=replace(run, log="", run=None)) for run in self._configs
        )
        self._formats = formats
        self._checkpoints = checkpoints
        self._sampler = sampler
        self._health = health
        self._health_base = Health(version=__version__, python_version=platform.python_version())
        self._runs: dict[RunName, _Followed] = {}
        self._paths: dict[SourcePath, Follower] = {}
        self._energy = EnergyMeter(checkpoints.energy())
        self._problems: tuple[str, ...] = ()
        self._devices: tuple[Device, ...] = ()
        self._next_rescan = now
        self._stopping = False
        self.ready = False
        """Whether the backlog of all that was there at start has been read."""
        self.snapshot = Snapshot(at=now)

    @property
    def problems(self) -> tuple[str, ...]:
        """What of the user's words found no run, in clear sentences."""
        return self._problems

    def stop(self) -> None:
        """Lets a step under way end early, at a commit. From any thread."""
        self._stopping = True

    def step(self, now: float) -> None:
        """Looks for new files, reads what was written, stores and publishes it."""
        if now >= self._next_rescan:
            self._next_rescan = now + RESCAN_S
            self._rescan()
        grew = [self._advance(run, now) for run in tuple(self._runs.values())]
        readings = () if self._sampler is None else self._sampler.readings()
        if any(grew) or readings is not self.snapshot.gpus or not 0 <= now - self.snapshot.at < REPUBLISH_S:
            self._publish(readings, now)
        self.ready = self.ready or all(run.caught_up for run in self._runs.values())

    def _publish(self, readings: tuple[GpuReading, ...], now: float) -> None:
        """Publishes what is known now, by one reference."""
        runs = tuple(map(self._view, (run for run in self._runs.values() if run.caught_up)))
        self._energy.measure(runs, readings)
        metered = tuple(replace(run, energy_joules=self._energy.joules(run.name)) for run in runs)
        self.snapshot = Snapshot(at=now, runs=metered, gpus=readings, health=self._health(self._health_base))

    def last_lines(self, run: str) -> tuple[str, ...]:
        """The end of the log that a run's text source has, oldest first."""
        followed = self._runs.get(RunName(run))
        return () if followed is None else _main(followed).last_lines

    def followers(self) -> Iterator[tuple[RunName, Follower]]:
        """Each source with the name of its run."""
        for name, run in tuple(self._runs.items()):
            for follower in run.followers:
                yield name, follower

    def _rescan(self) -> None:
        found = discover(self._specs, tuple(run.found for run in self._runs.values()))
        for problem in found.problems:
            if problem not in self._problems:
                _log.warning("%s", problem)
        self._problems = found.problems
        for run in found.runs:
            self._follow(run)

    def _follow(self, found: DiscoveredRun) -> None:
        known = self._runs.get(found.name)
        if known is not None and known.found.sources == found.sources:
            return
        config = self._configs[found.spec_index]
        followers = tuple(self._follower(path, config) for path in found.sources)
        self._runs[found.name] = _Followed(found, config, followers)
        _log.info("following run=%s sources=%s", found.name, ",".join(found.sources))

    def _follower(self, path: SourcePath, config: RunConfig) -> Follower:
        if path not in self._paths:
            self._paths[path] = Follower(path, self._formats, self._checkpoints.load(path), config.format)
        return self._paths[path]

    def _advance(self, run: _Followed, now: float) -> bool:
        """Whether there is news of the run."""
        changed = [follower for follower in run.followers if self._read(follower, now)]
        if not run.caught_up and all(follower.tail.caught_up for follower in run.followers) and not self._stopping:
            for follower in run.followers:
                if follower.state is not None:
                    follower.state = settle(follower.state, now)
            run.caught_up = True
            changed = list(run.followers)
        self._commit(changed)
        return bool(changed)

    def _read(self, follower: Follower, now: float) -> bool:
        """Whether anything was taken in; a last line that is given because its writer rests adds no bytes."""
        committed, grew = follower.tail.bytes_read, False
        for _ in follower.advance(now):
            grew = True
            if follower.tail.bytes_read - committed > COMMIT_BYTES:
                self._commit((follower,))
                committed = follower.tail.bytes_read
            if self._stopping:
                break
        return grew

    def _commit(self, followers: Iterable[Follower]) -> None:
        checkpoints = [item for follower in followers if (item := follower.checkpoint()) is not None]
        if checkpoints:
            self._checkpoints.commit(checkpoints, self._energy.totals())

    def _view(self, run: _Followed) -> Run:
        sources = tuple(
            Source(state=follower.state, rank=follower.rank) for follower in run.followers if follower.state is not None
        )
        main = _main(run)
        state = merge(sources) if sources else None
        return Run(
            name=run.found.name,
            format=main.framework,
            paths=(main.path, *(follower.path for follower in run.followers if follower is not main)),
            labels=run.config.labels,
            gpus=link(run.config.gpus, os.environ, self._known_devices(), len(self._runs)).uuids,
            targets=resolve_targets(run.config.targets, state),
            budget=run.config.budget,
            thresholds=run.config.thresholds,
            cost_per_gpu_hour=run.config.cost_per_gpu_hour,
            state=state,
            logs=tuple(follower.health() for follower in run.followers),
        )

    def _known_devices(self) -> tuple[Device, ...]:
        """The devices there are, also while the driver is away: a run does not change its devices meanwhile."""
        inventory = None if self._sampler is None else self._sampler.inventory
        if inventory is not None and inventory.devices:
            self._devices = inventory.devices
        return self._devices


def _main(run: _Followed) -> Follower:
    """The source whose format has the lowest rank."""
    return min(run.followers, key=lambda follower: follower.rank)
