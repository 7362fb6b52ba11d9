"""Values to text as Go's package fmt does it: `Sprint`, `Sprintln`, `Sprintf` with its complaints in the text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ..gofloat import general
from .values import GoDuration, GoTime, StringMap, Value, to_text, type_name

# Matches `%-8.3f`.
_VERB: Final = re.compile(
    r"%(?P<flags>[-+# 0]*)(?P<width>\*|\d+)?(?P<dot>\.(?P<precision>\*|\d+)?)?(?:\[(?P<index>\d+)\])?(?P<verb>.)?",
    re.DOTALL,
)
_QUOTED: Final = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    "\\": r"\\",
    '"': r"\"",
}
_DEFAULT_PRECISION: Final = 6


def sprint(values: Sequence[Value]) -> str:
    """All of them, with a space between two that are no strings."""
    pieces: list[str] = []
    for index, value in enumerate(values):
        if index and not isinstance(value, str) and not isinstance(values[index - 1], str):
            pieces.append(" ")
        pieces.append(to_text(value))
    return "".join(pieces)


def sprintln(values: Sequence[Value]) -> str:
    """All of them, a space between each two, and a line end."""
    return " ".join(map(to_text, values)) + "\n"


def sprintf(form: str, values: Sequence[Value]) -> str:
    """Values by a format. Wrong verbs, missing and superfluous values are named in the text (`%!d(string=a)`)."""
    arguments = _Arguments(values)
    text = _VERB.sub(arguments.formatted, form)
    extra = ", ".join(map(_described, arguments.unused()))
    return f"{text}%!(EXTRA {extra})" if extra else text


class _Arguments:
    """The values of one `printf`, taken one after the other or by `%[n]`."""

    def __init__(self, values: Sequence[Value]) -> None:
        self._values = values
        self._next = 0
        self._reordered = False

    def unused(self) -> Sequence[Value]:
        """What no verb took; nothing where verbs chose by number."""
        return () if self._reordered else self._values[self._next :]

    def formatted(self, found: re.Match[str]) -> str:
        """What one verb prints."""
        verb = found["verb"]
        if verb is None:
            return "%!(NOVERB)"
        if verb == "%":
            return "%"
        flags, width = self._number(found["flags"], found["width"])
        _, precision = self._number("", found["precision"] or ("0" if found["dot"] else None))
        if found["index"]:
            self._next, self._reordered = int(found["index"]) - 1, True
        if not 0 <= self._next < len(self._values):
            return f"%!{verb}(BADINDEX)" if found["index"] else f"%!{verb}(MISSING)"
        return _formatted(self._take(), verb, flags, width, None if precision is None else int(precision))

    def _take(self) -> Value:
        self._next += 1
        return self._values[self._next - 1]

    def _number(self, flags: str, number: str | None) -> tuple[str, str | None]:
        """A width or precision; `*` takes a value, and a negative width pads to the right."""
        if number != "*":
            return flags, number
        value = self._take() if self._next < len(self._values) else None
        if not isinstance(value, int):
            return flags, None
        return (flags + "-" if value < 0 else flags), str(abs(value))


def quote(text: str) -> str:
    """Go's quoted string."""
    return f'"{"".join(map(_quoted, text))}"'


def _quoted(character: str) -> str:
    if character in _QUOTED:
        return _QUOTED[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80:  # noqa: PLR2004 - the end of ASCII
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - the end of the basic plane


def _described(value: Value) -> str:
    return "<nil>" if value is None else f"{type_name(value)}={to_text(value)}"


def _formatted(value: Value, verb: str, flags: str, width: str | None, precision: int | None) -> str:
    if verb == "T":
        return _padded(type_name(value), flags, width)
    if verb == "v":
        flags = flags.replace("+", "")
    match value:
        case str():
            text = _string(value, verb, flags, precision)
        case bool():
            text = to_text(value) if verb in "tv" else None
        case int():
            text = _integer(value, verb, flags, width)
        case float():
            text = _float(value, verb, flags, width, precision)
        case StringMap() | GoTime() | GoDuration():
            text = to_text(value) if verb in "sv" else None
        case _:
            text = to_text(value) if verb == "v" else None
    if text is None:
        return f"%!{verb}({_described(value)})"
    return _padded(text, flags, width)


def _padded(text: str, flags: str, width: str | None) -> str:
    missing = int(width or 0) - len(text)
    if missing <= 0:
        return text
    if "-" in flags:
        return text + " " * missing
    return ("0" if "0" in flags else " ") * missing + text


def _string(value: str, verb: str, flags: str, precision: int | None) -> str | None:
    cut = value if precision is None else value[:precision]
    match verb:
        case "s" | "v":
            return quote(cut) if verb == "v" and "#" in flags else cut
        case "q":
            return f"`{cut}`" if "#" in flags and "`" not in cut else quote(cut)
        case "x" | "X":
            return cut.encode().hex() if verb == "x" else cut.encode().hex().upper()
        case _:
            return None


def _integer(value: int, verb: str, flags: str, width: str | None) -> str | None:
    sign_and_zeros = _c_flags(flags)
    forms: Mapping[str, Callable[[], str]] = {
        "d": lambda: f"%{sign_and_zeros}{_zero_width(flags, width)}d" % value,
        "v": lambda: f"%{sign_and_zeros}{_zero_width(flags, width)}d" % value,
        "x": lambda: f"%{sign_and_zeros}{_zero_width(flags, width)}x" % value,
        "X": lambda: f"%{sign_and_zeros}{_zero_width(flags, width)}X" % value,
        "o": lambda: f"{value:o}",
        "O": lambda: f"0o{value:o}",
        "b": lambda: f"{value:b}",
        "c": lambda: chr(value),
        "q": lambda: "'" + ("\\'" if value == ord("'") else quote(chr(value))[1:-1].replace('\\"', '"')) + "'",
        "U": lambda: f"U+{value:04X}",
    }
    return forms[verb]() if verb in forms else None


def _float(value: float, verb: str, flags: str, width: str | None, precision: int | None) -> str | None:
    if verb not in "vgGeEfFx":
        return None
    if not math.isfinite(value):
        return general(value)
    if verb == "x":
        return _hexadecimal(value)
    if verb in "vgG" and precision is None:
        text = general(value)
        text = f"+{text}" if "+" in flags and not text.startswith("-") else text
        return text.upper() if verb == "G" else text
    digits = _DEFAULT_PRECISION if precision is None else precision
    form = "g" if verb == "v" else verb
    return f"%{_c_flags(flags)}{_zero_width(flags, width)}.{digits}{form}" % value


def _hexadecimal(value: float) -> str:
    """`0x1.8p+00`."""
    mantissa, exponent = value.hex().split("p")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}p{int(exponent):+03d}"


def _c_flags(flags: str) -> str:
    """The flags that Python's `%` gives the same meaning."""
    return "".join(flag for flag in flags if flag in "+ #0-")


def _zero_width(flags: str, width: str | None) -> str:
    """Zeros go between sign and digits, so they are not left to the padding."""
    return width if width and "0" in flags and "-" not in flags else ""
