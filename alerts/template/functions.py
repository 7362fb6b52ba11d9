"""The functions that Prometheus adds to templates.

Source: https://prometheus.io/docs/prometheus/latest/configuration/template_reference/
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..duration import parse_duration
from ..gofloat import general
from ..model import AlertsError, Sample
from ..regex import Regex
from .builtins import BUILTINS, LAZY, FunctionTable, GoFunction, Parameter, query_escape
from .humanize import humanize, humanize1024, humanize_duration, humanize_percentage
from .lexer import TemplateError
from .printing import quote
from .values import (
    Arguments,
    GoDuration,
    GoTime,
    StringMap,
    TemplateSample,
    Value,
    Vector,
    format_time,
    type_name,
)

_LARGEST_INT64: Final = 2**63 - 1
# Matches the first letter of each word of `out of memory`; a digit or `_` does not end a word.
_WORD_START: Final = re.compile(r"(?<!\w)[^\W\d_]")
# Matches `node1:9100`, `[::1]:9100` and `node1:`.
_HOST_PORT: Final = re.compile(r"(?:\[(?P<bracketed>[^\[\]]*)\]|(?P<host>[^:\[\]]*)):(?P<port>[^:\[\]]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What the functions of one expansion reach beside their arguments."""

    at: float
    """The evaluation's time, Unix seconds."""
    external_url: str
    query: Callable[[str], tuple[Sample, ...]]
    """A PromQL expression's instant vector at `at`. Raises `AlertsError`."""


def to_float(value: Value) -> float:
    """What the humanize functions take: a number, a duration in seconds, or a number as text."""
    match value:
        case bool():
            pass
        case int() | float():
            return float(value)
        case GoDuration():
            return value.nanoseconds / 1e9
        case str():
            return _parse_float(value)
        case _:
            pass
    raise TemplateError(f"can't convert {type_name(value)} to float")


def _parse_float(text: str) -> float:
    try:
        return float(text if text == text.strip() else "")
    except ValueError:
        raise TemplateError(f"strconv.ParseFloat: parsing {quote(text)}: invalid syntax") from None


def _to_nanoseconds(value: Value, kind: str) -> int:
    seconds = to_float(value)
    if not math.isfinite(seconds):
        raise TemplateError("value is NaN or Inf")
    if abs(seconds * 1e9) > _LARGEST_INT64:
        shown = general(seconds)
        raise TemplateError(f"{shown} cannot be represented as a nanoseconds {kind} since it overflows int64")
    return int(seconds * 1e9)


