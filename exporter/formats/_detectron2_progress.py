"""How far a Detectron2 training is, and how it ended: a value, advanced by what the log says.

Source: detectron2/engine/train_loop.py. `Total training time` is printed in a `finally`, so it tells of the end only
together with the rest: after an exception it means nothing; where the iterations reached the plan, training finished;
short of the plan only an interrupt (Ctrl-C, a signal) can have led there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..model import EventKind

WARM_UP = 2
"""`Overall training speed` leaves out the first three iterations and counts the one after the last: hooks.py,
`num_iter = storage.iter + 1 - start_iter - warmup_iter`."""

END_ETA_S = 5.0
"""An ETA of the last logged line that rounds to nothing: older versions print up to one iteration's time at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Of the training that started last; the plan stays over a start."""

    planned: int | None = None
    """Iterations, counted from the very beginning, as `start` and `reached`."""
    start: int | None = None
    reached: int | None = None
    eta_s: float | None = None
    """Of the last logged line."""
    failed: bool = False
    """An exception was reported."""
    interrupted: bool = False
    """The interrupt is already reported."""

    def started(self, iteration: int) -> Progress:
        """Training begins, or is resumed."""
        return Progress(planned=self.planned, start=iteration)

    def logged(self, iteration: int, eta_s: float | None) -> Progress:
        """The metric printer names the iteration (from 0) that is just done."""
        return Progress(  # a third of the time of `replace`, and the commonest step
            planned=self.planned,
            start=self.start,
            reached=iteration + 1,
            eta_s=eta_s,
            failed=self.failed,
            interrupted=self.interrupted,
        )

    def timed(self, iterations: int) -> Progress:
        """`Overall training speed` says how many iterations the training took."""
        if self.start is None:
            return self
        return replace(self, reached=max(self.start + iterations + WARM_UP, self.reached or 0))

    def stopped(self) -> EventKind | None:
        """What `Total training time` means; None where the cause was reported before."""
        if self.failed or self.interrupted:
            return None
        return EventKind.FINISHED if self._completed() else EventKind.INTERRUPTED

    def _completed(self) -> bool:
        if self.eta_s is not None and self.eta_s <= END_ETA_S:
            return True
        if self.planned is not None:
            return self.reached is not None and self.reached >= self.planned
        return self.eta_s is None
