"""Detectron2's own keys, as its text log and its metrics.json both spell them, to columns.

Source: detectron2/utils/events.py (writers), detectron2/evaluation/*_evaluation.py and testing.py (scores).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ..model import ColumnKey, Quantity
from ._numbers import MIB

TRAIN, VAL = "train", "val"

_SCORE = re.compile(
    r"""(?:^|/)(?:
        AP(?:\d\d?)?[smlrcf]?            # bbox/AP, segm/AP50, keypoints/APl, LVIS: bbox/APr
      | AR[sml]?@\d+                     # box_proposals/AR@1000, box_proposals/ARs@100
      | (?:mI|fwI|iI|I)oU(?:_sup)?       # sem_seg/mIoU, sem_seg/IoU-road, Cityscapes: sem_seg/iIoU_sup
      | [mp]?ACC                         # sem_seg/mACC, sem_seg/ACC-road
      | (?:PQ|SQ|RQ)(?:_th|_st)?         # panoptic_seg/PQ_th
    )(?:-.*)?$                           # the class: bbox/AP-baby bed
    """,
    re.ASCII | re.VERBOSE,
)
# `validation_loss`, `val_loss`, `val_loss_cls`, `val/loss_cls`, `total_val_loss`: the usual validation hooks.
_VALIDATION = re.compile(r"(?:validation|valid|val)[_/.](?=.*loss)|total_val_(?=loss$)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Column:
    """Where a logged key goes, and what its number must be multiplied by to be in the base unit."""

    key: ColumnKey
    scale: float = 1.0


_PLAIN = {
    "lr": Column(ColumnKey(Quantity.LEARNING_RATE)),
    "time": Column(ColumnKey(Quantity.ITERATION_SECONDS)),
    "data_time": Column(ColumnKey(Quantity.DATA_SECONDS)),
    "eta": Column(ColumnKey(Quantity.ETA_SECONDS)),
    "eta_seconds": Column(ColumnKey(Quantity.ETA_SECONDS)),
    "max_mem": Column(ColumnKey(Quantity.GPU_MEMORY_PEAK_BYTES), MIB),
}


@lru_cache(maxsize=4096)
def column(name: str) -> Column:
    """The column of a key; a number that nobody knows is a scalar under its own name."""
    if name in _PLAIN:
        return _PLAIN[name]
    if _SCORE.search(name):
        return Column(ColumnKey(Quantity.SCORE, VAL, name), 0.01)
    if "loss" in name:
        return Column(_loss(name))
    return Column(ColumnKey(Quantity.SCALAR, "", name))


def _loss(name: str) -> ColumnKey:
    validation = _VALIDATION.match(name)
    component = name[validation.end() :] if validation else name
    if component in ("loss", "total_loss"):
        component = "total"
    return ColumnKey(Quantity.LOSS, VAL if validation else TRAIN, component)


def is_score(name: str) -> bool:
    """Whether the key is an evaluation's score: a percentage, NaN where it does not apply."""
    return column(name).key.quantity is Quantity.SCORE


def is_training(name: str) -> bool:
    """Whether the key is written by the training loop itself, so that its line says how far training is."""
    key = column(name).key
    return key.quantity not in (Quantity.SCORE, Quantity.SCALAR) and key.split != VAL
