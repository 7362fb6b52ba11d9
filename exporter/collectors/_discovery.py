"""Finds the collectors: every module beside this one that is not private."""

from __future__ import annotations

import importlib
import pkgutil

from ._protocol import Collector


def discover() -> tuple[Collector, ...]:
    """All collectors of this package, by name.

    Raises:
        TypeError: a module exports no `COLLECTOR`.
    """
    package = importlib.import_module(__package__)
    names = sorted(found.name for found in pkgutil.iter_modules(package.__path__) if not found.name.startswith("_"))
    return tuple(_load(name) for name in names)


def _load(name: str) -> Collector:
    module = importlib.import_module(f".{name}", __package__)
    collector = getattr(module, "COLLECTOR", None)
    if not isinstance(collector, Collector):
        raise TypeError(f"{module.__name__} exports no COLLECTOR; a module that is no collector begins with _")
    return collector
