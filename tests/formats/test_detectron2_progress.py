"""How a Detectron2 training ended."""

from __future__ import annotations

import pytest

from exporter.formats._detectron2_progress import Progress
from exporter.model import EventKind

STARTED = Progress(planned=4000).started(0)


@pytest.mark.parametrize(
    ("progress", "end"),
    [
        (STARTED.logged(3999, 0.0).timed(3998), EventKind.FINISHED),
        (STARTED.timed(3998), EventKind.FINISHED),
        (STARTED.logged(3999, None), EventKind.FINISHED),
        (STARTED.logged(179, 1669.0).timed(191), EventKind.INTERRUPTED),
        (STARTED, EventKind.INTERRUPTED),
        (Progress(planned=111000).started(31000).logged(41999, 46000.0).timed(11000), EventKind.INTERRUPTED),
        (Progress(planned=111000).started(31000).timed(79998), EventKind.FINISHED),
        (Progress(planned=9, failed=True).logged(8, 0.0), None),
        (Progress(planned=9, interrupted=True).logged(3, 60.0), None),
        (Progress().started(0).logged(99, 0.0), EventKind.FINISHED),
        (Progress().started(0).logged(99, 3600.0), EventKind.INTERRUPTED),
        (Progress().started(0), EventKind.FINISHED),
        (Progress(planned=50).started(0).logged(199, 1.0), EventKind.FINISHED),
    ],
)
def test_the_end_of_a_training(progress: Progress, end: EventKind | None) -> None:
    assert progress.stopped() is end


def test_a_new_start_forgets_the_end_but_not_the_plan() -> None:
    assert Progress(planned=9, failed=True, interrupted=True, eta_s=1.0, reached=5).started(5) == Progress(
        planned=9, start=5
    )
