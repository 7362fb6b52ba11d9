"""The functions that Go's text/template brings along, but `and`, `or` (they do not evaluate all) and `call`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from .lexer import TemplateError
from .printing import sprint, sprintf, sprintln
from .values import Arguments, StringMap, TemplateSample, Value, is_true, to_text, type_name


class Parameter(Enum):
    """What a function takes, by Go's name of the type."""

    ANY = "interface {}"
    STRING = "string"
    SAMPLE = "*template.sample"
    VECTOR = "template.queryResult"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoFunction:
    """A function of templates. `call` gets what `parameters` and then any number of `rest` admit."""

    call: Callable[..., Value]
    parameters: tuple[Parameter, ...] = ()
    rest: Parameter | None = None


FunctionTable: TypeAlias = Mapping[str, GoFunction]

_BASIC: Final = (bool, int, float, str)


def _kind(value: Value) -> type | None:
    """The basic kind of a value; None for maps, samples and the rest."""
    return type(value) if type(value) in _BASIC else None


def _equal(first: Value, *others: Value) -> bool:
    if not others:
        raise TemplateError("missing argument for comparison")
    return any(_equal_pair(first, other) for other in others)


def _equal_pair(first: Value, second: Value) -> bool:
    if first is None or second is None:
        return first is second
    if _kind(first) is not _kind(second):
        raise TemplateError("incompatible types for comparison")
    if _kind(first) is None and isinstance(first, StringMap | Arguments | tuple):
        raise TemplateError(f"non-comparable type {to_text(first)}: {type_name(first)}")
    return first == second


def _less(first: Value, second: Value) -> bool:
    kinds = (_kind(first), _kind(second))
    if None in kinds:
        raise TemplateError("invalid type for comparison")
    if kinds[0] is not kinds[1]:
        raise TemplateError("incompatible types for comparison")
    if isinstance(first, str) and isinstance(second, str):
        return first < second
    if isinstance(first, int | float) and isinstance(second, int | float) and not isinstance(first, bool):
        return first < second
    raise TemplateError("invalid type for comparison")


def _less_or_equal(first: Value, second: Value) -> bool:
    return _less(first, second) or _equal(first, second)


def _length(value: Value) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, tuple):
        return len(value)
    if isinstance(value, StringMap | Arguments):
        return len(value.items)
    raise TemplateError(f"len of type {type_name(value)}")


def _index(value: Value, *keys: Value) -> Value:
    for key in keys:
        value = _element(value, key)
    return value


def _element(value: Value, key: Value) -> Value:
    match value:
        case StringMap() | Arguments():
            if not isinstance(key, str):
                raise TemplateError(f"value has type {type_name(key)}; should be string")
            return value.items.get(key, "" if isinstance(value, StringMap) else None)
        case str() | tuple():
            sequence: bytes | tuple[TemplateSample, ...] = value.encode() if isinstance(value, str) else value
            return sequence[_position(key, len(sequence) - 1)]
        case None:
            raise TemplateError("index of untyped nil")
        case _:
            raise TemplateError(f"can't index item of type {type_name(value)}")


def _slice(value: Value, *bounds: Value) -> Value:
    if not isinstance(value, str | tuple):
        raise TemplateError(f"can't slice item of type {type_name(value)}")
    size = _length(value)
    at = [_position(bound, size) for bound in bounds]
    if at[1:] and at[0] > at[1]:
        raise TemplateError(f"invalid slice index: {at[0]} > {at[1]}")
    part = slice(at[0] if at else 0, at[1] if at[1:] else size)
    return value.encode()[part].decode(errors="replace") if isinstance(value, str) else value[part]


def _position(key: Value, last: int) -> int:
    if not isinstance(key, int) or isinstance(key, bool):
        raise TemplateError(f"cannot index slice/array with type {type_name(key)}")
    if not 0 <= key <= last:
        raise TemplateError(f"index out of range: {key}")
    return key


_HTML: Final = str.maketrans({'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "\ufffd"})
_JS: Final = str.maketrans(
    {code: f"\\u{code:04X}" for code in (*range(0x20), *b"<>&=")} | {"\\": "\\\\", "'": "\\'", '"': '\\"'}
)


def _text(values: tuple[Value, ...]) -> str:
    return values[0] if len(values) == 1 and isinstance(values[0], str) else sprint(values)


def query_escape(text: str) -> str:
    """As Go's `url.QueryEscape`."""
    from urllib.parse import quote_plus  # noqa: PLC0415 - few templates escape

    return quote_plus(text)


def _comparison(call: Callable[[Value, Value], bool]) -> GoFunction:
    return GoFunction(call=call, parameters=(Parameter.ANY, Parameter.ANY))


def _of_any(call: Callable[..., Value]) -> GoFunction:
    return GoFunction(call=call, rest=Parameter.ANY)


BUILTINS: Final[FunctionTable] = {
    "eq": GoFunction(call=_equal, parameters=(Parameter.ANY,), rest=Parameter.ANY),
    "ne": _comparison(lambda first, second: not _equal(first, second)),
    "lt": _comparison(_less),
    "le": _comparison(_less_or_equal),
    "gt": _comparison(lambda first, second: not _less_or_equal(first, second)),
    "ge": _comparison(lambda first, second: not _less(first, second)),
    "not": GoFunction(call=lambda value: not is_true(value), parameters=(Parameter.ANY,)),
    "len": GoFunction(call=_length, parameters=(Parameter.ANY,)),
    "index": GoFunction(call=_index, parameters=(Parameter.ANY,), rest=Parameter.ANY),
    "slice": GoFunction(call=_slice, parameters=(Parameter.ANY,), rest=Parameter.ANY),
    "print": _of_any(lambda *values: sprint(values)),
    "println": _of_any(lambda *values: sprintln(values)),
    "printf": GoFunction(
        call=lambda form, *values: sprintf(form, values), parameters=(Parameter.STRING,), rest=Parameter.ANY
    ),
    "html": _of_any(lambda *values: _text(values).translate(_HTML)),
    "js": _of_any(lambda *values: _text(values).translate(_JS)),
    "urlquery": _of_any(lambda *values: query_escape(_text(values))),
}
LAZY: Final[Mapping[str, Callable[[object], bool]]] = {"and": operator.not_, "or": operator.truth}
"""`and` and `or` give their first argument whose truth satisfies this, or the last one."""
