"""The user's words in, followers of all files they name out: found, read in turns, stored together.

One file that cannot be read, parsed or stored is that file's problem. A file of gigabytes does not hold up the others:
each gets `SLICE_BYTES` a turn.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from ..checkpoints import Checkpoint, Checkpoints, Consumption, StateError
from ..config import RunConfig
from ..discovery import LogFile, RunSpec, find, shown
from ..formats import AnyFormat
from ..model import LogHealth, SourcePath
from ._follower import Follower
from ._guard import Guard

SLICE_BYTES: Final = 8 * 1024 * 1024
"""Of one file in one turn, a tenth of a second; also what a kill in mid-backlog reads again."""

_log = logging.getLogger(__name__)


class Sources:
    """Every file that the words name, each with its follower. Used by one thread."""

    def __init__(self, runs: tuple[RunConfig, ...], formats: tuple[AnyFormat, ...], checkpoints: Checkpoints) -> None:
        self.specs: Final = tuple(
            RunSpec(pattern=run.log, run=run.run, settings=replace(run, log="", run=None)) for run in runs
        )
        self.problems: tuple[str, ...] = ()
        """Of the words that name no file or no log, in sentences."""
        self._configs = runs
        self._formats = formats
        self._checkpoints = checkpoints
        self._guard = Guard()
        self._files: dict[SourcePath, LogFile] = {}
        self._followers: dict[SourcePath, Follower] = {}
        self._unstored: dict[SourcePath, Checkpoint] = {}
        self._unwritable = False

    @property
    def caught_up(self) -> bool:
        """Whether all that was there when it was found has been read."""
        return all(map(self._is_settled, self._followers.values()))

    def __getitem__(self, path: SourcePath) -> Follower:
        """The follower of a file that was found."""
        return self._followers[path]

    def rescan(self, in_use: Callable[[SourcePath], bool]) -> None:
        """Looks for new files; of those that are gone only what is `in_use` stays followed."""
        self._guard.succeeds("scan", lambda: self._rescan(in_use))

    def read(self, now: float, is_stopping: Callable[[], bool]) -> tuple[bool, bool]:
        """Gives each file its turn; whether there was news, and whether there is more."""
        grew = more = False
        for follower in tuple(self._followers.values()):
            if is_stopping():
                break
            if self._guard.succeeds(_name(follower), partial(self._take_in, follower, now)):
                grew = True
                more = more or follower.tail.lag_bytes > 0
        return grew, more

    def logs(self) -> tuple[LogFile, ...]:
        """The files that are logs, as far as they were read: a format claims them, or the user named them.

        One that cannot be read may be a log: nobody is left blind because of it.
        """
        return tuple(
            replace(file, framework=self._followers[path].framework)
            for path, file in self._files.items()
            if self.is_log(path)
        )

    def is_log(self, path: SourcePath) -> bool:
        """Whether a followed file is to be shown."""
        follower = self._followers[path]
        is_named = path in self._files and self._files[path].is_named
        return is_named or follower.is_recognised or not self.health(follower).readable

    def is_caught_up(self, path: SourcePath) -> bool:
        """Whether what lay there when it was found has been read, or cannot be."""
        return self._is_settled(self._followers[path])

    def health(self, follower: Follower) -> LogHealth:
        """How the reading of a file goes."""
        health = follower.health()
        return replace(health, readable=False) if self._is_failing(follower) else health

    def commit(self, consumption: Iterable[tuple[str, Consumption]]) -> None:
        """Stores how far all were read; what cannot be stored now is stored as soon as it can."""
        if not self._unstored:
            return
        try:
            self._checkpoints.commit(self._unstored.values(), consumption)
        except StateError as error:
            if not self._unwritable:
                _log.error("state=unwritable reason=%r", str(error))
            self._unwritable = True
            return
        if self._unwritable:
            _log.info("state=writable")
        self._unwritable = False
        self._unstored.clear()

    def close(self) -> None:
        """Gives all descriptors back."""
        for follower in self._followers.values():
            follower.tail.close()

    def unrecognised(self, logs: Iterable[LogFile]) -> Iterator[str]:
        """A sentence for each word that names files of which none is among the logs."""
        known = {file.spec_index for file in logs}
        for index, count in Counter(file.spec_index for file in self._files.values()).items():
            if index not in known:
                yield (
                    f"{self.specs[index].pattern}: no log of a known format yet in {count} "
                    f"{'file' if count == 1 else 'files'}; `training-exporter formats` lists what can be read"
                )

    def _rescan(self, in_use: Callable[[SourcePath], bool]) -> bool:
        found = find(self.specs)
        self.problems = found.problems
        files = {file.source: file for file in found.files}
        for path, file in files.items():
            if path not in self._followers:
                config = self._configs[file.spec_index]
                self._followers[path] = Follower(path, self._formats, self._load(path), config.format)
        self._files = files
        for path in [path for path in self._followers if path not in self._files and not in_use(path)]:
            self._followers.pop(path).tail.close()
            self._unstored.pop(path, None)
        return True

    def _load(self, path: SourcePath) -> Checkpoint | None:
        try:
            return self._checkpoints.load(path)
        except StateError as error:
            _log.error("source=%r state=unreadable reason=%r", shown(path), str(error))
            return None  # As if it were not there: the log is read from its head.

    def _take_in(self, follower: Follower, now: float) -> bool:
        grew = follower.take_in(now, SLICE_BYTES)
        if grew and (checkpoint := follower.checkpoint()) is not None:
            self._unstored[follower.path] = checkpoint
        return grew

    def _is_settled(self, follower: Follower) -> bool:
        return follower.settled or self._is_failing(follower)

    def _is_failing(self, follower: Follower) -> bool:
        return self._guard.is_failing(_name(follower))


def _name(follower: Follower) -> str:
    return f"source={shown(follower.path)!r}"
