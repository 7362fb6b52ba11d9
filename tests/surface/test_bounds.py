"""The size bounds of the code, and that what is generated is up to date."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from docs.generate import metrics_page

ROOT = Path(__file__).parents[2]
FILE_LIMIT, FILE_MEDIAN = 400, 150
FUNCTION_LIMIT, FUNCTION_MEDIAN = 60, 10


def test_no_file_is_a_missing_module() -> None:
    sizes = {path: len(path.read_text().splitlines()) for path in _sources("exporter", "alerts", "grafana", "tests")}
    assert {str(path): size for path, size in sizes.items() if size > FILE_LIMIT} == {}
    assert median(size for path, size in sizes.items() if "tests" not in path.parts) <= FILE_MEDIAN


def test_functions_are_short() -> None:
    sizes = {where: size for path in _sources("exporter", "alerts", "grafana") for where, size in _functions(path)}
    assert {where: size for where, size in sizes.items() if size > FUNCTION_LIMIT} == {}
    assert median(sizes.values()) <= FUNCTION_MEDIAN


def test_metrics_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "METRICS.md").read_text() == metrics_page(), "run `make docs`"


def _sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1
