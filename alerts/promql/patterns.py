"""Regular expressions of matchers and `label_replace`: RE2, anchored at both ends, `.` also matching a newline.

The simple ones, which nearly all rule files have to themselves, mean the same to Python's `re` and cannot make it slow:
so re2, which costs 3 MiB, is mostly not even imported.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ..regex import Regex, RegexError
from .errors import ParseError

# (hw|sw)_slowdown, train-.*, mAP@0.50|bbox/AP50: literals, `.`, alternatives, groups, and at most one `.*` or `.+`
_SIMPLE: Final = re.compile(r"[\w /:@%&=,;<>!~#\"'|().-]*(?:\.[*+][\w /:@%&=,;<>!~#\"'|().-]*)?", re.ASCII)

_COPY: Final = frozenset({("(.*)", "$1"), ("(.*)", "${1}")})
"""Patterns and templates that take a text as it is: how a label is copied."""


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a whole text matches the pattern; raises `ParseError` if that is no regular expression."""
    if _SIMPLE.fullmatch(pattern):
        try:
            simple = re.compile(pattern, re.DOTALL)
        except re.error:
            pass  # RE2 says what is wrong with it
        else:
            return lambda text: simple.fullmatch(text) is not None
    return _compiled(pattern).fullmatch


def replacer(pattern: str, template: str) -> Callable[[str], str | None]:
    """What the template says of a text that matches as a whole, else None; `$1`, `${1}` and `${name}` are groups."""
    if "$" not in template:
        accepts = matcher(pattern)
        return lambda text: template if accepts(text) else None
    if (pattern, template) in _COPY:
        return lambda text: text
    regex = _compiled(pattern)
    return lambda text: regex.expand(text, template)


def _compiled(pattern: str) -> Regex:
    try:
        return Regex(pattern)
    except RegexError as error:
        raise ParseError(str(error)) from error
