"""Patterns in, named runs out: which files are one run, what it is called, and which words found nothing."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from ..model import RunName, SourcePath
from .files import Kind, LogFile, distinct, matching, names_one_file
from .names import Name, by_path, name_of, told_apart


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """One word of the user."""

    pattern: str
    """A path, a glob (`**` reaches into folders) or a folder."""
    run: str | None = None
    """A name, a template (`{parent}`, `{stem}`, `{name}`), or a regex over the path with a group `run`.

    None: named by the path.
    """
    settings: Hashable = None
    """What else was configured: files of one folder form one run where their words agree on it and on `run`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveredRun:
    """A run and where its log is."""

    name: RunName
    sources: tuple[SourcePath, ...]
    """Absolute; the text log first, what joined later last."""
    spec_index: int
    """Of the first word that named one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The files that the words name now."""

    files: tuple[LogFile, ...]
    """Each once, in the order of the words, then of the paths."""
    unmatched: tuple[str, ...]
    """Patterns that match nothing now; they may later."""
    problems: tuple[str, ...]
    """A sentence for each of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """The runs that files are."""

    runs: tuple[DiscoveredRun, ...]
    """In the order of the words, then of the paths."""
    problems: tuple[str, ...]
    """A sentence for each name that cannot be used."""


_Files: TypeAlias = tuple[LogFile, ...]


def find(specs: Sequence[RunSpec]) -> Found:
    """Which files the words name now."""
    problems: list[str] = []
    unmatched: list[str] = []
    files: list[LogFile] = []
    for index, spec in enumerate(specs):
        found = matching(spec.pattern)
        if isinstance(found, str):
            unmatched.append(spec.pattern)
            problems.append(found)
        else:
            is_named = names_one_file(spec.pattern)
            files += [LogFile(path=path, spec_index=index, is_named=is_named) for path in found]
    return Found(files=tuple(distinct(files)), unmatched=tuple(unmatched), problems=tuple(dict.fromkeys(problems)))


def group(files: Sequence[LogFile], specs: Sequence[RunSpec], followed: Sequence[DiscoveredRun] = ()) -> Grouping:
    """Which runs these files are: give only those that are logs, or are taken for one.

    Runs that are `followed` keep their name and sources, whatever came beside them, and gain the sources that join
    them; one of them that is not in the answer has no file now: it was deleted, or is just being rotated.
    """
    kept, fresh = _grouped(_by_folder(specs, files), followed)
    named, problems = _named(fresh, specs, {run.name for run in followed})
    runs = sorted([*kept, *named], key=lambda run: (run.spec_index, run.sources))
    return Grouping(runs=tuple(runs), problems=tuple(dict.fromkeys(problems)))


def _by_folder(specs: Sequence[RunSpec], files: Sequence[LogFile]) -> list[_Files]:
    folders: dict[tuple[Path, str | None, Hashable], list[LogFile]] = {}
    for file in files:
        spec = specs[file.spec_index]
        folders.setdefault((file.path.parent, spec.run, spec.settings), []).append(file)
    return [tuple(sorted(folder, key=lambda file: (file.kind, file.path))) for folder in folders.values()]


def _grouped(folders: Sequence[_Files], followed: Sequence[DiscoveredRun]) -> tuple[list[DiscoveredRun], list[_Files]]:
    """The followed runs that are there, and the files of each new one."""
    owners = {source: run for run in followed for source in run.sources}
    kept: list[DiscoveredRun] = []
    fresh: list[_Files] = []
    for files in folders:
        present = list(dict.fromkeys(owners[source] for source in _sources(files) if source in owners))
        new = tuple(file for file in files if file.source not in owners)
        together = _is_one_run(files)
        if together and len(present) == 1:
            kept.append(replace(present[0], sources=(*present[0].sources, *_sources(new))))
            continue
        kept += present
        fresh += [new] if together and not present else [(file,) for file in new]
    return list(dict.fromkeys(kept)), fresh


def _is_one_run(files: _Files) -> bool:
    """Several logs of one sort are several runs, or of two frameworks; a run writes many event files."""
    kinds = [file.kind for file in files]
    frameworks = {file.framework for file in files if file.framework and file.kind in {Kind.TEXT, Kind.JSON}}
    return len(frameworks) <= 1 and all(kinds.count(kind) <= 1 for kind in (Kind.TEXT, Kind.JSON, Kind.CSV))


def _named(
    groups: Sequence[_Files], specs: Sequence[RunSpec], taken: set[RunName]
) -> tuple[list[DiscoveredRun], list[str]]:
    """The new runs, and a sentence for each name that could not be used."""
    problems: list[str] = []
    names: list[Name] = []
    for files in groups:
        name = name_of(files, specs[files[0].spec_index].run)
        if isinstance(name, str):
            problems.append(name)
            name = by_path(files)
        names.append(name)
    runs: list[DiscoveredRun] = []
    for files, name, label in zip(groups, names, told_apart(names, taken), strict=True):
        if label is None:
            problems.append(
                f'{files[0].shown}: another run is called {name.short!r}: give each its own name, or `run: "{{stem}}"`'
            )
            continue
        index = min(file.spec_index for file in files)
        runs.append(DiscoveredRun(name=RunName(label), sources=_sources(files), spec_index=index))
    return runs, problems


def _sources(files: _Files) -> tuple[SourcePath, ...]:
    return tuple(file.source for file in files)
