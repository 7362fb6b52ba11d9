"""The output of Darknet's `detector train` and `classifier train`, pjreddie's and AlexeyAB's: losses, IoU, mAP, ends.

The loss `total` is the running average (`avg`, `avg loss`), since that is what Darknet users judge and what the fork
draws; the iteration's own loss is the component `batch`. An iteration's detection layers print a line each and per
subdivision: they say what led to the iteration line that follows, so the row of that line takes each layer's last one
that was about an object. Darknet writes no times, so rows have none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..model import Chunk, Event, EventKind
from ._darknet import (
    AVERAGE_IOU,
    CLASS_AP,
    EVALUATION_MARK,
    ITERATION,
    ITERATION_MARK,
    LAST_MEAN_AP,
    MEAN_AP,
    MEAN_AP_AGAIN,
    PRECISION,
    REGION,
    REGION_LINE,
    REGION_MARK,
    is_empty,
    iteration_cells,
    mean_ap_name,
    ratios,
    region_cells,
    score,
)
from ._errors import error_event, suspects
from ._items import Cells, Items, excerpt
from ._numbers import finite
from ._protocol import LogFormat, Parsed

LAYERS = 64
"""Detection layers to remember at once: no network has more than six, but a broken log may name any number."""

ROUNDING = 0.0001
"""`Last accuracy` repeats an mAP in percent with two decimals, `mean_average_precision` as rounded otherwise."""

# `Learning Rate: 0.001, Momentum: 0.9, Decay: 0.0005`: printed once, after the network is loaded
_START = re.compile(r"Learning Rate: [^\s,]+, Momentum: [^\s,]+, Decay: ", re.ASCII)
# `Saving weights to backup//yolov4_3000.weights`
_SAVED = re.compile(r"Saving weights to (\S+)", re.ASCII)
# `If you want to train from the beginning, then use flag in the end of training command: -clear`: AlexeyAB's last line
_END = "If you want to train from the beginning, then use flag in the end of training command: -clear"
# `640/6000: loss=1.3 hours left=5.0`: the window title, where a terminal's escapes around it were lost
_TITLE = re.compile(r"(?<!\S)\d+/(\d{1,15}): loss=\S+ hours left=", re.ASCII)

_MARK = re.compile(
    rb"^(?:Learning Rate: [^\s,]+, Momentum: [^\s,]+, Decay: "
    rb"|v3 \(.* Region \d+ Avg \(IOU: |Region(?: \d+)? Avg IOU: |Detection Avg IOU: "
    rb"|(?:.*\s)?\d+(?:, [\d.]+)?: [^\s,]+, [^\s,]+ avg(?: loss)?, [^\s,]+ rate, [^\s,]+ seconds, -?\d+ images)",
    re.MULTILINE,
)

_NOISE = (
    " total_bbox = ",
    "Loaded: ",
    " (next mAP calculation at ",
    " CUDA allocate done!",
    "Resizing",
    " try to allocate additional workspace",
)
"""What the commonest lines without a value begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """What a later line's meaning depends on."""

    iteration: int | None = None
    planned: int | None = None
    regions: dict[str, str] = field(default_factory=dict)
    """Of the iteration that is not complete yet: per layer the last line about an object, else the last line."""
    mean_ap: float | None = None
    """The last mAP, which later lines repeat."""
    finished: bool = False


class Darknet:
    """Both forks."""

    name = "darknet"
    framework = "darknet"
    title = "Darknet training output (pjreddie and AlexeyAB: YOLOv1 to v4, classifiers)"
    rank = 0
    carry_type = Carry

    def claims(self, frames: tuple[bytes, ...]) -> bool:
        """Whether a line is Darknet's iteration line, a detection layer's line or its start of training."""
        return _MARK.search(b"\n".join(frames)) is not None

    def parse(self, chunk: Chunk, carry: Carry | None) -> Parsed[Carry]:
        """Reads whole lines."""
        reader = _Reader(carry or Carry())
        if chunk.frames:
            reader.read("\n" + b"\n".join(chunk.frames).decode("utf-8", "replace"), chunk.line)
        return reader.result()


