"""Turns the user's words (a path, a glob, a folder) into named runs and their sources. Reads names, never contents.

Deterministic for the same files, whatever the order of the words, and cheap: to be called again from time to time with
what is followed already, which keeps its name and its sources. What is wrong is said in sentences, never raised.
"""

from .runs import DiscoveredRun, Discovery, RunSpec, discover

__all__ = ["DiscoveredRun", "Discovery", "RunSpec", "discover"]
