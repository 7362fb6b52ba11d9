"""The console output and `log.txt` of Detectron2 and of what re-uses its logger: losses, scores, starts, ends, errors.

A line of `CommonMetricPrinter` is one row; of lines with the same keys, one pattern reads all. Everything else goes
line by line. A line without the logger's prefix continues the record before it, and has that record's time only where
the record is one of several lines (an exception, a table): it may as well be another program's, hours later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..model import Chunk, Event, EventKind
from ._detectron2_lines import MARK, PREFIX, Template, read_metric, template_of
from ._detectron2_scores import Copypaste, read_categories, read_copypaste, table_prefix
from ._errors import error_event, suspects
from ._items import Cells, Items, Keys, excerpt
from ._logtime import LogClock
from ._protocol import LogFormat, Parsed

FEW = 8
"""Lines below which learning a pattern costs more than it saves (measured: some 5)."""

LESSONS = 3
"""Lines to try to learn from: the first one or two of a run have no times yet."""


# `  MAX_ITER: 90000` below `SOLVER:`, `  max_iter: 90000` below `train:`, `train.max_iter = 90000  # 90k`
_PLAN = re.compile(r"\s+(?:MAX_ITER|max_iter): (\d{1,15})\s*|train\.max_iter\s*=\s*(\d{1,15})\s*(?:#.*)?", re.ASCII)
_PLAN_SECTIONS = ("SOLVER:", "train:")
# `Command line arguments: Namespace(..., opts=['train.max_iter=1000'])`
_PLAN_OPTION = re.compile(r"Command line arguments: .*train\.max_iter=(\d{1,15})\b", re.ASCII)
# `Starting training from iteration 5500`
_START = re.compile(r"Starting training from iteration (\d{1,15})\b", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """What a later line's meaning depends on."""

    iteration: int | None = None
    planned_by_option: bool = False
    """The command line set the plan, so the configuration file that is printed after it does not count."""
    in_plan_section: bool = False
    """The last line that was not indented opened a section of a configuration that holds the plan."""
    record_at: float | None = None
    """Log time of a record of several lines, for those that have no prefix."""
    copypaste: Copypaste = field(default_factory=Copypaste)
    table: str = ""
    """What the names of the open per-category table's rows begin with: `bbox/AP-`."""


class Detectron2:
    """The text log."""

    name = "detectron2"
    framework = "detectron2"
    title = "Detectron2 console output and log.txt"
    rank = 0
    carry_type = Carry

    def claims(self, frames: tuple[bytes, ...]) -> bool:
        """Whether a line has the prefix of Detectron2's logger, or is a line of its metric printer."""
        return MARK.search(b"\n".join(frames)) is not None

    def parse(self, chunk: Chunk, carry: Carry | None) -> Parsed[Carry]:
        """Reads whole lines."""
        reader = _Reader(chunk, carry or Carry())
        if chunk.frames:
            text = b"\n".join(chunk.frames).decode("utf-8", "replace")
            reader.read(f"\n{text}", chunk.line, len(chunk.frames))
        return reader.result()


@dataclass(slots=True)
class _Rows:
    """The rows that one pattern found, without the lines between them; those from `first` to `end` wait to be added."""

    iterations: Sequence[int]
    at: Sequence[float | None]
    keys: Keys
    columns: Sequence[Sequence[float]]
    lines: list[int] = field(default_factory=list)
    first: int = 0
    end: int = 0


