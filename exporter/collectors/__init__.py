"""Turns the published `Snapshot` into metric families: `/metrics` and the embedded scrape read the same registry.

A collector is a module of this package that exports `COLLECTOR`; it is discovered from the folder. Adding one is adding
a file.
"""

from ._discovery import discover
from ._protocol import Collector, Reading
from ._registry import SnapshotCollector, make_registry

__all__ = ["Collector", "Reading", "SnapshotCollector", "discover", "make_registry"]
