"""Darknet's line grammar: the iteration line, the lines of each detection layer, the lines of an mAP evaluation.

Sources: examples/detector.c and src/*_layer.c of pjreddie/darknet; src/detector.c, src/*_layer.c of AlexeyAB/darknet.
Both print NaN where a mean is over nothing (`count: 0`), so outside the iteration line only finite numbers count.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..model import ColumnKey, Quantity
from ._items import Cells
from ._numbers import SECONDS_PER_HOUR, finite, number

# `300: 12.654072, 16.158209 avg, 0.000008 rate, 0.199189 seconds, 300 images`,
# ` 3000: 2.308780, 2.289485 avg loss, 0.001000 rate, 1.440000 seconds, 192000 images, 66.725166 hours left`, also in
# mid-line, where two output streams met: ` (next mAP calculation at 1000 41: 1515.364746, 1990.176880 avg loss, …`
ITERATION = re.compile(
    r"(?<!\S)(\d{1,15})(?:, ([\d.]+))?: ([^\s,]+), ([^\s,]+) avg(?: loss)?, ([^\s,]+) rate, ([^\s,]+) seconds,"
    r" (-?\d+) images(?:, ([^\s,]+) hours left)?",
    re.ASCII,
)

# What only an iteration line holds, whole or not: ` 41: 1515.364746, 1990.176880 avg`
ITERATION_MARK = re.compile(r"(?<!\S)\d+(?:, [\d.]+)?: [^\s,]+, [^\s,]+ avg\b", re.ASCII)

# `Region 82 Avg IOU: 0.833717, Class: 0.964432, …`, `v3 (iou loss, Normalizer: (…) Region 150 Avg (IOU: 0.696136), …`,
# YOLOv2's `Region Avg IOU: …`, YOLOv1's `Detection Avg IOU: …`
REGION = re.compile(r"(?:Region|Detection)(?: (\d+))? Avg (\(?IOU: .{0,300}\bcount: \d+\b.{0,300})", re.ASCII)
REGION_MARK = re.compile(r"\b(?:Region|Detection)(?: \d+)? Avg\b", re.ASCII)

# The two forms that fill logs, with the line about boxes that AlexeyAB's prints after the layers of a subdivision:
# `Region 82 Avg IOU: 0.83, Class: 0.96, Obj: 0.99, No Obj: 0.00, .5R: 1.0, .75R: 1.0,  count: 3`
# `v3 (mse loss, Normalizer: (iou: 0.75, …) Region 82 Avg (IOU: 0.78), count: 4, class_loss = 0.2, iou_loss = 0.3, …`
# ` total_bbox = 4711, rewritten_bbox = 0.042454 % `
# The classes that leave out one character only are twice as fast; that no match goes beyond its lines is proved after.
REGION_LINE = re.compile(
    r"(?:\nv3 \([^(]*\([^)]*\) |\n)Region (\d+) Avg ("
    r"\(IOU: [^)]+\), count: \d+, class_loss = [^,]+, iou_loss = [^,]+, total_loss = \S+"
    r"|IOU: [^,]+, Class: [^,]+, Obj: [^,]+, No Obj: [^,]+, \.5R: [^,]+, \.75R: [^,]+,  count: \d+"
    r")[ \t]*(\n total_bbox = \d+, rewritten_bbox = [\d.]+ % |)(?=\n|\Z)",
    re.ASCII,
)

# `IOU: 0.833717`, `class_loss = 3.044146`, `No Obj: 0.002265`, `.5R: -nan(ind)`
_PAIR = re.compile(r"([A-Za-z.\d][\w. ]*?)(?:: | = )(-?nan\(ind\)|[^\s,()]+)", re.ASCII)

MAX_BODY = 600
"""Characters of a region line to look at: the longest form has 220, and `_PAIR` is slow on what holds no pair."""

_REGION_SCALARS = {".5R": "recall@0.50", ".75R": "recall@0.75"}


def is_empty(body: str) -> bool:
    """Whether a region line is about no object at all.

    YOLOv3 prints count 0; YOLOv4 prints count 1 and an IoU of exactly 0 then, to divide by it.
    """
    return body.endswith("count: 0") or body.startswith("(IOU: 0.000000")


def region_cells(layer: str, body: str) -> list[tuple[ColumnKey, float]]:
    """The finite values of what follows `Region N Avg`; no IoU where it is about no object."""
    empty = is_empty(body)
    cells = []
    for name, text in _PAIR.findall(body[:MAX_BODY]):
        value = finite(text)
        if value is not None and not (empty and name == "IOU"):
            cells.append((_region_key(name, layer), value))
    return cells


@lru_cache(maxsize=1024)
def _region_key(name: str, layer: str) -> ColumnKey:
    suffix = f"/{layer}" if layer else ""
    if name == "IOU":
        return ColumnKey(Quantity.SCORE, "train", f"IoU{suffix}")
    if name.endswith("_loss"):
        return ColumnKey(Quantity.LOSS, "train", f"{name}{suffix}")
    scalar = _REGION_SCALARS.get(name, name.lower().replace(" ", "_"))
    return ColumnKey(Quantity.SCALAR, "", f"{scalar}{suffix}")


TOTAL = ColumnKey(Quantity.LOSS, "train", "total")
"""The running average: what Darknet users judge a training by, and what the fork's chart and window title show."""
BATCH = ColumnKey(Quantity.LOSS, "train", "batch")
"""The loss of the iteration's own images."""
_OTHERS = (
    (2, ColumnKey(Quantity.EPOCH)),
    (5, ColumnKey(Quantity.LEARNING_RATE)),
    (6, ColumnKey(Quantity.ITERATION_SECONDS)),
    (7, ColumnKey(Quantity.SCALAR, "", "images")),
)
"""Groups of `ITERATION`, and their columns."""
_ETA = ColumnKey(Quantity.ETA_SECONDS)


