"""Where Detectron2's keys go: the text log and metrics.json agree."""

from __future__ import annotations

import pytest

from exporter.formats._detectron2 import column
from exporter.model import Quantity


@pytest.mark.parametrize(
    ("key", "split", "component"),
    [
        ("total_loss", "train", "total"),
        ("loss", "train", "total"),
        ("loss_cls", "train", "loss_cls"),
        ("loss_ce_8", "train", "loss_ce_8"),
        ("loss_rpn_loc_pseudo", "train", "loss_rpn_loc_pseudo"),
        ("validation_loss", "val", "total"),
        ("val_loss", "val", "total"),
        ("val_total_loss", "val", "total"),
        ("total_val_loss", "val", "total"),
        ("val_loss_cls", "val", "loss_cls"),
        ("val/loss_cls", "val", "loss_cls"),
    ],
)
def test_losses(key: str, split: str, component: str) -> None:
    assert column(key).key == (Quantity.LOSS, split, component)
    assert column(key).scale == 1.0


@pytest.mark.parametrize(
    "key",
    [
        "bbox/AP",
        "bbox/AP50",
        "bbox/APl",
        "bbox/AP-baby bed",
        "bbox/AP-tv/monitor",
        "val_set/segm/AP75",
        "box_proposals/ARs@1000",
        "sem_seg/mIoU",
        "sem_seg/IoU-road",
        "sem_seg/pACC",
        "panoptic_seg/PQ_th",
    ],
)
def test_scores_are_percentages(key: str) -> None:
    assert column(key).key == (Quantity.SCORE, "val", key)
    assert column(key).scale == 0.01


@pytest.mark.parametrize(
    "key",
    ["fast_rcnn/cls_accuracy", "roi_head/num_bg_samples", "EMA_rate", "last_time", "rank_data_time", "MAP", "x/APPLE"],
)
def test_any_other_number_is_a_scalar(key: str) -> None:
    assert column(key).key == (Quantity.SCALAR, "", key)
