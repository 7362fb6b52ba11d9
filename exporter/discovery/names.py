"""Paths in, run names out: by the path, by a template or by a regex; equal names are told apart by more of the path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .files import Kind, LogFile

_GENERIC: Final = frozenset(
    {"console", "err", "history", "log", "logs", "main", "metrics", "nohup", "out", "output", "progress", "results"}
    | {"run", "stderr", "stdout", "train", "train_log", "trainer_log", "trainer_state", "training", "training_log"}
)
"""Stems that frameworks and shells give to the log of any run: the folder tells more."""

_FIELD: Final = re.compile(r"\{([^{}]*)\}")  # `{parent}`
_GROUP: Final = "(?P<run>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """What a run could be called, from short to exact."""

    short: str
    exact: str
    """With the file's own name in it."""
    folders: tuple[str, ...]
    """What may be put before it to tell it from others, outermost first."""
    is_given: bool = False
    """Whether the user gave this very name: it is used as it is or not at all."""

    def label(self, depth: int, *, exact: bool) -> str:
        """With `depth` of the folders before it."""
        outermost = max(0, len(self.folders) - depth)
        return "/".join((*self.folders[outermost:], self.exact if exact else self.short))


def name_of(files: tuple[LogFile, ...], run: str | None) -> Name | str:
    """What one run is called, by the user's word `run`: a name, a template or a regex; None: by its path.

    A sentence where the word cannot be applied to the path.
    """
    if run is None:
        return by_path(files)
    if _GROUP in run:
        return _by_regex(files[0].shown, run)
    return _by_template(files[0], run)


def by_path(files: tuple[LogFile, ...]) -> Name:
    """A run of several files or of `log.txt` is called as its folder, one of `lr0.01.txt` as the file."""
    file = files[0]
    above = file.shown.parent.parts[1:]
    is_generic = file.kind is Kind.EVENTS or file.stem.lower() in _GENERIC
    if above and (len(files) > 1 or is_generic):
        return Name(short=above[-1], exact=f"{above[-1]}/{file.shown.name}", folders=above[:-1])
    return Name(short=file.stem, exact=file.shown.name, folders=above)


def _by_regex(path: Path, run: str) -> Name | str:
    try:
        match = re.search(run, str(path))
    except re.error as error:
        return f"run: {run}: is no regex: {error}; its files are named by their path"
    if match is None or not match["run"]:
        return f"run: {run}: finds no name in {path}, which is named by its path"
    return Name(short=match["run"], exact=f"{match['run']}/{path.name}", folders=path.parent.parts[1:])


def _by_template(file: LogFile, run: str) -> Name | str:
    fields = {"parent": file.shown.parent.name, "stem": file.stem, "name": file.shown.name}
    used = set(_FIELD.findall(run))
    if unknown := used - fields.keys():
        known = "{parent}, {stem} and {name}"
        return f"run: {run}: knows {known}, not {{{min(unknown)}}}; its files are named by their path"
    if run and not used:
        return Name(short=run, exact=run, folders=(), is_given=True)
    short = _FIELD.sub(lambda match: fields[match[1]], run)
    if not short:
        return f"run: {run}: gives no name to {file.shown}, which is named by its path"
    above = file.shown.parent.parts[1:]
    return Name(short=short, exact=f"{short}/{file.shown.name}", folders=above[:-1] if "parent" in used else above)


def told_apart(names: Sequence[Name], taken: Iterable[str]) -> tuple[str | None, ...]:
    """One name for each, all different and none of them taken; None where there is no such name.

    The same names get the same answer in any order, but that of several given ones the first is right.
    """
    alike: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        alike.setdefault(name.short, []).append(index)
    taken = frozenset(taken)
    used = {*taken, *alike}
    result: list[str | None] = [None] * len(names)
    for short, indices in sorted(alike.items()):
        # What the user named keeps its name; a name that came from a path makes way.
        first = next((index for index in indices if names[index].is_given), indices[0])
        if short not in taken and (names[first].is_given or len(indices) == 1):
            result[first] = short
        others = [index for index in indices if result[index] is None and not names[index].is_given]
        for index, label in zip(others, _labels([names[index] for index in others], used), strict=True):
            result[index] = label
        used.update(filter(None, result))
    return tuple(result)


def _labels(names: Sequence[Name], used: set[str]) -> Sequence[str | None]:
    """The shortest labels, all of one depth, that tell the names apart; None where even whole paths are taken."""
    depths = range(max((len(name.folders) for name in names), default=0) + 1)
    for exact in (False, True):
        for depth in depths:
            labels = [name.label(depth, exact=exact) for name in names]
            if len({*labels}) == len(labels) and used.isdisjoint(labels):
                return labels
    return [None] * len(names)
