"""Devices to readings: NVML or a simulation, sampled by one thread, published to all without ever waiting.

`nvml_source.NvmlSource` is not here: whoever wants no GPU imports nothing of it.
"""

from .link import Link, LinkOrigin, link
from .sampler import Sampler
from .source import Device, GpuSource, Inventory, Memory

__all__ = ["Device", "GpuSource", "Inventory", "Link", "LinkOrigin", "Memory", "Sampler", "link"]
