"""Reduces what logs say to what runs are: decoded items to a `RunState`, the states of several sources to one. Pure."""

from ._best import ranked
from .figures import active_seconds, eta_seconds, planned_length, progress_ratio, row_interval, silence_limit
from .merge import Source, merge
from .reduce import Decoded, reduce
from .settle import present, settle

__all__ = [
    "Decoded",
    "Source",
    "active_seconds",
    "eta_seconds",
    "merge",
    "planned_length",
    "present",
    "progress_ratio",
    "ranked",
    "reduce",
    "row_interval",
    "settle",
    "silence_limit",
]
