"""A template's tree and an alert's labels and value to text, as Go's text/template executes it (`missingkey=zero`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn, assert_never

from ..model import AlertsError
from .builtins import LAZY, FunctionTable, GoFunction, Parameter
from .lexer import TemplateError
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
from .values import Arguments, Dot, StringMap, TemplateSample, Value, is_true, to_text, type_name

_ATTRIBUTES: Final[Mapping[type, Mapping[str, str]]] = {
    Dot: {
        "Labels": "labels",
        "ExternalLabels": "external_labels",
        "ExternalURL": "external_url",
        "Value": "value",
    },
    TemplateSample: {"Labels": "labels", "Value": "value"},
}
"""The fields of Go's structures and what they are called here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a template's text stands, for the positions in errors."""

    name: str
    text: str
    prefix: int
    """Characters that Prometheus puts before the text and Go counts in the first line."""

    def describe(self, at: int, source: str) -> str:
        """`__alert_X:1:118: executing "__alert_X" at <.Value>`."""
        before = self.text[:at]
        line_start = before.rfind("\n") + 1
        column = len(before[line_start:].encode()) + (0 if line_start else self.prefix)
        return f'{self.name}:{before.count(chr(10)) + 1}:{column}: executing "{self.name}" at <{source}>'


class _Jumped(Exception):  # noqa: N818 - a jump is no error
    def __init__(self, jump: Jump) -> None:
        self.jump = jump


@dataclass(slots=True)
class _Final:
    """The value that the previous stage of a pipeline hands on; an object, because that value may be nil."""

    value: Value


class Execution:
    """One expansion of one template."""

    def __init__(self, origin: Origin, functions: FunctionTable, dot: Dot) -> None:
        self._origin = origin
        self._functions = functions
        self._variables: list[tuple[str, Value]] = [
            ("$", dot),
            ("$labels", dot.labels),
            ("$externalLabels", dot.external_labels),
            ("$externalURL", dot.external_url),
            ("$value", dot.value),
        ]
        self._output: list[str] = []

    def run(self, nodes: tuple[Node, ...]) -> str:
        """The text. Raises `TemplateError`."""
        self._walk(nodes, self._variables[0][1])
        return "".join(self._output)

    def _walk(self, nodes: tuple[Node, ...], dot: Value) -> None:
        for node in nodes:
            match node:
                case Text():
                    self._output.append(node.text)
                case Action():
                    value = self._pipeline(node.pipeline, dot)
                    if not node.pipeline.variables:
                        self._output.append("<no value>" if value is None else to_text(value))
                case Branch():
                    self._branch(node, dot)
                case Jump():
                    raise _Jumped(node)
                case _:
                    assert_never(node)

    def _branch(self, node: Branch, dot: Value) -> None:
        scope = len(self._variables)
        match node.kind:
            case BranchKind.RANGE:
                self._range(node, dot)
            case BranchKind.IF | BranchKind.WITH:
                value = self._pipeline(node.pipeline, dot)
                inner = value if node.kind is BranchKind.WITH else dot
                if is_true(value):
                    self._walk(node.then, inner)
                else:
                    self._walk(node.otherwise, dot)
            case _:
                assert_never(node.kind)
        del self._variables[scope:]

    def _range(self, node: Branch, dot: Value) -> None:
        unset = Pipeline(at=node.pipeline.at, source=node.pipeline.source, commands=node.pipeline.commands)
        value = self._pipeline(unset, dot)
        scope = len(self._variables)
        empty = True
        for key, element in self._elements(value, node.pipeline):
            empty = False
            names = node.pipeline.variables
            self._assign(names[-1:], element, declares=node.pipeline.declares)
            self._assign(names[:-1], key, declares=node.pipeline.declares)
            try:
                self._walk(node.then, element)
            except _Jumped as jumped:
                if jumped.jump is Jump.BREAK:
                    break
            finally:
                del self._variables[scope:]
        if empty:
            self._walk(node.otherwise, dot)

    def _elements(self, value: Value, pipeline: Pipeline) -> Iterator[tuple[Value, Value]]:
        match value:
            case StringMap() | Arguments():
                yield from sorted(value.items.items(), key=lambda item: item[0])
            case tuple():
                yield from enumerate(value)
            case None:
                return
            case bool() | str() | float():
                self._fail(pipeline, f"range can't iterate over {to_text(value)}")
            case int():
                yield from ((index, index) for index in range(value))
            case _:
                self._fail(pipeline, f"range can't iterate over {to_text(value)}")

    def _pipeline(self, pipeline: Pipeline, dot: Value) -> Value:
        final: _Final | None = None
        for command in pipeline.commands:
            final = _Final(self._command(command, dot, final))
        value = final.value if final else None
        self._assign(pipeline.variables, value, declares=pipeline.declares)
        return value

    def _assign(self, names: tuple[str, ...], value: Value, *, declares: bool) -> None:
        for name in names:
            if declares:
                self._variables.append((name, value))
                continue
            at = next(i for i in reversed(range(len(self._variables))) if self._variables[i][0] == name)
            self._variables[at] = (name, value)

    def _command(self, command: Command, dot: Value, final: _Final | None) -> Value:
        first, *arguments = command.operands
        if isinstance(first, Function):
            return self._call(first, command, tuple(arguments), dot, final)
        if arguments or final:
            named = isinstance(first, Field | Variable | Chain) and first.names
            reason = f"{named[-1]} is not a method but has arguments" if named else ""
            self._fail(first, reason or f"can't give argument to non-function {first.source}")
        if isinstance(first, Constant) and first.value is None:
            self._fail(first, "nil is not a command")
        return self._operand(first, dot)

    def _operand(self, operand: Operand, dot: Value) -> Value:  # noqa: PLR0911 - one line for each kind
        match operand:
            case DotOperand():
                return dot
            case Constant():
                return operand.value
            case Field():
                return self._fields(operand, dot, operand.names)
            case Variable():
                return self._fields(operand, self._value_of(operand.name), operand.names)
            case Chain():
                return self._fields(operand, self._operand(operand.operand, dot), operand.names)
            case Pipeline():
                return self._pipeline(operand, dot)
            case Function():
                return self._call(operand, operand, (), dot, None)
            case _:
                assert_never(operand)

    def _value_of(self, name: str) -> Value:
        return next(value for known, value in reversed(self._variables) if known == name)

    def _fields(self, operand: Operand, value: Value, names: tuple[str, ...]) -> Value:
        for name in names:
            value = self._field(operand, value, name)
        return value

    def _field(self, operand: Operand, value: Value, name: str) -> Value:
        if isinstance(value, StringMap):
            return value.items.get(name, "")
        if isinstance(value, Arguments):
            return value.items.get(name)
        if value is None:
            return None
        attribute = _ATTRIBUTES.get(type(value), {}).get(name)
        if attribute is None:
            self._fail(operand, f"can't evaluate field {name} in type {type_name(value)}")
        found: Value = getattr(value, attribute)
        return found

    def _call(
        self,
        called: Function,
        node: Operand | Command,
        arguments: tuple[Operand, ...],
        dot: Value,
        final: _Final | None,
    ) -> Value:
        if called.name in LAZY:
            return self._lazy(called, arguments, dot, final)
        function = self._functions[called.name]
        self._check_count(called, function, len(arguments) + (final is not None))
        wanted = (*function.parameters, *(function.rest,) * (len(arguments) + 1))
        values = [
            self._argument(argument, parameter or Parameter.ANY, dot)
            for argument, parameter in zip(arguments, wanted, strict=False)
        ]
        if final:
            values.append(self._checked(called, final.value, wanted[len(values)] or Parameter.ANY))
        try:
            result = function.call(*values)
        except AlertsError as error:
            self._fail(node, f"error calling {called.name}: {error}")
        return result

    def _lazy(self, called: Function, arguments: tuple[Operand, ...], dot: Value, final: _Final | None) -> Value:
        if not arguments and final is None:
            self._fail(called, f"wrong number of args for {called.name}: want at least 1 got 0")
        value: Value = None
        for argument in arguments:
            value = self._argument(argument, Parameter.ANY, dot)
            if LAZY[called.name](is_true(value)):
                return value
        return final.value if final else value

    def _check_count(self, called: Function, function: GoFunction, count: int) -> None:
        least = len(function.parameters)
        if function.rest is not None and count < least:
            self._fail(called, f"wrong number of args for {called.name}: want at least {least} got {count}")
        if function.rest is None and count != least:
            self._fail(called, f"wrong number of args for {called.name}: want {least} got {count}")

    def _argument(self, argument: Operand, parameter: Parameter, dot: Value) -> Value:
        if isinstance(argument, Constant) and parameter is not Parameter.ANY:
            return self._constant(argument, parameter)
        return self._checked(argument, self._operand(argument, dot), parameter)

    def _constant(self, constant: Constant, parameter: Parameter) -> Value:
        value = constant.value
        if value is None and parameter is Parameter.STRING:
            self._fail(constant, "cannot assign nil to string")
        if parameter is Parameter.STRING and not isinstance(value, str):
            self._fail(constant, f"expected string; found {constant.source}")
        if parameter is not Parameter.STRING:
            self._fail(constant, f"can't handle {constant.source} for arg of type {parameter.value}")
        return value

    def _checked(self, node: Operand, value: Value, parameter: Parameter) -> Value:
        fits = {
            Parameter.ANY: True,
            Parameter.STRING: isinstance(value, str),
            Parameter.SAMPLE: isinstance(value, TemplateSample),
            Parameter.VECTOR: isinstance(value, tuple),
        }[parameter]
        if not fits and value is None:
            self._fail(node, f"invalid value; expected {parameter.value}")
        if not fits:
            self._fail(node, f"wrong type for value; expected {parameter.value}; got {type_name(value)}")
        return value

    def _fail(self, node: Operand | Command, message: str) -> NoReturn:
        place = self._origin.describe(node.at, node.source)
        raise TemplateError(f"error executing template {self._origin.name}: template: {place}: {message}")
