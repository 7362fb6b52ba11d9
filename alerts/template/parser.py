"""The text of a template to its tree, as Go's text/template parses it. Everything unknown is refused here, by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Final

from .lexer import TemplateError, Token, TokenKind, tokens
from .nodes import (
    Action,
    Branch,
    BranchKind,
    Chain,
    Command,
    Constant,
    DotOperand,
    Field,
    Function,
    Jump,
    Node,
    Operand,
    Pipeline,
    Text,
    Variable,
)

_BRANCHES: Final = {kind.value: kind for kind in BranchKind}
_JUMPS: Final = {jump.value: jump for jump in Jump}
_REFUSED: Final = frozenset({"define", "template", "block"})
"""A rule's template is one text: there is nothing that could be shared."""
_TIME_FUNCTIONS: Final = frozenset({"toTime", "toDuration"})
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "nil": None}
_ENDS: Final = frozenset({TokenKind.CLOSE, TokenKind.RIGHT, TokenKind.PIPE})
_RANGE_VARIABLES: Final = 2
# Matches `\n`, `\x41`, `\u00e9`, `\101`.
_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.DOTALL)
_SIMPLE_ESCAPES: Final = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
}


def parse(text: str, functions: AbstractSet[str], variables: tuple[str, ...]) -> tuple[Node, ...]:
    """The tree of a template that may use these functions and variables. Raises `TemplateError`."""
    try:
        return _Parser(text, functions, variables).whole()
    except RecursionError:
        raise TemplateError("it is nested too deeply") from None


