from __future__ import annotations

import pytest

from exporter.app._targets import resolve_targets
from exporter.model import ColumnKey, Latest, Quantity, RunState, Target


def logged(*keys: ColumnKey) -> RunState:
    return RunState(latest=tuple(Latest(key=key, value=0.5, iteration=1) for key in keys))


AP = ColumnKey(Quantity.SCORE, "val", "bbox/AP")
AP50 = ColumnKey(Quantity.SCORE, "val", "bbox/AP50")
DARKNET = ColumnKey(Quantity.SCORE, "val", "mAP@0.50")
TRAIN = ColumnKey(Quantity.LOSS, "train", "total")
VAL = ColumnKey(Quantity.LOSS, "val", "total")


@pytest.mark.parametrize(
    ("word", "state", "expected"),
    [
        ("loss", logged(TRAIN), ("train", "total")),
        ("loss", logged(TRAIN, VAL), ("val", "total")),
        ("loss", None, ("train", "total")),
        ("mAP", logged(AP50, AP), ("val", "bbox/AP")),
        ("map", logged(DARKNET), ("val", "mAP@0.50")),
        ("mAP50", logged(AP50, AP), ("val", "bbox/AP50")),
        ("bbox/AP50", logged(AP50, AP), ("val", "bbox/AP50")),
        ("mIoU", None, ("val", "mIoU")),
    ],
)
def test_the_users_word_names_the_series_that_the_run_logs(
    word: str, state: RunState | None, expected: tuple[str, str]
) -> None:
    split, metric = expected
    assert resolve_targets(((word, 0.9),), state) == (Target(split=split, metric=metric, value=0.9),)
