"""The value that says that a series has ended, bit for bit that of Prometheus."""

from __future__ import annotations

import struct
from typing import Final

_BITS: Final = struct.pack("<Q", 0x7FF0000000000002)
"""`StaleNaN` of Prometheus' model/value: a signalling NaN that no arithmetic yields."""

STALE: Final[float] = struct.unpack("<d", _BITS)[0]
"""The staleness marker. Compare with `is_stale`, never with `==`."""


def is_stale(value: float) -> bool:
    """Whether the value is the staleness marker; other NaN are ordinary values."""
    return value != value and struct.pack("<d", value) == _BITS  # noqa: PLR0124 - true for NaN alone
