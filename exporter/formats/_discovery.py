"""The formats that lie in this folder."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeAlias

from ._protocol import LogFormat

AnyFormat: TypeAlias = LogFormat[Any]
"""A format whose carry nobody but itself looks into."""


class DuplicateFormatError(Exception):
    """Two formats have one name."""


def discover_formats() -> tuple[AnyFormat, ...]:
    """Every module here whose name does not begin with an underscore, by rank, then by name.

    Raises `DuplicateFormatError` where two of them have one name, `AttributeError` where one exports no `FORMAT`.
    """
    package = __package__ or __name__
    modules = iter_modules(import_module(package).__path__)
    found = (import_module(f"{package}.{module.name}").FORMAT for module in modules if module.name[0] != "_")
    return distinct(found)


def distinct(formats: Iterable[AnyFormat]) -> tuple[AnyFormat, ...]:
    """The formats by rank, then by name; raises `DuplicateFormatError` where two have one name."""
    ordered = tuple(sorted(formats, key=lambda each: (each.rank, each.name)))
    names = [each.name for each in ordered]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DuplicateFormatError(f"exporter/formats: {twice[0]} is the name of two formats: rename one of them")
    return ordered
