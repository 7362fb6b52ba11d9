"""Which shipped alerts say nothing new while another fires; the same pairs as in `alertmanager/alertmanager.yml`."""

from __future__ import annotations

from typing import Final

from .model import Inhibition

_RUN: Final = ("job", "instance", "run")
_DEVICE: Final = (*_RUN, "uuid")

_PAIRS: Final = (
    (
        ("TrainingLossNotFinite", "TrainingDiverging"),
        (
            "TrainingLossSpike",
            "TrainingLossOscillating",
            "TrainingPlateaued",
            "TrainingOverfitting",
            "TrainingCannotReachTarget",
        ),
        _RUN,
    ),
    (("TrainingOverfitting",), ("TrainingPlateaued",), _RUN),
    (("TrainingHung",), ("GpuIdleDuringTraining", "GpuMemoryUnderused", "GpuImbalance"), _RUN),
    (("TrainingWaitsForData",), ("GpuIdleDuringTraining", "GpuMemoryUnderused"), _RUN),
    (("GpuMemoryCritical",), ("GpuMemoryNearLimit", "GpuMemoryWillRunOut", "GpuMemoryGrowing"), _DEVICE),
    (("GpuMemoryWillRunOut",), ("GpuMemoryNearLimit", "GpuMemoryGrowing"), _DEVICE),
    (("GpuLost",), ("GpuXidError", "GpuMetricsAbsent"), ("uuid",)),
)


def shipped_inhibitions() -> tuple[Inhibition, ...]:
    """One per source and target; docs/ALERTS.md says why."""
    return tuple(
        Inhibition(source=(("alertname", source),), target=(("alertname", target),), equal=equal)
        for sources, targets, equal in _PAIRS
        for source in sources
        for target in targets
    )
