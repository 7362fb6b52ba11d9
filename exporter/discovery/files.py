"""Patterns in, log files out: what a path, a glob or a folder means, and what of it looks like a log."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import takewhile
from pathlib import Path
from typing import Final

_EVENTS: Final = "events.out.tfevents"
"""TensorBoard's own prefix of an event file: `events.out.tfevents.1795293604.host.1234.0`."""
_JSON: Final = frozenset({".json", ".jsonl"})
_TEXT: Final = frozenset({".log", ".txt", ".out", ".err"})
_LOG_LIKE: Final = _JSON | _TEXT | {".csv"}


class Kind(IntEnum):
    """What a file's name says of it; of one run in the order of the sources."""

    TEXT = 0
    JSON = 1
    CSV = 2
    EVENTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """One file and the pattern that named it first."""

    path: Path
    """Absolute, without `..`."""
    spec_index: int

    @property
    def kind(self) -> Kind:
        """Text, unless the name says otherwise."""
        if self.path.name.startswith(_EVENTS):
            return Kind.EVENTS
        suffix = self.path.suffix.lower()
        return Kind.JSON if suffix in _JSON else Kind.CSV if suffix == ".csv" else Kind.TEXT

    @property
    def shown(self) -> Path:
        """The path as text that can be encoded, whatever bytes the file system holds."""
        return Path(os.fsencode(self.path).decode(errors="replace"))

    @property
    def stem(self) -> str:
        """The name without the suffixes of a log: `run1` of `run1.log.json`."""
        path = Path(self.shown.name)
        while path.suffix.lower() in _LOG_LIKE:
            path = Path(path.stem)
        return path.name


def matching(pattern: str) -> tuple[Path, ...] | str:
    """The files that a pattern names, absolute and sorted; a sentence if there are none now.

    A folder stands for the files in it that are named like logs. A path without wildcards is a file even where there
    is none yet. A glob matches files, and folders, which stand for their logs; one that ends in `*` alone says nothing
    of names: there too it is the logs.
    """
    word = os.path.expanduser(pattern)  # noqa: PTH111 - Path.expanduser raises for an unknown ~user
    try:
        if Path(word).is_dir():
            return _sorted(_logs_in(Path(word))) or f"{pattern}: the folder holds no log yet (*.log, *.txt, *.json, …)"
        if not word.endswith(os.sep) and (not glob.has_magic(word) or os.path.lexists(word)):
            return _sorted([Path(word)])
        return _sorted(_matches(word)) or f"{pattern}: matches no file yet"
    except OSError as error:
        return f"{pattern}: cannot be listed: {(error.strerror or str(error)).lower()}"


def _matches(pattern: str) -> Iterator[Path]:
    last = Path(pattern).name
    for match in glob.iglob(pattern, recursive=True):  # noqa: PTH207 - Path.glob finds hidden files
        path = Path(match)
        if path.is_dir():
            if last != "**":
                yield from _logs_in(path)
        elif path.is_file() and (last.strip("*") or _is_log(path.name)):
            yield path


def _logs_in(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries if _is_log(entry.name) and entry.is_file()]


def _is_log(name: str) -> bool:
    return not name.startswith(".") and (name.startswith(_EVENTS) or Path(name).suffix.lower() in _LOG_LIKE)


def _sorted(paths: Iterable[Path]) -> tuple[Path, ...]:
    absolute = {os.path.abspath(path) for path in paths}  # noqa: PTH100 - links keep the names that the user knows
    return tuple(map(Path, sorted(absolute)))


def distinct(files: Iterable[LogFile]) -> list[LogFile]:
    """Each file once, though several words or links (`latest/log.txt`) lead to it: by its own name.

    The first word that names it has it.
    """
    same: dict[tuple[int, int] | Path, list[LogFile]] = {}
    for file in files:
        same.setdefault(_identity(file.path), []).append(file)
    return [_by_its_own_name(paths) for paths in same.values()]


def _identity(path: Path) -> tuple[int, int] | Path:
    try:
        status = path.stat()
    except OSError:
        return path
    return status.st_dev, status.st_ino


def _by_its_own_name(same: list[LogFile]) -> LogFile:
    if len(same) == 1:
        return same[0]
    return max((file for file in same if file.spec_index == same[0].spec_index), key=_parts_without_links)


def _parts_without_links(file: LogFile) -> int:
    """How many parts at the end of the path are what they are called."""
    pairs = zip(reversed(file.path.parts), reversed(file.path.resolve().parts), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
