"""What a run is: the state that its logs reduce to. Plain frozen values that round-trip through msgpack, exactly.

Only `runs` makes them from what a log says, only `statistics` advances the loss statistics. Times are Unix seconds; a
time that cannot be known is None and becomes no series: never a guess, never one after the file was last written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from .log import ERROR_KINDS, ColumnKey, EventKind


class RunStatus(Enum):
    """What a run does; the values of the label `state`. Never hung: that is for a rule to say."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """No end mark, and already silent beyond its limit when this program came, or only looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The last logged value of one column since the last restart; NaN and Inf as logged."""

    key: ColumnKey
    value: float
    iteration: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The best so far of one metric since the last restart: the lowest loss, the highest score."""

    key: ColumnKey
    """A total loss or a score."""
    value: float
    """Finite."""
    iteration: int | None
    since: int
    """How many finite values were logged after it."""

    @property
    def split(self) -> str:
        """Of the key."""
        return self.key.split

    @property
    def metric(self) -> str:
        """The label: the score's name, `total` for the loss."""
        return self.key.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Nonfinite:
    """How often a component of the loss was logged as NaN or Inf, in any split."""

    component: str
    count: int
    last_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCount:
    """How often an error was logged."""

    kind: EventKind
    count: int
    last_at: float | None


NO_ERRORS: Final = tuple(ErrorCount(kind=kind, count=0, last_at=None) for kind in ERROR_KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCounts:
    """What became of the lines that were read."""

    parsed: int = 0
    """Gave at least one value."""
    ignored: int = 0
    unparsed: int = 0
    """Carry the format's mark and could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """When the run was active, by the times of its lines."""

    closed_seconds: float = 0.0
    """Of the stretches that ended: by a restart, an end mark, or a silence beyond the limit."""
    estimated_seconds: float = 0.0
    """Of rows of unknown age: logged iteration times times iterations, the best that such a log can tell."""
    since: float | None = None
    """Where the present stretch began; None: there is none."""
    until: float | None = None
    """The latest time seen in the present stretch, or at the end of the last one."""
    longest_silence: float = 0.0
    """Between two signs of life while running, in seconds; downtime before a restart is none."""
    pending_silence: float = 0.0
    """The longest silence since the last progress: downtime if a restart follows, else a silence."""


class Point(NamedTuple):
    """The mean of neighbouring observations of a loss; all finite."""

    iteration: int
    """Of its last observation."""
    mean: float
    smoothed: float
    """The smoothed loss after its last observation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinned:
    """A whole curve in bounded memory: when it is full, neighbours merge and every point stands for twice as many."""

    points: tuple[Point, ...] = ()
    width: int = 1
    """Observations in one point."""
    partial_sum: float = 0.0
    partial_count: int = 0
    """Observations that wait for their point to fill; fewer than `width`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excursion:
    """How far a loss is above its baseline, since it left it, in bounded memory; all finite."""

    observations: int = 0
    below: int = 0
    """Losses below the limit since the last one above it."""
    peak: float = 0.0
    """The largest mean excess over the baseline of a few neighbours."""
    means: tuple[float, ...] = ()
    """Mean excess of `width` neighbours each, oldest first."""
    width: int = 8
    partial_sum: float = 0.0
    partial_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Whether a loss is in control: a robust baseline, and how long and how far the loss has been above it."""

    recent: tuple[float, ...] = ()
    """The last losses in control, oldest first."""
    unjudged: int = 0
    """Of `recent`: those that came after the baseline was last judged."""
    baseline: float | None = None
    """Lowest median of `recent` so far; None before there are enough."""
    limit: float | None = None
    """A loss above it is out of control; None before there is a baseline."""
    excursion: Excursion = Excursion()
    """The present one; empty while in control."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LossStatistics:
    """The finite total losses of one split since the last restart; everything in it is finite."""

    split: str
    observations: int = 0
    nonfinite: int = 0
    """Losses since the last finite one: NaN or Inf, all of them."""
    smoothed: float = 0.0
    deviation: float = 0.0
    """Smoothed absolute distance from the smoothed loss, outliers cut off."""
    curve: Thinned = Thinned()
    control: Control = Control()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """All that is known of a run, or of one of its sources, from its log."""

    status: RunStatus = RunStatus.UNKNOWN
    iteration: int | None = None
    """Last logged."""
    position: int | None = None
    """From where the next advance counts: the last iteration, or the one that the last start names."""
    iterations_total: int = 0
    """Sum of all advances: what a resume repeats counts again, because it was done again."""
    planned: int | None = None
    """Iterations, as the log says."""
    restarts: int = 0
    """New starts after the first, each once, whether the log names it, the iteration steps back, or both."""
    starting: bool = False
    """A start was logged and no row followed yet."""
    advances: int = 0
    """Rows that advanced, over all starts: how many the activity is made of."""
    progress_since_end: int = 0
    """Rows that advanced since the end mark or error."""
    ended_by: EventKind | None = None
    """What made it finished or failed; None while it runs."""
    doubtful: bool = False
    """Only a traceback says that it failed: a training may print one and go on."""
    announced: EventKind | None = None
    """What the last announcement says of the traceback that stands on the next line."""
    announced_line: int = 0
    seen_alive: bool = False
    """This program saw it write, or found it within its limit: that it is silent since is news."""
    started_at: float | None = None
    """First line with a known time."""
    ended_at: float | None = None
    last_failed_at: float | None = None
    """Of the last failure that stood, also after a new start; None: none, or at an unknown time."""
    last_finished_at: float | None = None
    """The same of a planned end."""
    last_progress_at: float | None = None
    last_output_at: float | None = None
    activity: Activity = Activity()
    latest: tuple[Latest, ...] = ()
    """Since the last restart, in order of first appearance, one per key, of bounded number."""
    best: tuple[Best, ...] = ()
    losses: tuple[LossStatistics, ...] = ()
    """One per split with a total loss."""
    nonfinite: tuple[Nonfinite, ...] = ()
    """One per component ever logged, from 0."""
    errors: tuple[ErrorCount, ...] = NO_ERRORS
    """One per kind of error, from 0."""
    lines: LineCounts = LineCounts()
    dropped: int = 0
    """Values of columns beyond the limit."""

    def value(self, key: ColumnKey) -> float | None:
        """The last logged value of a column; None where there was none."""
        return next((latest.value for latest in self.latest if latest.key == key), None)
