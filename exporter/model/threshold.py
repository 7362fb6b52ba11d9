"""The tunable limits of the advice, each once: `training_threshold{name}`. Users may replace the values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One limit."""

    name: str
    """Ends in its unit: `ratio`, `observations`, `evaluations`, `z`."""
    default: float
    help: str
    source: str
    """Where the default comes from."""


_REPLAY: Final = "replay of 3,601 public AlgoPerf v0.5 runs, tuned on one half of the workloads and held on the other"
_NANOGPT: Final = "replay of 78 healthy per-step nanogpt runs with 18 shapes of injected faults"

THRESHOLDS: Final[tuple[Threshold, ...]] = (
    Threshold(
        name="plateau_gain_ratio",
        default=0.0005,
        help="Plateau: the optimistic further gain is below this share of the range that the loss has fallen so far.",
        source=_REPLAY,
    ),
    Threshold(
        name="plateau_progress_ratio",
        default=0.5,
        help="Plateau and unreachable target: no verdict before this share of the planned length is done.",
        source=_REPLAY,
    ),
    Threshold(
        name="trend_z",
        default=1.96,
        help="A trend counts where the Mann-Kendall z lies beyond this many standard deviations.",
        source="two-sided 5 % of the normal distribution, as usual with Mann (1945)",
    ),
    Threshold(
        name="nonfinite_observations",
        default=3,
        help="Not finite: this many losses were NaN or infinite, consecutively or within a quarter of an hour.",
        source="a choice: loss scaling and gradient clipping get over one or two, and NaN weights never do",
    ),
    Threshold(
        name="spike_observations",
        default=3,
        help="Spike: this many consecutive losses out of control.",
        source=_NANOGPT,
    ),
    Threshold(
        name="diverging_observations",
        default=150,
        help="Diverging: this many consecutive losses out of control.",
        source=_NANOGPT,
    ),
    Threshold(
        name="diverging_persistence_ratio",
        default=0.7,
        help="Diverging: the excess over the baseline still has this share of its peak.",
        source=_NANOGPT,
    ),
    Threshold(
        name="overfitting_evaluations",
        default=20,
        help="Overfitting: the best validation loss is this many evaluations ago.",
        source=_REPLAY,
    ),
    Threshold(
        name="target_noise_ratio",
        default=2,
        help="Unreachable target: the gap exceeds the optimistic gain by this many standard deviations of the noise.",
        source=_REPLAY,
    ),
    Threshold(
        name="plateau_evaluations",
        default=3,
        help="Plateau: silent while any validation loss or score had its best fewer evaluations ago.",
        source="the default patience of Lightning's EarlyStopping, here as a veto",
    ),
    Threshold(
        name="oscillating_noise_ratio",
        default=0.5,
        help="Oscillating: the noise exceeds this share of the range that the loss has fallen so far.",
        source="no alarm on 24 nanogpt runs and 12 real logs; 2 on 88 AlgoPerf runs, both noisier than the whole range",
    ),
    Threshold(
        name="slowdown_ratio",
        default=1.5,
        help="Slowed down: an iteration takes this many times as long as before.",
        source="1.2 to 1.5 is what straggler detectors use (NVIDIA NVRx: 1.33); the widest, for multi-scale training",
    ),
    Threshold(
        name="data_wait_ratio",
        default=0.3,
        help="Waits for data: the wait is this share of the time of an iteration.",
        source="a choice: below it, faster loading gains less than the noise between runs",
    ),
)
