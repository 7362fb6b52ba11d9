"""Lines of Detectron2's text log: the logger's prefix, the metric printer's line, and a pattern that reads many.

`read_metric` is the meaning of a metric line; a `Template` is only a faster way to the same values, learnt from one
line: it matches whole lines that have the same keys, gaps and kinds of values, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..model import ColumnKey
from ._detectron2 import column
from ._errors import LAUNCHER
from ._items import Keys
from ._numbers import DURATION, duration, durations, number, numbers

_TIME = r"\d\d/\d\d \d\d:\d\d:\d\d"

# `[11/17 15:16:42] d2.utils.events INFO: ` in log.txt, `[11/01 18:06:04 d2.utils.events]: ` and
# `ERROR [11/01 18:06:04 d2.engine.train_loop]: ` on the console, with or without a launcher's `[rank0]: ` before it.
PREFIX = re.compile(
    rf"{LAUNCHER}(?:[A-Z]+ )?\[(?P<time>{_TIME})(?:\] (?P<file>\S+) [A-Z]+:| (?P<console>\S+)\]:)(?P<message> .*|$)",
    re.ASCII | re.DOTALL,
)

_METRIC = rf" +(?:eta: (?:{DURATION}|N/A) +)?iter: \d"

# `[11/17 15:16:42] detectron2 INFO: Environment info:`, `[11/17 15:16:42 d2.engine.train_loop]: Starting training …`,
# and of any logger `[11/17 15:16:42] adet.utils.events INFO:  eta: 0:14:11  iter: 19  total_loss: 76.49  …`
MARK = re.compile(
    rf"^{LAUNCHER}(?:[A-Z]+ )?\[{_TIME}(?:\] (?:d2|detectron2)(?:\.\S+)? [A-Z]+:| (?:d2|detectron2)(?:\.\S+)?\]:"
    rf"|(?:\] \S+ [A-Z]+:| \S+\]:){_METRIC})".encode(),
    re.MULTILINE,
)

_GAP = re.compile(r"(\s{2,})", re.ASCII)
# `39`
_COUNT = re.compile(r"\d{1,15}", re.ASCII)
# `15533M`
_MEBIBYTES = re.compile(r"(\d+)M", re.ASCII)

ABSENT = "N/A"
"""What the printer writes for a value that it does not have (yet)."""


@dataclass(frozen=True, slots=True)
class MetricLine:
    """What one line of the metric printer says."""

    iteration: int
    cells: tuple[tuple[ColumnKey, float], ...]


def read_metric(message: str) -> MetricLine | None:
    """The line's values; None where it cannot be read.

    A kill or a full disk cuts a line. The printer always writes a learning rate, if only `N/A`: without one, the last
    field may be half a number and is left out, as is a last field that is no number.
    """
    fields = [(key, text) for key, _, text in (field.rpartition(": ") for field in _GAP.split(message.strip())[::2])]
    if not any(key == "lr" for key, _ in fields) or _value(*fields[-1]) is None:
        fields.pop()
    values = {key: text for key, text in fields if text != ABSENT}
    iteration = values.pop("iter", "")
    if not _COUNT.fullmatch(iteration):
        return None
    if "time" not in values and "last_time" in values:
        values["time"] = values.pop("last_time")
    cells = [(column(key).key, _value(key, text)) for key, text in values.items()]
    read = tuple((key, value) for key, value in cells if value is not None)
    return MetricLine(int(iteration), read) if len(read) == len(cells) else None


def _value(key: str, text: str) -> float | None:
    """In the column's unit; None where the text is no such value, or absent."""
    if key == "eta":
        return duration(text)
    if key == "max_mem":
        found = _MEBIBYTES.fullmatch(text)
        return None if found is None else float(found[1]) * column(key).scale
    return number(text)


@dataclass(frozen=True, slots=True)
class Template:
    """A pattern for the metric lines that look like one of them."""

    pattern: re.Pattern[str]
    """Each line with its leading LF; groups: time, then the fields in order, the iteration among them.

    A value is whatever is no space (the fastest class), so a match may go beyond its line: count the LFs.
    """
    fields: tuple[str, ...]
    """The keys of the groups after the time."""
    keys: Keys
    """The columns, without the iteration."""

    def columns(self, groups: Sequence[Sequence[str]]) -> list[list[float]] | None:
        """Per key a column; None where a text is no number (the caller then reads line by line)."""
        columns = []
        for field, texts in zip(self.fields, groups, strict=True):
            if field == "iter":
                continue
            if field == "eta":
                columns.append(durations(texts))
                continue
            try:
                values = numbers(texts)
            except ValueError:
                return None
            scale = column(field).scale
            columns.append(values if scale == 1.0 else [value * scale for value in values])
        return columns


def template_of(line: str) -> Template | None:
    """A template that matches this line; None where there is none, as for a line without an iteration."""
    found = PREFIX.match(line)
    if found is None:
        return None
    head, tail = line[: found.start("time")], line[found.end("time") : found.start("message")]
    message = found["message"]
    parts = _GAP.split(message.strip())
    lead = message[: len(message) - len(message.lstrip())]
    template = _template(head, tail + lead, tuple(map(_shape, parts[::2])), tuple(parts[1::2]))
    return template if template and template.pattern.fullmatch("\n" + line) else None


def _shape(field: str) -> str:
    """What a field has in common with the same field of other lines: its key, and whether its value is absent."""
    key, _, text = field.rpartition(": ")
    return field if text == ABSENT else key


@lru_cache(maxsize=64)
def _template(head: str, lead: str, shape: tuple[str, ...], gaps: tuple[str, ...]) -> Template | None:
    """Cached: a live log yields the same template at every line."""
    known = set(shape)
    if len(known) != len(shape) or not {"iter", "time"} <= known or not {"lr", f"lr: {ABSENT}"} & known:
        return None
    pattern = ["\n", re.escape(head), f"({_TIME})", re.escape(lead)]
    fields = []
    for part, gap in zip(shape, (*gaps, ""), strict=True):
        if part.endswith(": " + ABSENT):
            pattern.append(re.escape(part) + gap)
            continue
        pattern.append(re.escape(part) + ": " + _CAPTURES.get(part, "([^ ]+)") + gap)
        fields.append(part)
    keys = tuple(column(field).key for field in fields if field != "iter")
    compiled = re.compile("".join(pattern) + r"[ \t]*(?=\n|\Z)", re.ASCII)
    return Template(compiled, tuple(fields), keys)


_CAPTURES = {"eta": f"({DURATION})", "iter": r"(\d{1,15})", "max_mem": r"(\d+)M"}
