"""Turns the user's words (a path, a glob, a folder) into files, and files into named runs. Reads names, never contents.

Deterministic for the same files, whatever the order of the words, and cheap: to be called again from time to time with
what is followed already, which keeps its name and its sources. What is wrong is said in sentences, never raised.
"""

from .files import LogFile, shown
from .runs import DiscoveredRun, Found, Grouping, RunSpec, find, group

__all__ = ["DiscoveredRun", "Found", "Grouping", "LogFile", "RunSpec", "find", "group", "shown"]
