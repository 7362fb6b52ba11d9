"""The energy that each run's devices used while it was active."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..model import GpuReading, Run, RunStatus


class EnergyMeter:
    """Adds up the differences of the devices' own counters; a device without one is integrated from its power."""

    def __init__(self, totals: Mapping[str, float]) -> None:
        self._totals = dict(totals)
        self._last: dict[str, GpuReading] = {}

    def measure(self, runs: Iterable[Run], readings: Iterable[GpuReading]) -> None:
        """Charges what was used since the last call to the runs that were active on the device."""
        used = {reading.uuid: joules for reading in readings if (joules := self._used(reading)) is not None}
        for run in runs:
            active = run.state is not None and run.state.status is RunStatus.RUNNING
            charged = [used[uuid] for uuid in run.gpus if uuid in used]
            if active and charged:
                self._totals[run.name] = self._totals.get(run.name, 0.0) + sum(charged)

    def joules(self, run: str) -> float | None:
        """What a run used so far; None where no device told."""
        return self._totals.get(run)

    def totals(self) -> tuple[tuple[str, float], ...]:
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
