"""Floats to text as Go's `strconv.FormatFloat` prints them with the fewest digits that read back.

Prometheus shows values so: `1e+06` in templates, `1e+00` in its API, `1E+00` in promtool. Source: Go's strconv/ftoa.go.
"""

from __future__ import annotations

import math
from typing import Final

_FIRST_PLAIN: Final = -4
_PLAIN_END: Final = 6
"""The general form has no exponent where that is in [-4, 6)."""


def general(value: float) -> str:
    """Form `g`: `100000`, `1e+06`, `0.0001`, `1e-05`, `NaN`, `+Inf`."""
    if not math.isfinite(value):
        return _special(value)
    _, _, power = _shortest(value)
    return plain(value) if _FIRST_PLAIN <= power < _PLAIN_END else scientific(value)


def plain(value: float) -> str:
    """Form `f`, never with an exponent: `1000000`, `0.00001`, `NaN`, `+Inf`."""
    if not math.isfinite(value):
        return _special(value)
    sign, digits, power = _shortest(value)
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    whole, fraction = digits[: power + 1].ljust(power + 1, "0"), digits[power + 1 :]
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def scientific(value: float) -> str:
    """Form `e`: `1.5e+00`, `NaN`, `+Inf`."""
    if not math.isfinite(value):
        return _special(value)
    sign, digits, power = _shortest(value)
    point = "." if digits[1:] else ""
    return f"{sign}{digits[0]}{point}{digits[1:]}e{power:+03d}"


def _special(value: float) -> str:
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _shortest(value: float) -> tuple[str, str, int]:
    """Sign, digits without zeros at either end, and the power of ten of the first digit."""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return "-" if math.copysign(1, value) < 0 else "", "0", 0
    leading = len(whole + fraction) - len(digits)
    return "-" if value < 0 else "", digits.rstrip("0"), len(whole) - 1 - leading + int(exponent or 0)
