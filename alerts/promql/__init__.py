"""PromQL on a store: text to query to value, with the meaning it has in Prometheus 3. Pure: no I/O, no clock."""

from .errors import EvaluationError, ParseError, PromqlError, UnsupportedError
from .node import Options
from .query import Query, compile_query
from .value import Annotations, Matrix, Range, Value, ValueType, Vector

__all__ = [
    "Annotations",
    "EvaluationError",
    "Matrix",
    "Options",
    "ParseError",
    "PromqlError",
    "Query",
    "Range",
    "UnsupportedError",
    "Value",
    "ValueType",
    "Vector",
    "compile_query",
]