class _Reader:
    """Reads the lines of one chunk, in order, and keeps what a later one needs."""

    def __init__(self, carry: Carry) -> None:
        self._items = Items()
        self._iteration = carry.iteration
        self._planned = carry.planned
        self._regions = dict(carry.regions)
        self._mean_ap = carry.mean_ap
        self._finished = carry.finished
        self._suspects: frozenset[str] = frozenset()

    def result(self) -> Parsed[Carry]:
        """What the lines said."""
        items = self._items
        carry = Carry(
            iteration=self._iteration,
            planned=self._planned,
            regions=self._regions,
            mean_ap=self._mean_ap,
            finished=self._finished,
        )
        return Parsed(items=items.finish(), unparsed=tuple(items.unparsed), parsed=items.parsed, carry=carry)

    def read(self, text: str, line: int) -> None:
        """Reads lines, each after its LF, the first of which has the number `line`.

        Most are lines of layers, which one pattern reads; what they say is looked at where an iteration ends.
        """
        parts = REGION_LINE.split(text)
        rests, layers, bodies, boxes = parts[::4], parts[1::4], parts[2::4], parts[3::4]
        others = "".join(rests)
        if others.count("\n") + _lines(boxes) != text.count("\n"):  # a match of more than its lines
            rests, layers, bodies, boxes, others = [text], [], [], [], text
        self._suspects = suspects(others)
        self._items.parsed += len(layers)
        first = 0
        for row in [row for row, rest in enumerate(rests) if rest]:
            line += _lines(boxes[first:row])
            self._layers(layers[first:row], bodies[first:row])
            first = row
            each = rests[row].split("\n")[1:]
            for number, rest in enumerate(each, line):
                if not self._is_noise(rest):
                    self._line(rest, number)
            line += len(each)
        self._layers(layers[first:], bodies[first:])

    def _is_noise(self, text: str) -> bool:
        """Whether it is one of the commonest lines without a value, and nothing else stands in it."""
        if not text:
            return True
        return text.startswith(_NOISE) and not (" avg" in text or " Avg " in text or text in self._suspects)

    def _layers(self, layers: list[str], bodies: list[str]) -> None:
        """Remembers per layer the last line about an object, else the last line."""
        distinct = dict.fromkeys(layers)
        last: dict[str, str] = {}
        about: dict[str, str] = {}
        for layer, body in zip(reversed(layers), reversed(bodies), strict=True):
            last.setdefault(layer, body)
            if layer not in about and not is_empty(body):
                about[layer] = body
                if len(about) == len(distinct):
                    break
        for layer in distinct:
            self._layer(layer, about.get(layer) or last[layer])

    def _layer(self, layer: str, body: str) -> None:
        known = self._regions.get(layer)
        if known is None and len(self._regions) == LAYERS:
            return
        if known is None or is_empty(known) or not is_empty(body):
            self._regions[layer] = body

    def _line(self, text: str, line: int) -> None:
        if " avg" in text:
            found = ITERATION.search(text)
            if found:
                self._row_of_iteration(found, text, line)
                return
            if ITERATION_MARK.search(text):
                self._items.unread(line, text)
                return
        if " Avg " in text and self._region(text, line):
            return
        if self._evaluation(text, line) or self._notice(text, line):
            return
        if text in self._suspects:
            event = error_event(text, line, iteration=self._iteration)
            if event:
                self._items.event(event)

    def _row_of_iteration(self, found: re.Match[str], text: str, line: int) -> None:
        cells = iteration_cells(found)
        if cells is None:
            self._items.unread(line, text)
            return
        for layer, body in self._regions.items():
            cells += region_cells(layer, body)
        self._iteration = int(found[1])
        self._finished = False
        self._regions.clear()
        self._items.row(self._iteration, None, line, cells)
        self._items.parsed += 1

    def _region(self, text: str, line: int) -> bool:
        """A line of a detection layer in a form that `REGION_LINE` does not know."""
        found = REGION.search(text)
        if found:
            self._items.parsed += 1
            self._layer(found[1] or "", found[2].rstrip())
        elif REGION_MARK.search(text):
            self._items.unread(line, text)
        else:
            return False
        return True

    def _evaluation(self, text: str, line: int) -> bool:
        """A line of an mAP evaluation."""
        found = MEAN_AP.match(text)
        if found:
            return self._evaluated(text, line, found[1], found[2])
        found = MEAN_AP_AGAIN.match(text)
        if found:
            return self._repeated(line, found[1], finite(found[2]))
        found = LAST_MEAN_AP.match(text)
        if found:
            percent = finite(found[2])
            return self._repeated(line, found[1], None if percent is None else percent / 100)
        cells = _scores(text)
        if cells is not None:
            self._row(cells, line)
        elif EVALUATION_MARK.search(text):
            self._items.unread(line, text)
        else:
            return False
        return True

    def _evaluated(self, text: str, line: int, threshold: str | None, value: str) -> bool:
        self._event(EventKind.EVALUATED, text, line)
        self._row(score(mean_ap_name(threshold), value), line)
        self._mean_ap = finite(value)
        return True

    def _repeated(self, line: int, threshold: str | None, value: float | None) -> bool:
        """An mAP that is a repetition, unless the log begins after the line that said it first."""
        known = self._mean_ap
        if value is None or (known is not None and abs(value - known) <= ROUNDING):
            return True
        self._row(score(mean_ap_name(threshold), str(value)), line)
        self._mean_ap = value
        return True

    def _notice(self, text: str, line: int) -> bool:
        """A start, a plan, a checkpoint or an end."""
        saved = _SAVED.search(text)
        title = _TITLE.search(text)
        if saved:
            self._event(EventKind.CHECKPOINT_SAVED, text, line)
            if saved[1].endswith("_final.weights"):
                self._finish(text, line)
        elif title:
            self._plan(int(title[1]), text, line)
        elif _START.match(text):
            self._event(EventKind.STARTED, text, line)
            self._regions.clear()
            self._finished = False
        elif _END in text:
            self._finish(text, line)
        else:
            return False
        return True

    def _plan(self, iterations: int, text: str, line: int) -> None:
        if iterations != self._planned:
            self._planned = iterations
            self._event(EventKind.PLANNED, text, line, iteration=iterations)

    def _finish(self, text: str, line: int) -> None:
        if not self._finished:
            self._finished = True
            self._event(EventKind.FINISHED, text, line)

    def _row(self, cells: Cells, line: int) -> None:
        self._items.row(self._iteration, None, line, cells)
        self._items.parsed += bool(cells)

    def _event(self, kind: EventKind, text: str, line: int, *, iteration: int | None = None) -> None:
        known = self._iteration if iteration is None and kind is not EventKind.STARTED else iteration
        self._items.event(Event(kind=kind, line=line, iteration=known, detail=excerpt(text)))


def _lines(boxes: Sequence[str]) -> int:
    """How many lines as many layers have, some of them with a line about boxes after it."""
    return 2 * len(boxes) - boxes.count("")


def _scores(text: str) -> Cells | None:
    """The scores of a line of an evaluation, other than its mAP; None where it is none."""
    found = CLASS_AP.match(text)
    if found:
        return score(f"AP/{found[1]}", found[2], 0.01)
    found = AVERAGE_IOU.match(text)
    if found:
        return score("IoU", found[1], 0.01)
    found = PRECISION.match(text)
    return ratios(found[1]) if found else None


FORMAT: LogFormat[Carry] = Darknet()
