"""Where the calls of an expression and their arguments begin: what the parser library does not tell.

Calls stand in a text in the order in which a walk from the root meets them, so the n-th site is that of the n-th call.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final, NamedTuple

from .errors import UnsupportedError

# sum by (run) (rate(x{a="b"}[5m])) # comment
_TOKEN: Final = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|(?P<skip>\s+|\#[^\n]*)"""
    r"""|(?P<number>[0-9.][0-9A-Za-z_.]*)|(?P<word>[A-Za-z_:][\w:]*)|(?P<mark>.)""",
    re.DOTALL,
)

# "\xe9": the byte 0xe9, "\351" the same
_BYTE_ESCAPE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\(?:x[89a-fA-F]|[23][0-7])")

_OPEN: Final = frozenset("([{")
_CLOSE: Final = frozenset(")]}")
_GROUPINGS: Final = frozenset({"by", "without"})
_KEYWORDS: Final = _GROUPINGS | {
    "on", "ignoring", "group_left", "group_right", "bool", "and", "or", "unless", "atan2", "offset",
    "fill", "fill_left", "fill_right",
}  # fmt: skip


class Token(NamedTuple):
    """A word of the expression and where it begins, in characters from 1."""

    kind: str
    text: str
    at: int


def call_sites(expression: str) -> list[tuple[int, ...]]:
    """Where the arguments of each call and aggregation begin, in the order of the text.

    The expression is one that the parser has accepted. Raises `UnsupportedError` for what the parser misreads: a string
    with a byte escape beyond ASCII (it takes the byte for a character) and an `@` before 1970 (it panics).
    """
    tokens = _tokens(expression)
    if any(left.text == "@" and right.text == "-" for left, right in pairwise(tokens)):
        raise UnsupportedError("an @ modifier before 1970 is not supported", expression)
    openings = [_opening(tokens, index) for index in range(len(tokens))]
    return [_arguments(tokens, opening) for opening in openings if opening is not None]


def _tokens(expression: str) -> list[Token]:
    tokens: list[Token] = []
    for found in _TOKEN.finditer(expression):
        kind, text = str(found.lastgroup), found.group()
        if kind == "text" and not text.startswith("`") and _BYTE_ESCAPE.search(text):
            raise UnsupportedError(f"a byte escape beyond ASCII, as in the string {text}, is not supported", expression)
        if kind != "skip":
            tokens.append(Token(kind, text, found.start() + 1))
    return tokens


def _opening(tokens: list[Token], index: int) -> int | None:
    """The place of the parenthesis before the arguments, if the token is the name of a call or an aggregation."""
    token = tokens[index]
    if token.kind != "word" or token.text.lower() in _KEYWORDS or (index and tokens[index - 1].text == "@"):
        return None
    following = index + 1
    if _text(tokens, following).lower() in _GROUPINGS:
        while _text(tokens, following) not in (")", ""):
            following += 1
        following += 1
    return following if _text(tokens, following) == "(" else None


def _text(tokens: list[Token], index: int) -> str:
    return tokens[index].text if index < len(tokens) else ""


def _arguments(tokens: list[Token], opening: int) -> tuple[int, ...]:
    starts: list[int] = []
    depth = 0
    for index in range(opening, len(tokens) - 1):
        text = tokens[index].text
        depth += (text in _OPEN) - (text in _CLOSE)
        if depth == 0:
            break
        if depth == 1 and (index == opening or text == ",") and tokens[index + 1].text != ")":
            starts.append(tokens[index + 1].at)
    return tuple(starts)
