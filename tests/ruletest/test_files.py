from __future__ import annotations

import io
from pathlib import Path

import pytest

from alerts.ruletest import run_test_files

RULES = "groups: [{name: g, rules: [{alert: A, expr: 'x > 1'}, {record: y, expr: 'sum_over_time(x[5m:])'}]}]"


def run(folder: Path, text: str, rules: str = RULES) -> tuple[int, str]:
    (folder / "r.yml").write_text(rules)
    (folder / "t.yml").write_text(text)
    out = io.StringIO()
    code = run_test_files([folder / "t.yml"], out)
    return code, out.getvalue().replace(str(folder), "DIR")


def query_test(expected: str, **fields: str) -> str:
    top = "".join(f"{name}: {value}\n" for name, value in fields.items())
    return f"""\
rule_files: [r.yml]
{top}tests:
  - input_series: [{{series: x, values: 0.1+0.1x9}}]
    promql_expr_test: [{{expr: x, eval_time: 2m, exp_samples: [{{labels: x, value: {expected}}}]}}]
"""


def test_compares_values_to_the_last_bit_unless_told_otherwise(tmp_path: Path) -> None:
    assert run(tmp_path, query_test("0.3"))[0] == 1
    assert run(tmp_path, query_test("0.3", fuzzy_compare="true"))[0] == 0
    assert run(tmp_path, query_test("0.30000000000000004"))[0] == 0
    assert run(tmp_path, query_test("0.31", fuzzy_compare="true"))[0] == 1


def test_takes_the_evaluation_interval_for_what_names_none(tmp_path: Path) -> None:
    text = """\
rule_files: [r.yml]
evaluation_interval: 30s
tests:
  - input_series: [{series: x, values: 1x20}]
    promql_expr_test:
      - {expr: y, eval_time: 5m, exp_samples: [{labels: y, value: 10}]}
"""
    assert run(tmp_path, text)[0] == 0


@pytest.mark.parametrize("start", ["2026-01-31T12:00:00Z", "1769860800", "2026-01-31T13:00:00+01:00"])
def test_starts_when_it_is_told_to(tmp_path: Path, start: str) -> None:
    text = f"""\
tests:
  - start_timestamp: {start}
    input_series: [{{series: x, values: 1x20}}]
    promql_expr_test:
      - {{expr: timestamp(x), eval_time: 1m, exp_samples: [{{labels: '', value: 1769860860}}]}}
"""
    assert run(tmp_path, text) == (0, "Unit Testing:  DIR/t.yml\n  SUCCESS\n\n")


def test_warns_of_a_pattern_that_names_no_file(tmp_path: Path) -> None:
    code, out = run(tmp_path, "rule_files: [none*.yml]\ntests: []\n")
    assert (code, out) == (
        0,
        "Unit Testing:  DIR/t.yml\n  WARNING: no file match pattern DIR/none*.yml\n  SUCCESS\n\n",
    )


BAD = """\
rule_file: [r.yml]
evaluation_interval: fast
group_eval_order: [a, b, a]
fuzzy_compare: maybe
tests:
  - interval: 1m
    start_timestamp: soon
    input_series:
      - {series: 'x{', values: 1}
      - {series: 'x{a=~"b"}', values: 1 2y}
      - {series: x + 1, values: '{{schema:0}}'}
    alert_rule_test: [{eval_time: 1m}]
    promql_expr_test: [{expr: x, exp_samples: [{value: one}, {histogram: '{{}}'}]}]
"""


def test_tells_every_problem_of_a_test_file(tmp_path: Path) -> None:
    code, out = run(tmp_path, BAD)
    told = [line.strip().removeprefix("DIR/t.yml:").split(";")[0] for line in out.splitlines()[2:] if line]
    assert code == 1
    assert told == [
        "1: unknown field 'rule_file' in the file",
        "2: 'evaluation_interval': not a valid duration string: 'fast'",
        "3: group name repeated in evaluation order: a",
        "4: 'fuzzy_compare' must be true or false, not 'maybe'",
        "7: 'start_timestamp' must be Unix seconds or like 2026-01-31T12:00:00Z, not 'soon'",
        "9: 'x{' is no series: unexpected end of input inside braces",
        "10: 'x{a=~\"b\"}' is no series",
        "10: '2y' is no value of a series",
        "11: 'x + 1' is no series",
        "11: '{{schema:0}}' is no value of a series",
        "12: an item under alert_rule_test needs an 'alertname'",
        "13: 'value' must be a number, not 'one'",
        "13: native histograms are not supported",
    ]


def test_tells_why_a_rule_is_refused(tmp_path: Path) -> None:
    rules = "groups:\n- name: g\n  rules:\n  - {alert: A, expr: 'sum('}\n"
    code, out = run(tmp_path, "rule_files: [r.yml]\ntests: []\n", rules)
    assert code == 1
    assert "DIR/r.yml:4: rule A: unclosed left parenthesis, in the expression: sum(\n" in out


def test_tells_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    out = io.StringIO()
    assert run_test_files([tmp_path / "none.yml"], out) == 1
    assert "none.yml: cannot be read: No such file or directory" in out.getvalue()
