"""What each run's devices gave it while it was active: energy and device time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..checkpoints import Consumption
from ..model import GpuReading, Run, RunName, RunStatus
from ..runs import active_seconds


class ConsumptionMeter:
    """Adds up what was used between two calls, with the devices that a run has then: totals never fall.

    Energy is the difference of the devices' own counters; a device without one is integrated from its power. Device
    time is the time that the log shows as active: it counts also what was before this program came.
    """

    def __init__(self, totals: Mapping[str, Consumption]) -> None:
        self._totals = dict(totals)
        self._last: dict[str, GpuReading] = {}

    def measure(self, runs: Iterable[Run], readings: Iterable[GpuReading]) -> None:
        """Charges what was used since the last call; nothing before the devices are known."""
        used = {reading.uuid: joules for reading in readings if (joules := self._used(reading)) is not None}
        if not self._last:
            return
        for run in runs:
            if run.state is not None:
                self._totals[run.name] = _charged(self.total(run.name), run, active_seconds(run.state), used)

    def total(self, run: RunName) -> Consumption:
        """What a run used so far."""
        return self._totals.get(run, Consumption())

    def totals(self) -> tuple[tuple[str, Consumption], ...]:
        """All of them, to be stored."""
        return tuple(self._totals.items())

    def _used(self, now: GpuReading) -> float | None:
        before = self._last.get(now.uuid)
        self._last[now.uuid] = now
        if before is None or now.at <= before.at:
            return None
        if now.energy_joules is not None and before.energy_joules is not None:
            # A driver reload sets the counter back: what it shows then was used since.
            return now.energy_joules - before.energy_joules if now.energy_joules >= before.energy_joules else 0.0
        if now.power_watts is not None:
            return now.power_watts * (now.at - before.at)
        return None


def _charged(total: Consumption, run: Run, active: float, used: Mapping[str, float]) -> Consumption:
    joules, seconds = total.joules, total.gpu_seconds
    charged = [used[uuid] for uuid in run.gpus if uuid in used]
    if charged and run.state is not None and run.state.status is RunStatus.RUNNING:
        joules = (joules or 0.0) + sum(charged)
    if run.gpus:
        seconds = (seconds or 0.0) + max(0.0, active - total.active_seconds) * len(run.gpus)
    return Consumption(joules=joules, gpu_seconds=seconds, active_seconds=active)
