"""Patterns in, log files out: what a path, a glob or a folder means, and what of it looks like a log."""

from __future__ import annotations

import errno
import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import takewhile
from pathlib import Path
from typing import Final

from ..model import SourcePath

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
    is_named: bool = False
    """Whether a word names this very file: neither a glob nor a folder found it."""
    framework: str = ""
    """What writes it, where that is known by its content."""

    @property
    def source(self) -> SourcePath:
        """The path as the rest of the program knows it."""
        return SourcePath(str(self.path))

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
        return Path(shown(self.source))

    @property
    def stem(self) -> str:
        """The name without the suffixes of a log: `run1` of `run1.log.json`."""
        path = Path(self.shown.name)
        while path.suffix.lower() in _LOG_LIKE:
            path = Path(path.stem)
        return path.name


def shown(source: SourcePath) -> SourcePath:
    """A path as text that can be encoded: what is not UTF-8 in it is replaced."""
    return SourcePath(os.fsencode(source).decode(errors="replace"))


def names_one_file(pattern: str) -> bool:
    """Whether a pattern is the path of a file, be it there or not; a file may be called like a glob."""
    word = _expanded(pattern)
    return not (word.endswith(os.sep) or Path(word).is_dir()) and (not glob.has_magic(word) or os.path.lexists(word))


def matching(pattern: str) -> tuple[Path, ...] | str:
    """The files that a pattern names, absolute and sorted; a sentence if there are none now.

    A folder stands for the files in it that are named like logs. A path without wildcards is a file even where there
    is none yet. A glob matches files, and folders, which stand for their logs; one that ends in `*` alone says nothing
    of names: there too it is the logs.
    """
    word = _expanded(pattern)
    try:
        if names_one_file(pattern):
            return _sorted([Path(word)])
        if Path(word).is_dir():
            return _sorted(_logs_in(Path(word))) or _no_log_in(pattern, Path(word))
        return _sorted(_matches(word)) or _no_match(pattern)
    except OSError as error:
        return f"{pattern}: cannot be listed: {_reason(error)}"


def _expanded(pattern: str) -> str:
    return os.path.expanduser(pattern)  # noqa: PTH111 - Path.expanduser raises for an unknown ~user


def _no_match(pattern: str) -> str:
    """A glob skips the folders that it cannot open: whether any could be, an open file tells, or raises OSError."""
    os.close(os.open(os.devnull, os.O_RDONLY))
    return f"{pattern}: matches no file yet"


def _reason(error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    if error.errno in {errno.EMFILE, errno.ENFILE}:
        return f"{reason}: raise the limit (ulimit -n, LimitNOFILE=) or follow fewer logs"
    return reason


def _no_log_in(pattern: str, folder: Path) -> str:
    below = next((path for child in sorted(folder.iterdir()) if child.is_dir() for path in _logs_in(child)), None)
    if below is None:
        return f"{pattern}: the folder holds no log yet (*.log, *.txt, *.json, …)"
    glob = Path(pattern, "*", below.name)
    return f"{pattern}: the folder itself holds no log, but folders in it do: give '{glob}', in quotes"


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
    return [replace(_by_its_own_name(alike), is_named=any(file.is_named for file in alike)) for alike in same.values()]


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