class _Parser:
    """Recursive descent over the tokens. `_variables` are those in scope, innermost last."""

    def __init__(self, text: str, functions: AbstractSet[str], variables: tuple[str, ...]) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._next = 0
        self._functions = functions
        self._variables = list(variables)
        self._ranges = 0

    def whole(self) -> tuple[Node, ...]:
        nodes, ended_by = self._block()
        if ended_by is not None:
            raise TemplateError(f"unexpected {{{{{ended_by}}}}}")
        return nodes

    def _block(self) -> tuple[tuple[Node, ...], str | None]:
        """Nodes up to the `end` or `else` that closes them, or None for the end of the text."""
        nodes: list[Node] = []
        while (token := self._take()).kind is not TokenKind.END:
            if token.kind is TokenKind.TEXT:
                nodes.append(Text(text=token.text))
                continue
            word = self._peek()
            if word.kind is TokenKind.WORD and word.text in {"end", "else"}:
                self._take()
                return tuple(nodes), word.text
            nodes.append(self._control(word) if word.kind is TokenKind.WORD else self._action())
        return tuple(nodes), None

    def _control(self, word: Token) -> Node:
        if word.text in _BRANCHES:
            self._take()
            return self._branch(_BRANCHES[word.text])
        if word.text in _JUMPS:
            self._take()
            self._expect(TokenKind.CLOSE, word.text)
            if not self._ranges:
                raise TemplateError(f"{{{{{word.text}}}}} outside {{{{range}}}}")
            return _JUMPS[word.text]
        if word.text in _REFUSED:
            raise TemplateError(f"{{{{{word.text}}}}} is not supported in rules")
        return self._action()

    def _action(self) -> Action:
        pipeline = self._pipeline("command", TokenKind.CLOSE)
        return Action(pipeline=pipeline)

    def _branch(self, kind: BranchKind) -> Branch:
        scope = len(self._variables)
        pipeline = self._pipeline(kind.value, TokenKind.CLOSE)
        self._ranges += kind is BranchKind.RANGE
        then, ended_by = self._block()
        self._ranges -= kind is BranchKind.RANGE
        otherwise = self._otherwise(kind) if ended_by == "else" else self._ended(ended_by)
        del self._variables[scope:]
        return Branch(kind=kind, pipeline=pipeline, then=then, otherwise=otherwise)

    def _otherwise(self, kind: BranchKind) -> tuple[Node, ...]:
        """What follows `else`: a chained `else if`, or a block of its own."""
        if self._peek().text == kind.value and kind is not BranchKind.RANGE:
            self._take()
            return (self._branch(kind),)
        self._expect(TokenKind.CLOSE, "else")
        nodes, ended_by = self._block()
        if ended_by == "else":
            raise TemplateError("expected end; found {{else}}")
        self._ended(ended_by)
        return nodes

    def _ended(self, ended_by: str | None) -> tuple[Node, ...]:
        if ended_by is None:
            raise TemplateError("unexpected EOF")
        self._expect(TokenKind.CLOSE, "end")
        return ()

    def _pipeline(self, context: str, end: TokenKind) -> Pipeline:
        start = self._peek()
        names, declares = self._assigned(context)
        commands = [self._command(context)]
        while (token := self._take()).kind is TokenKind.PIPE:
            commands.append(self._command(context))
        if token.kind is not end:
            raise TemplateError(_unexpected(token, context))
        if any(not isinstance(command.operands[0], Function | Field | Variable | Chain) for command in commands[1:]):
            raise TemplateError(f"non executable command in pipeline stage {len(commands)}")
        if declares:
            self._variables += names
        return Pipeline(
            at=start.at,
            source=self._source(start.at, token.at),
            commands=tuple(commands),
            variables=names,
            declares=declares,
        )

    def _assigned(self, context: str) -> tuple[tuple[str, ...], bool]:
        """The variables before `:=` or `=`; `range` may set two."""
        names: list[str] = []
        mark = self._next
        while (token := self._take()).kind is TokenKind.VARIABLE:
            names.append(token.text)
            operator = self._take()
            if operator.kind in {TokenKind.DECLARE, TokenKind.ASSIGN}:
                declares = operator.kind is TokenKind.DECLARE
                self._check_assigned(names, context, declares=declares)
                return tuple(names), declares
            if operator.kind is not TokenKind.COMMA or context != BranchKind.RANGE.value:
                break
        self._next = mark
        return (), False

    def _check_assigned(self, names: list[str], context: str, *, declares: bool) -> None:
        if len(names) > (_RANGE_VARIABLES if context == BranchKind.RANGE.value else 1):
            raise TemplateError(f"too many declarations in {context}")
        for name in names:
            if not declares and name not in self._variables:
                raise TemplateError(f"undefined variable {name!r}".replace("'", '"'))

    def _command(self, context: str) -> Command:
        start = self._peek()
        operands: list[Operand] = []
        while self._peek().kind not in _ENDS:
            if operands and not self._peek().spaced and self._peek().kind is not TokenKind.LEFT:
                raise TemplateError(_unexpected(self._peek(), "operand"))
            operands.append(self._operand(context))
        if not operands:
            missing = self._peek().kind is TokenKind.CLOSE
            raise TemplateError(f"missing value for {context}" if missing else _unexpected(self._peek(), context))
        return Command(at=start.at, source=self._source(start.at, self._peek().at), operands=tuple(operands))

    def _operand(self, context: str) -> Operand:
        token = self._peek()
        operand = self._term(self._take(), context)
        at = self._peek().at
        names = self._fields()
        if not names:
            return operand
        source = self._source(token.at, self._peek().at)
        match operand:
            case Variable():
                return Variable(at=at, source=source, name=operand.name, names=names)
            case Field():
                return Field(at=at, source=source, names=operand.names + names)
            case Pipeline() if _yields_time(operand):
                raise TemplateError(f"methods of times and durations are not supported: .{names[0]}")
            case Constant() | DotOperand():
                raise TemplateError(f"unexpected . after term {operand.source!r}".replace("'", '"'))
            case _:
                return Chain(at=at, source=source, operand=operand, names=names)

    def _fields(self) -> tuple[str, ...]:
        names: list[str] = []
        while self._peek().kind is TokenKind.FIELD and not self._peek().spaced:
            names.append(self._take().text[1:])
        return tuple(names)

    def _term(self, token: Token, context: str) -> Operand:
        match token.kind:
            case TokenKind.DOT:
                return DotOperand(at=token.at, source=".")
            case TokenKind.FIELD:
                return Field(at=token.at, source=token.text, names=(token.text[1:],))
            case TokenKind.VARIABLE:
                return self._variable(token)
            case TokenKind.WORD:
                return self._word(token)
            case TokenKind.NUMBER | TokenKind.STRING | TokenKind.CHARACTER:
                return Constant(at=token.at, source=token.text, value=_CONSTANTS[token.kind](token.text))
            case TokenKind.LEFT:
                return self._pipeline("parenthesized pipeline", TokenKind.RIGHT)
            case _:
                raise TemplateError(_unexpected(token, context))

    def _variable(self, token: Token) -> Variable:
        if token.text not in self._variables:
            raise TemplateError(f'undefined variable "{token.text}"')
        return Variable(at=token.at, source=token.text, name=token.text, names=())

    def _word(self, token: Token) -> Constant | Function:
        if token.text in _WORDS:
            return Constant(at=token.at, source=token.text, value=_WORDS[token.text])
        if token.text not in self._functions:
            raise TemplateError(f'function "{token.text}" not defined')
        return Function(at=token.at, source=token.text, name=token.text)

    def _source(self, start: int, end: int) -> str:
        return self._text[start:end].strip()

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _expect(self, kind: TokenKind, context: str) -> None:
        token = self._take()
        if token.kind is not kind:
            raise TemplateError(_unexpected(token, context))


def _yields_time(pipeline: Pipeline) -> bool:
    called = pipeline.commands[-1].operands[0]
    return isinstance(called, Function) and called.name in _TIME_FUNCTIONS


def _unexpected(token: Token, context: str) -> str:
    shown = "EOF" if token.kind is TokenKind.END else f"<{token.text}>"
    return f"unexpected {shown} in {context}"


def _number(text: str) -> int | float:
    plain = text.replace("_", "")
    try:
        digits = plain.lstrip("+-")
        octal = len(digits) > 1 and digits[0] == "0" and digits.isdecimal()
        return int(plain, 8 if octal else 0)
    except ValueError:
        return float(plain)


def _string(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]
    return _ESCAPE.sub(_unescaped, text[1:-1])


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if code in _SIMPLE_ESCAPES:
        return _SIMPLE_ESCAPES[code]
    if len(code) == 1:
        raise TemplateError(f"unknown escape sequence \\{code} in a string")
    return chr(int(code[1:], 16) if code[0] in "xuU" else int(code, 8))


def _character(text: str) -> int:
    character = _string(text)
    if len(character) != 1:
        raise TemplateError(f"malformed character constant: {text}")
    return ord(character)


_CONSTANTS: Final[dict[TokenKind, Callable[[str], str | int | float]]] = {
    TokenKind.NUMBER: _number,
    TokenKind.STRING: _string,
    TokenKind.CHARACTER: _character,
}
