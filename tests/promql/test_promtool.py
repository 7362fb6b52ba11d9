"""Random expressions against the real promtool, where the versions agree.

Debian's promtool is 2.42, whose ranges are closed on the left; 3 has them open. So every range here begins between two
samples: samples are 10 s apart, ranges end in 3 s, evaluations are off the grid by 7 s. And a deviation is only taken
of finite values: that of an infinity became NaN.

Sums and means, and Go's own logarithms, may differ in the last bit. So what turns such a bit into another result (a
comparison, a rounding) is only applied to what is exact.
"""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import Path
from typing import Final, TypeAlias

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from alerts.promql import EvaluationError, compile_query
from alerts.store import Retention, Store

INTERVAL_MS: Final = 10_000
AT_MS: Final = 607_000
NAN: Final = math.nan

Values: TypeAlias = dict[frozenset[tuple[str, str]], float]

SERIES: Final[dict[str, list[float | None]]] = {
    'g{run="a",gpu="0"}': [0.5 * (k * 37 % 23) for k in range(60)],
    'g{run="a",gpu="1"}': [NAN if k % 7 == 3 else float(k) for k in range(60)],
    'g{run="b",gpu="0"}': [None if k % 5 == 2 else -2.0 + k % 4 for k in range(60)],
    'g{run="c",gpu="1"}': [math.inf if k == 50 else 1e3 + k for k in range(60)],
    'c_total{run="a"}': [float(k % 40) * 3 for k in range(60)],
    'c_total{run="b"}': [float(k * k) for k in range(60)],
    'info{run="a",host="h1"}': [1.0] * 60,
    'info{run="b",host="h2"}': [1.0] * 60,
    'h_bucket{run="a",le="1"}': [float(k) for k in range(60)],
    'h_bucket{run="a",le="5"}': [2.0 * k for k in range(60)],
    'h_bucket{run="a",le="+Inf"}': [2.5 * k for k in range(60)],
}

_FAILED: Final = re.compile(
    r'    expr: "(?P<expr>(?:[^"\\]|\\.)*)", time: [^\n]*\n *exp: [^\n]*\n *got: (?P<got>[^\n]*)'
)
"""Three lines: the expression, what was expected, and `got: {run="a"} 1E+00, {run="b"} +Inf`."""

_ERROR: Final = re.compile(r'    expr: "(?P<expr>(?:[^"\\]|\\.)*)", time: [^\n]*err: ')
"""`expr: "a * b", time: 10m7s, err: multiple matches for labels`"""

# {run="a"} 1E+00
_SAMPLE: Final = re.compile(r"\{(?P<labels>[^}]*)\} (?P<value>[-+0-9.EINanf]+)")

_LABEL: Final = re.compile(r'(\w+)="([^"]*)"')
"""`run="a"`"""


def filled() -> Store:
    store = Store(Retention(default_ms=10**9))
    for text, values in SERIES.items():
        name, _, rest = text.partition("{")
        labels = tuple(sorted([("__name__", name), *_LABEL.findall(rest)]))
        store.extend((labels, k * INTERVAL_MS, value) for k, value in enumerate(values) if value is not None)
    return store


def notation(value: float | None) -> str:
    if value is None:
        return "_"
    return "NaN" if math.isnan(value) else "Inf" if math.isinf(value) else repr(value)


def promtool(folder: Path, expressions: list[str]) -> dict[str, Values | None]:
    """What promtool says of each expression, None for an error. It tells the values of those it finds wrong: all."""
    never = [{"labels": "never", "value": 12345.0}]
    test = {
        "interval": "10s",
        "input_series": [
            {"series": series, "values": " ".join(map(notation, values))} for series, values in SERIES.items()
        ],
        "promql_expr_test": [
            {"expr": text, "eval_time": f"{AT_MS // 1000}s", "exp_samples": never} for text in expressions
        ],
    }
    path = folder / "expressions.test.yml"
    path.write_text(yaml.safe_dump({"rule_files": [], "evaluation_interval": "10s", "tests": [test]}))
    output = subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False)
    said = output.stdout + output.stderr
    found: dict[str, Values | None] = {row["expr"].replace('\\"', '"'): None for row in _ERROR.finditer(said)}
    for row in _FAILED.finditer(said):
        found[row["expr"].replace('\\"', '"')] = {
            frozenset(_LABEL.findall(sample["labels"])): float(sample["value"])
            for sample in _SAMPLE.finditer(row["got"])
        }
    return found


RANGES: Final = st.sampled_from(["43s", "63s", "123s", "303s"])
NUMBERS: Final = st.sampled_from(["0", "1", "2", "-1.5", "1e3", "0.1", "NaN", "Inf"])
LABELS: Final = st.sampled_from(["run", "gpu", "run, gpu", ""])
GROUPINGS: Final = st.sampled_from(["by", "without"])
GAUGES: Final = st.sampled_from(
    ["g", 'g{run="a"}', 'g{run!="a"}', 'g{run=~"a|b"}', 'g{run!~"b.*"}', "g offset 1m", "info", "c_total", "nothing"]
)