class _Reader:
    """Reads the lines of one chunk, in order, and keeps what a later one needs."""

    def __init__(self, chunk: Chunk, carry: Carry) -> None:
        self._clock = LogClock(chunk)
        self._items = Items()
        self._suspects: frozenset[str] = frozenset()
        self._rows: _Rows | None = None
        self._iteration = carry.iteration
        self._planned_by_option = carry.planned_by_option
        self._in_plan_section = carry.in_plan_section
        self._record_at = carry.record_at
        self._known = carry.copypaste
        self._table = carry.table
        self._handlers: dict[str, Callable[[str, float | None, int], None]] = {
            "eta:": self._metric,
            "iter:": self._metric,
            "Starting": self._started,
            "Total": self._stopped,
            "Exception": self._failed,
            "Saving": self._saving,
            "Command": self._command_line,
            "Evaluation": self._evaluated,
            "Per-category": self._categories_begin,
            "copypaste:": self._copypaste,
        }
        """By the first word of a record's message."""

    def result(self) -> Parsed[Carry]:
        """What the lines said."""
        items = self._items
        carry = Carry(
            iteration=self._iteration,
            planned_by_option=self._planned_by_option,
            in_plan_section=self._in_plan_section,
            record_at=self._record_at,
            copypaste=self._known,
            table=self._table,
        )
        return Parsed(items=items.finish(), unparsed=tuple(items.unparsed), parsed=items.parsed, carry=carry)

    def read(self, text: str, line: int, count: int) -> None:
        """Reads `count` lines, each after its LF, the first of which has the number `line`.

        Those that look alike by one pattern, what lies between them by itself.
        """
        template = _learn(text) if count >= FEW else None
        parts = template.pattern.split(text) if template else [text]
        stride = len(template.fields) + 2 if template else 1
        rests = parts[::stride]
        others = "".join(rests)
        groups = [parts[index::stride] for index in range(2, stride)]
        whole = others.count("\n") + len(rests) - 1 == count
        columns = template.columns(groups) if template and whole else None
        self._suspects = suspects(text if columns is None else others)
        if template is None or columns is None:
            self._lines(text, line)
            return
        rows = _Rows(
            iterations=list(map(int, groups[template.fields.index("iter")])),
            at=self._clock.moments(parts[1::stride]),
            keys=template.keys,
            columns=columns,
        )
        self._interleave(rows, rests, line)

    def _interleave(self, rows: _Rows, rests: Sequence[str], line: int) -> None:
        """Adds rows and reads what stands between them, in order."""
        self._rows = rows
        for row in [row for row, rest in enumerate(rests) if rest]:
            self._advance(rows, row, line)
            text = rests[row]
            count = text.count("\n")
            if text.count("iter: ") >= FEW:
                self._flush()
                known = self._suspects
                self.read(text, line + row, count)
                self._rows, self._suspects = rows, known
            else:
                self._lines(text, line + row)
            line += count
        self._advance(rows, len(rows.iterations), line)
        self._flush()
        self._rows = None

    def _advance(self, rows: _Rows, end: int, line: int) -> None:
        """The rows before `end` are read; they are added when something has to come after them.

        `line` is what the number of the first row would be without the lines between.
        """
        if rows.end < end:
            rows.lines.extend(range(line + rows.end, line + end))
            rows.end = end
            self._close_record()
            self._iteration = rows.iterations[end - 1]

    def _flush(self) -> None:
        """Adds the rows that were read."""
        rows = self._rows
        if rows is not None and rows.first < rows.end:
            part = slice(rows.first, rows.end)
            columns = [column[part] for column in rows.columns]
            self._items.rows(rows.iterations[part], rows.at[part], rows.lines[part], rows.keys, columns)
            self._items.parsed += rows.end - rows.first
            rows.first = rows.end

    def _close_record(self) -> None:
        self._record_at, self._table, self._in_plan_section = None, "", False

    def _lines(self, text: str, line: int) -> None:
        for number, each in enumerate(text.split("\n")[1:], line):
            record = PREFIX.match(each)
            if record is None:
                self._bare(each, number)
            else:
                self._record(record, each, number)

    def _record(self, record: re.Match[str], text: str, line: int) -> None:
        """A line with the logger's prefix."""
        self._close_record()
        message = record["message"].strip()
        handle = self._handlers.get(message.partition(" ")[0])
        if handle:
            handle(message, self._clock.moment(record["time"]), line)
        if text in self._suspects:
            self._error(text, self._clock.moment(record["time"]), line)

    def _metric(self, message: str, at: float | None, line: int) -> None:
        metric = read_metric(message)
        if metric is None:
            self._items.unread(line, message)
            return
        self._flush()
        self._items.row(metric.iteration, at, line, metric.cells)
        self._items.parsed += bool(metric.cells)
        self._iteration = metric.iteration

    def _started(self, message: str, at: float | None, line: int) -> None:
        found = _START.match(message)
        if found:
            start = int(found[1])
            self._event(EventKind.STARTED, message, at, line, iteration=start)

    def _stopped(self, message: str, at: float | None, line: int) -> None:
        """Written after an exception too: which of them ended the run, the reducer tells by what came before."""
        if message.startswith("Total training time: "):
            self._event(EventKind.FINISHED, message, at, line)

    def _failed(self, message: str, at: float | None, _line: int) -> None:
        if message.startswith("Exception during training"):
            self._record_at = at

    def _saving(self, message: str, at: float | None, line: int) -> None:
        if message.startswith("Saving checkpoint to "):
            self._event(EventKind.CHECKPOINT_SAVED, message, at, line)

    def _command_line(self, message: str, at: float | None, line: int) -> None:
        found = _PLAN_OPTION.match(message)
        self._planned_by_option = found is not None
        if found:
            self._planned(int(found[1]), message, at, line)

    def _evaluated(self, message: str, at: float | None, line: int) -> None:
        if message.endswith(" in csv format:"):
            self._event(EventKind.EVALUATED, message, at, line)

    def _copypaste(self, message: str, at: float | None, line: int) -> None:
        cells, self._known = read_copypaste(message, self._known)
        self._scores(cells, at, line, message)

    def _categories_begin(self, message: str, at: float | None, _line: int) -> None:
        self._table = table_prefix(message)
        self._record_at = at

    def _scores(self, cells: Cells | None, at: float | None, line: int, text: str) -> None:
        if cells is None:
            self._items.unread(line, text)
        elif cells:
            self._flush()
            self._items.row(self._iteration, at, line, cells)
            self._items.parsed += 1

    def _bare(self, text: str, line: int) -> None:
        """A line without a prefix: of a record of several lines, of a dumped configuration, or of anything else."""
        if self._table and text.startswith("|"):
            self._scores(read_categories(self._table, text), self._record_at, line, text)
            return
        plan = _PLAN.fullmatch(text) if "_iter" in text or "_ITER" in text else None
        if plan and (plan[2] or self._in_plan_section):
            if not self._planned_by_option:
                self._planned(int(plan[1] or plan[2]), text, None, line)
        elif text and not text[0].isspace():
            self._in_plan_section = text in _PLAN_SECTIONS
            self._table = ""
        if text in self._suspects:
            self._error(text, self._record_at, line)

    def _planned(self, iterations: int, text: str, at: float | None, line: int) -> None:
        self._event(EventKind.PLANNED, text, at, line, iteration=iterations)

    def _error(self, text: str, at: float | None, line: int) -> None:
        event = error_event(text, line, iteration=self._iteration, at=at)
        if event is not None:
            self._flush()
            self._items.event(event)

    def _event(self, kind: EventKind, text: str, at: float | None, line: int, *, iteration: int | None = None) -> None:
        known = self._iteration if iteration is None else iteration
        self._flush()
        self._items.event(Event(kind=kind, line=line, iteration=known, at=at, detail=excerpt(text)))


def _learn(text: str) -> Template | None:
    """A pattern from one of the first metric lines."""
    end = 0
    for _ in range(LESSONS):
        found = text.find("iter: ", end)
        if found < 0:
            return None
        start = text.rfind("\n", 0, found) + 1
        end = text.find("\n", found)
        template = template_of(text[start : end if end >= 0 else None])
        if template or end < 0:
            return template
    return None


FORMAT: LogFormat[Carry] = Detectron2()
