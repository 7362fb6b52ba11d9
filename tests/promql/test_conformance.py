"""Prometheus' own conformance data, run by a runner that lies beside it; neither is part of this project."""

from __future__ import annotations

import importlib.util
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from alerts.promql import Annotations, EvaluationError, Options, PromqlError, Query, Range, compile_query
from alerts.store import Store

OPTIONS = Options(delayed_name_removal=True)
"""As Prometheus' test engine has it."""


def _folder() -> Path:
    shared = os.environ.get("TRAINING_EXPORTER_SHARED")
    folder = Path(shared or "") / "promqltest"
    if not shared or not (folder / "runner.py").is_file():
        pytest.skip("no conformance data: set TRAINING_EXPORTER_SHARED to a folder with promqltest/runner.py")
    return folder


def _runner(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("promqltest_runner", folder / "runner.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look their module up
    spec.loader.exec_module(module)
    return module


class Evaluator:
    """Runs one expression after another, on stores that are filled once for each state of the data."""

    def __init__(self, runner: ModuleType) -> None:
        self._runner = runner
        self._state: list[tuple[int, int, object]] = []
        self._store = Store()
        self._queries: dict[str, Query] = {}

    def __call__(
        self, series: Sequence[Any], text: str, start: int, end: int | None = None, step: int | None = None
    ) -> object:
        notes = Annotations()
        store = self._filled(series)
        try:
            query = self._queries.get(text) or compile_query(text, OPTIONS)
            self._queries[text] = query
            if end is None or step is None:
                kind, value = self._instant(query, store, start, notes)
            else:
                kind = "matrix"
                value = [(dict(row.labels), list(row.points)) for row in query.range(store, start, end, step, notes)]
        except PromqlError as error:
            raise self._runner.EvalError(error.reason) from error
        return self._runner.Result(kind, value, list(notes.warnings), list(notes.infos))

    def _instant(self, query: Query, store: Store, at: int, notes: Annotations) -> tuple[str, object]:
        value = query.instant(store, at, notes)
        if isinstance(value, float | str):
            return query.type.value, value
        rows = [(dict(row.labels), list(row.points) if isinstance(row, Range) else row.value) for row in value]
        return query.type.value, rows

    def _filled(self, series: Sequence[Any]) -> Store:
        # Holding the series themselves keeps their identities from being given to others.
        state = [(id(one), len(one.samples), one) for one in series]
        if [row[:2] for row in state] != [row[:2] for row in self._state]:
            self._state = state
            self._store = Store()
            for one in series:
                labels = tuple(sorted(one.labels.items()))
                for at, value in one.samples:
                    if isinstance(value, float):
                        self._store.append(labels, at, value)
        return self._store


def _run(only: Callable[[Any], bool]) -> tuple[int, list[str]]:
    folder = _folder()
    runner = _runner(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the runner leaves closing to the garbage collector
        totals, failures = runner.run([str(folder)], Evaluator(runner), only=lambda case: only(runner.bucket(case)))
    passed = sum(total["pass"] for total in totals.values())
    return passed, [f"{name}:{case.line} {case.expr}: {reason}" for name, case, reason in failures]


@pytest.mark.shared
def test_every_stable_case_of_prometheus_conformance_suite_passes() -> None:
    passed, failures = _run(lambda bucket: bucket == "stable_float")
    assert failures == []
    assert passed > 0


def test_a_failure_of_evaluation_names_the_expression() -> None:
    store = Store()
    store.append((("__name__", "a"), ("x", "1")), 0, 1.0)
    store.append((("__name__", "b"), ("x", "1")), 0, 1.0)
    query = compile_query('rate({__name__=~"a|b"}[5m]) or abs({x="1"})')
    with pytest.raises(EvaluationError, match="same labelset, in the expression: rate"):
        query.instant(store, 0)