def words(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from(text.split())


def filling(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The template with its places filled."""
    return st.builds(template.format, *parts)


exact_windows = st.one_of(
    filling("{}_over_time(g[{}])", words("min max count last present absent"), RANGES),
    filling("quantile_over_time({}, g[{}])", words("0 1 1.5"), RANGES),
    filling("{}(g[{}])", words("changes idelta"), RANGES),
    filling("resets(c_total[{}])", RANGES),
    filling("max_over_time(min by (run) (g)[{}:20s] offset 30s)", RANGES),
    filling("{}(timestamp(c_total))", words("hour minute day_of_week day_of_month days_in_month month year")),
)
inexact_windows = st.one_of(
    filling("{}_over_time(g[{}])", words("avg sum stddev stdvar"), RANGES),
    filling("quantile_over_time({}, g[{}])", words("0.5 0.9"), RANGES),
    filling("{}(c_total[{}])", words("rate increase irate deriv"), RANGES),
    filling("{}(g[{}])", words("delta deriv"), RANGES),
    filling("predict_linear(g[{}], {})", RANGES, NUMBERS),
    filling("max_over_time(rate(c_total[63s])[{}:10s])", RANGES),
    filling("sum_over_time(sum by (run) (g)[{}:20s] offset 30s)", RANGES),
    filling("histogram_quantile(0.7, rate(h_bucket[{}]))", RANGES),
    filling("{} by (run) ({})", words("stddev stdvar"), st.sampled_from(["c_total", 'g{run="b"}'])),
)


def smooth(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        filling("{}({})", words("abs deg sqrt sort timestamp absent -"), inner),
        filling("clamp({}, {}, {})", inner, NUMBERS, NUMBERS),
        filling("({}) {} {}", inner, words("+ - * /"), NUMBERS),
        filling("{} {} ({}) ({})", words("min max count group"), GROUPINGS, LABELS, inner),
        filling("sum(topk(2, {}))", inner),
        filling("({}) {} on (run) ({})", inner, words("and or unless"), inner),
        filling("({}) {} ({})", inner, words("+ and or unless"), inner),
        filling("({}) {} on (run) ({})", inner, words("* -"), inner),
        filling("({}) {} on (run) group_left (host) info", inner, words("* +")),
        filling("info {} on (run) group_right (host) ({})", words("* -"), inner),
        filling('label_replace({}, "x", "$1-y", "run", "(a|b)")', inner),
        filling('label_join({}, "x", "/", "run", "gpu")', inner),
        filling("vector(scalar({}))", inner),
    )


def sharp(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        filling("{}({})", words("ceil floor sgn"), inner),
        filling("round({}, {})", inner, words("1 0.5 10")),
        filling("({}) {} {}", inner, words("% > < >= == !="), NUMBERS),
        filling("{} {} bool ({})", NUMBERS, words("> <= =="), inner),
        filling("({}) {} on (run) group_left (host) info", inner, words(">= !=")),
        filling("({}) > ({})", inner, inner),
        filling("quantile by (run) ({}, {})", words("0 1 -1"), inner),
        filling('count_values {} (run) ("v", {})', GROUPINGS, inner),
    )


exact = st.recursive(GAUGES | exact_windows, lambda inner: smooth(inner) | sharp(inner), max_leaves=4)
inexact = st.recursive(
    st.one_of(
        inexact_windows,
        filling("{} {} ({}) ({})", words("sum avg"), GROUPINGS, LABELS, exact),
        filling("quantile by (run) ({}, {})", words("0.5 0.25"), exact),
        filling("{}({})", words("exp ln log2 log10 sin atan"), GAUGES),
        filling("({}) ^ {}", GAUGES, NUMBERS),
    ),
    smooth,
    max_leaves=4,
)
expressions = exact | inexact


def close(left: float, right: float) -> bool:
    return (math.isnan(left) and math.isnan(right)) or math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)


def ours(store: Store, text: str) -> Values | None:
    """What this evaluator says of the expression, None for an error."""
    try:
        return {frozenset(labels): value for labels, value in compile_query(text).vector(store, AT_MS)}
    except EvaluationError:
        return None


def same(mine: Values | None, theirs: Values | None) -> bool:
    if mine is None or theirs is None:
        return mine is theirs
    return mine.keys() == theirs.keys() and all(close(mine[key], theirs[key]) for key in mine)


@pytest.mark.real("promtool")
@settings(max_examples=20, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
@given(st.lists(expressions, min_size=30, max_size=60, unique=True))
def test_random_expressions_have_the_values_that_promtool_finds(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    theirs, store = promtool(tmp_path_factory.mktemp("promtool"), texts), filled()
    assert theirs.keys() == set(texts)
    different = [(text, mine, theirs[text]) for text in texts if not same(mine := ours(store, text), theirs[text])]
    assert different == []
