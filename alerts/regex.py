"""Regular expressions as Prometheus has them: RE2's syntax, linear time, Go's `$1` in replacements.

The one door to `re2`. It is imported with the first expression that is compiled, because it costs 3 MiB.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

from .model import AlertsError

if TYPE_CHECKING:
    from re2 import _Regexp

# Matches `$1`, `${name}`, `$name`, `$$`. Source: Go's regexp.Expand.
_REFERENCE: Final = re.compile(r"\$(?:(?P<escaped>\$)|(?P<name>\w+)|\{(?P<braced>\w+)\})")


class RegexError(AlertsError):
    """The text is no regular expression of RE2."""


class _Match(Protocol):
    def group(self, group: int | str, /) -> str | None: ...


class Regex:
    """One compiled expression. Raises `RegexError` where RE2 refuses it.

    `dot_matches_newline` is what Prometheus 3 sets for matchers and `label_replace`, and not for templates.
    """

    __slots__ = ("_compiled", "text")

    def __init__(self, text: str, *, dot_matches_newline: bool = True) -> None:
        self.text = text
        self._compiled = _compile(text, dot_matches_newline=dot_matches_newline)

    def fullmatch(self, text: str) -> bool:
        """Whether all of `text` matches, as a matcher `=~` asks."""
        return self._compiled.fullmatch(text) is not None

    def search(self, text: str) -> bool:
        """Whether some part of `text` matches, as the template function `match` asks."""
        return self._compiled.search(text) is not None

    def expand(self, text: str, replacement: str) -> str | None:
        """`replacement` with the groups of a match of all of `text`, None where it does not match (`label_replace`)."""
        found = self._compiled.fullmatch(text)
        return None if found is None else self._expanded(found, replacement)

    def replace_all(self, text: str, replacement: str) -> str:
        """`text` with each match replaced, as Go's `ReplaceAllString`; no empty match directly after another match."""
        pieces: list[str] = []
        end = 0
        last = -1
        for found in self._compiled.finditer(text):
            if found.start() == found.end() == last:
                continue
            pieces += (text[end : found.start()], self._expanded(found, replacement))
            end = last = found.end()
        pieces.append(text[end:])
        return "".join(pieces)

    def _expanded(self, found: _Match, replacement: str) -> str:
        def value(reference: re.Match[str]) -> str:
            if reference["escaped"]:
                return "$"
            return self._group(found, reference["name"] or reference["braced"])

        return _REFERENCE.sub(value, replacement)

    def _group(self, found: _Match, name: str) -> str:
        """The text of a group by number or name; empty where there is no such group or it took no part."""
        if name.isdecimal() and int(name) <= self._compiled.groups:
            return found.group(int(name)) or ""
        return found.group(name) or "" if name in self._compiled.groupindex else ""


def _compile(text: str, *, dot_matches_newline: bool) -> _Regexp[str]:
    import re2  # noqa: PLC0415 - 3 MiB, and most installations' rules need none

    options = re2.Options()
    options.log_errors = False
    options.dot_nl = dot_matches_newline
    try:
        return re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0]
        shown = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise RegexError(f"invalid regular expression {text!r}: {shown}") from error