def _to_time(value: Value) -> GoTime:
    return GoTime(_to_nanoseconds(value, "timestamp") // 1_000_000)


def _humanize_timestamp(value: Value) -> str:
    seconds = to_float(value)
    return format_time(_to_time(seconds)) if math.isfinite(seconds) else general(seconds)


def _first(vector: Vector) -> TemplateSample:
    if not vector:
        raise TemplateError("first() called on vector with no elements")
    return vector[0]


def _sort_by_label(label: str, vector: Vector) -> Vector:
    return tuple(sorted(vector, key=lambda sample: sample.labels.items.get(label, "")))


def _title(text: str) -> str:
    return _WORD_START.sub(lambda found: found[0].title(), text)


def _strip_port(text: str) -> str:
    found = _HOST_PORT.fullmatch(text)
    return text if found is None else found["bracketed"] or found["host"] or ""


def _strip_domain(text: str) -> str:
    import ipaddress  # noqa: PLC0415 - few templates ask

    found = _HOST_PORT.fullmatch(text)
    host = text if found is None else found["bracketed"] or found["host"] or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        short = host.split(".")[0]
        port = found["port"] if found else ""
        return f"{short}:{port}" if port else short
    return text


def _path(url: str) -> str:
    from urllib.parse import unquote, urlsplit  # noqa: PLC0415 - few templates ask

    return unquote(urlsplit(url).path)


def _parse_duration(text: str) -> float:
    try:
        return parse_duration(text) / 1000
    except ValueError as error:
        raise TemplateError(str(error).replace("'", '"')) from error


def _of_text(call: Callable[..., Value], count: int = 1) -> GoFunction:
    return GoFunction(call=call, parameters=(Parameter.STRING,) * count)


def _of_number(call: Callable[[float], Value]) -> GoFunction:
    return GoFunction(call=lambda value: call(to_float(value)), parameters=(Parameter.ANY,))


def _of_any(call: Callable[[Value], Value]) -> GoFunction:
    return GoFunction(call=call, parameters=(Parameter.ANY,))


_PURE: Final[FunctionTable] = {
    "first": GoFunction(call=_first, parameters=(Parameter.VECTOR,)),
    "label": GoFunction(
        call=lambda name, sample: sample.labels.items.get(name, ""), parameters=(Parameter.STRING, Parameter.SAMPLE)
    ),
    "value": GoFunction(call=lambda sample: sample.value, parameters=(Parameter.SAMPLE,)),
    "strvalue": GoFunction(
        call=lambda sample: sample.labels.items.get("__value__", ""), parameters=(Parameter.SAMPLE,)
    ),
    "sortByLabel": GoFunction(call=_sort_by_label, parameters=(Parameter.STRING, Parameter.VECTOR)),
    "args": GoFunction(
        call=lambda *values: Arguments({f"arg{index}": value for index, value in enumerate(values)}),
        rest=Parameter.ANY,
    ),
    "reReplaceAll": _of_text(
        lambda pattern, replacement, text: Regex(pattern, dot_matches_newline=False).replace_all(text, replacement), 3
    ),
    "match": _of_text(lambda pattern, text: Regex(pattern, dot_matches_newline=False).search(text), 2),
    "safeHtml": _of_text(lambda text: text),
    "title": _of_text(_title),
    "toUpper": _of_text(str.upper),
    "toLower": _of_text(str.lower),
    "graphLink": _of_text(lambda expression: f"/graph?g0.expr={query_escape(expression)}&g0.tab=0"),
    "tableLink": _of_text(lambda expression: f"/graph?g0.expr={query_escape(expression)}&g0.tab=1"),
    "stripPort": _of_text(_strip_port),
    "stripDomain": _of_text(_strip_domain),
    "parseDuration": _of_text(_parse_duration),
    "urlQueryEscape": _of_text(query_escape),
    "humanize": _of_number(humanize),
    "humanize1024": _of_number(humanize1024),
    "humanizeDuration": _of_number(humanize_duration),
    "humanizePercentage": _of_number(humanize_percentage),
    "humanizeTimestamp": _of_any(_humanize_timestamp),
    "toTime": _of_any(_to_time),
    "toDuration": _of_any(lambda value: GoDuration(_to_nanoseconds(value, "duration"))),
}


def _environment_functions(environment: Environment) -> FunctionTable:
    def query(text: str) -> Vector:
        return tuple(TemplateSample(StringMap(dict(sample.labels)), sample.value) for sample in environment.query(text))

    return {
        "query": _of_text(query),
        "now": GoFunction(call=lambda: int(environment.at * 1000) / 1000),
        "externalURL": GoFunction(call=lambda: environment.external_url),
        "pathPrefix": GoFunction(call=lambda: _path(environment.external_url)),
    }


def functions(environment: Environment) -> FunctionTable:
    """All functions of one expansion, but `and` and `or`."""
    return {**BUILTINS, **_PURE, **_environment_functions(environment)}


def _no_query(_text: str) -> tuple[Sample, ...]:
    raise AlertsError("there is nothing to query yet")


def function_names() -> frozenset[str]:
    """The functions there are, for the parser."""
    return frozenset(functions(Environment(at=0.0, external_url="", query=_no_query))) | LAZY.keys()
