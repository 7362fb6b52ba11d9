"""The text of a template to tokens: plain text, and the words inside `{{ … }}` with trim markers and comments done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ..model import AlertsError


class TemplateError(AlertsError):
    """A template that does not parse, or an action that failed; the text is Go's where it names the cause."""


class TokenKind(Enum):
    """What a token is. Go's text/template/parse/lex.go has the same ones."""

    TEXT = "text"
    OPEN = "{{"
    CLOSE = "}}"
    FIELD = "field"
    VARIABLE = "variable"
    WORD = "word"
    NUMBER = "number"
    STRING = "string"
    CHARACTER = "character"
    DECLARE = ":="
    ASSIGN = "="
    COMMA = ","
    PIPE = "|"
    LEFT = "("
    RIGHT = ")"
    DOT = "."
    END = "end of text"


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `text` as written, but plain text already trimmed."""

    kind: TokenKind
    text: str
    at: int
    """Where it begins, in characters."""
    spaced: bool = False
    """Whether space stands before it: `$x.a` is a field of `$x`, `$x .a` is two operands."""


# Matches `{{- /* why */ -}}`.
_COMMENT: Final = re.compile(r"\{\{(?P<left>-\s)?\s*/\*.*?\*/(?P<right>\s-)?\}\}", re.DOTALL)
# Matches each word of `{{ $x := printf "%.2f" .Value | html }}`.
_WORD: Final = re.compile(
    r"""(?P<NUMBER>[+-]?(?:0[xX][0-9a-fA-F_]+|0[bBoO][0-7_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d+)(?:[eE][+-]?\d+)?)(?!\w))
    |(?P<STRING>"(?:\\.|[^"\\\n])*"|`[^`]*`)
    |(?P<CHARACTER>'(?:\\.[^'\n]*|[^'\\\n])')
    |(?P<FIELD>\.[^\W\d]\w*)
    |(?P<VARIABLE>\$\w*)
    |(?P<WORD>[^\W\d]\w*)
    |(?P<DECLARE>:=)|(?P<ASSIGN>=)|(?P<COMMA>,)|(?P<PIPE>\|)|(?P<LEFT>\()|(?P<RIGHT>\))|(?P<DOT>\.)""",
    re.VERBOSE,
)
_SPACE: Final = " \t\r\n"


def tokens(text: str) -> tuple[Token, ...]:
    """All tokens of a template, the end included. Raises `TemplateError`."""
    found: list[Token] = []
    at = 0
    trim = False
    while (start := text.find("{{", at)) >= 0:
        comment = _COMMENT.match(text, start)
        trims_left = text.startswith("{{-", start) and text[start + 3 : start + 4] in tuple(_SPACE)
        _add_text(found, text[at:start], at, left=trim, right=trims_left)
        if comment:
            trim, at = comment["right"] is not None, comment.end()
            continue
        found.append(Token(TokenKind.OPEN, "{{", start))
        at, trim = _action(text, start + (3 if trims_left else 2), found)
    _add_text(found, text[at:], at, left=trim, right=False)
    found.append(Token(TokenKind.END, "", len(text)))
    return tuple(found)


def _add_text(found: list[Token], text: str, at: int, *, left: bool, right: bool) -> None:
    kept = text.lstrip(_SPACE) if left else text
    kept = kept.rstrip(_SPACE) if right else kept
    if kept:
        found.append(Token(TokenKind.TEXT, kept, at))


def _action(text: str, at: int, found: list[Token]) -> tuple[int, bool]:
    """Adds the tokens of one action; gives where it ends and whether it trims the text after it."""
    while True:
        start, at = at, _after_space(text, at)
        trims = at > start and text.startswith("-}}", at)
        if trims or text.startswith("}}", at):
            found.append(Token(TokenKind.CLOSE, "}}", at))
            return at + (3 if trims else 2), trims
        word = _WORD.match(text, at)
        if word is None or word.lastgroup is None:
            raise TemplateError(_unexpected(text, at))
        found.append(Token(TokenKind[word.lastgroup], word[0], at, spaced=at > start))
        at = word.end()


def _after_space(text: str, at: int) -> int:
    return len(text) - len(text[at:].lstrip(_SPACE))


def _unexpected(text: str, at: int) -> str:
    if at >= len(text):
        return "unclosed action"
    if text[at] in "\"'`":
        return {'"': "unterminated quoted string", "'": "unterminated character constant"}.get(
            text[at], "unterminated raw quoted string"
        )
    if text.startswith("/*", at):
        return "comment ends before closing delimiter"
    if text[at].isdigit():
        return f"bad number syntax: {text[at : at + 8].split(maxsplit=1)[0]!r}"
    return f"unexpected {text[at]!r} in command"
