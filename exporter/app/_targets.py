"""The user's word for a metric to the series it means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..model import Quantity, RunState, Target

_ALIASES: Final = {
    "map": ("bbox/AP", "mAP@0.50:0.95", "mAP", "mAP@0.50", "segm/AP", "coco/bbox_mAP", "bbox_mAP"),
    "map50": ("mAP@0.50", "bbox/AP50", "segm/AP50"),
    "iou": ("IoU", "sem_seg/mIoU", "mIoU"),
    "accuracy": ("accuracy", "accuracy/top1", "top1"),
}
"""In order of preference: the first that the run logs is its main score of that name."""


def resolve_targets(words: Sequence[tuple[str, float]], state: RunState | None) -> tuple[Target, ...]:
    """`loss` is the total loss: of the validation if the run logs one, else of the training.

    A score word is one of the aliases (`mAP`, `mAP50`, `IoU`, `accuracy`) or a metric's own name. What the run has not
    logged yet stands under its own name, in the split `val`.
    """
    return tuple(_resolve(word, value, state) for word, value in words)


def _resolve(word: str, value: float, state: RunState | None) -> Target:
    keys = () if state is None else tuple(latest.key for latest in state.latest)
    if word.lower() == "loss":
        validated = any(key.quantity is Quantity.LOSS and key[1:] == ("val", "total") for key in keys)
        return Target(split="val" if validated else "train", metric="total", value=value)
    scores = {key.name: key.split for key in keys if key.quantity is Quantity.SCORE}
    names = (word, *_ALIASES.get(word.lower(), ()))
    name = next((name for name in names if name in scores), names[-1] if len(names) == 1 else names[1])
    return Target(split=scores.get(name, "val"), metric=name, value=value)