def iteration_cells(found: re.Match[str]) -> list[tuple[ColumnKey, float]] | None:
    """From a match of `ITERATION`; None where a loss is no number. Hours left below 0 are not known yet."""
    batch, total = number(found[3]), number(found[4])
    if batch is None or total is None:
        return None
    cells = [(TOTAL, total), (BATCH, batch)]
    for group, key in _OTHERS:
        text = found[group]
        value = finite(text) if text else None
        if value is not None:
            cells.append((key, value))
    hours = finite(found[8]) if found[8] else None
    if hours is not None and hours >= 0:
        cells.append((_ETA, hours * SECONDS_PER_HOUR))
    return cells


# ` mean average precision (mAP@0.50) = 0.028207, or 2.82 %`, older ` mean average precision (mAP) = 0.70, or 70.0 %`
MEAN_AP = re.compile(r" ?mean average precision \(mAP(?:@([\d.]+))?\) = ([^\s,]+)", re.ASCII)
# ` mean_average_precision (mAP@0.5) = 0.028207`
MEAN_AP_AGAIN = re.compile(r" ?mean_average_precision \(mAP(?:@([\d.]+))?\) = ([^\s,]+)", re.ASCII)
# ` Last accuracy mAP@0.5 = 44.63 %, best = 48.12 %`
LAST_MEAN_AP = re.compile(r" ?Last accuracy mAP@([\d.]+) = ([^\s,]+) %", re.ASCII)
# `class_id = 0, name = smoke, ap = 12.50%   	 (TP = 47, FP = 156)`
CLASS_AP = re.compile(r"class_id = \d+, name = (.*?), *ap = ([^\s,%]+) ?%", re.ASCII)
# ` for conf_thresh = 0.25, precision = 0.23, recall = 0.05, F1-score = 0.08`
PRECISION = re.compile(r" ?for (?:conf_)?thresh = [\d.]+, (precision = .*)", re.ASCII)
# ` for conf_thresh = 0.25, TP = 47, FP = 156, FN = 889, average IoU = 13.96 %`
AVERAGE_IOU = re.compile(r" ?for (?:conf_)?thresh = [\d.]+, TP = .*average IoU = ([^\s,]+) %", re.ASCII)
# `precision = 0.23`
_RATIO = re.compile(r"(precision|recall|F1-score) = ([^\s,]+)", re.ASCII)
EVALUATION_MARK = re.compile(r"mean[ _]average[ _]precision \(mAP|^class_id = |^ ?for (?:conf_)?thresh = ", re.ASCII)


def score(name: str, text: str, scale: float = 1.0) -> Cells:
    """One validation score, or none where the number is not finite: a mean over no detection."""
    value = finite(text)
    return () if value is None else ((ColumnKey(Quantity.SCORE, "val", name), value * scale),)


def ratios(text: str) -> Cells:
    """Precision, recall and F1 of one line."""
    return tuple(cell for name, value in _RATIO.findall(text) for cell in score(name, value))


def mean_ap_name(threshold: str | None) -> str:
    """One spelling per score: `mAP@0.5` is `mAP@0.50`, which is also what a line without a threshold means."""
    value = finite(threshold or "0.5")
    return f"mAP@{threshold}" if value is None else f"mAP@{value:.2f}"
