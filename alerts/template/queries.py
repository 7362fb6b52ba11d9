"""A template's tree to the PromQL texts that it asks for and that are known before it runs."""

from __future__ import annotations

from collections.abc import Iterator

from .nodes import Action, Branch, Chain, Command, Constant, Function, Node, Operand, Pipeline


def constant_queries(nodes: tuple[Node, ...]) -> Iterator[str]:
    """The texts of each `query "…"` and `"…" | query`."""
    for node in nodes:
        if isinstance(node, Action | Branch):
            yield from _of_pipeline(node.pipeline)
        if isinstance(node, Branch):
            yield from constant_queries(node.then)
            yield from constant_queries(node.otherwise)


def _of_pipeline(pipeline: Pipeline) -> Iterator[str]:
    before: Command | None = None
    for command in pipeline.commands:
        if _is_query(command.operands[0]):
            arguments = command.operands[1:] or (before.operands if before else ())
            if len(arguments) == 1 and isinstance(arguments[0], Constant) and isinstance(arguments[0].value, str):
                yield arguments[0].value
        for operand in command.operands:
            yield from _of_operand(operand)
        before = command


def _of_operand(operand: Operand) -> Iterator[str]:
    if isinstance(operand, Pipeline):
        yield from _of_pipeline(operand)
    elif isinstance(operand, Chain):
        yield from _of_operand(operand.operand)


def _is_query(operand: Operand) -> bool:
    return isinstance(operand, Function) and operand.name == "query"
