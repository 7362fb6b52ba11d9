from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.gofloat import general, scientific
from alerts.model import AlertsError, Sample
from alerts.template import Environment, TemplateError, parse_template, quote
from alerts.template.values import GoDuration, format_go_duration


def no_series(text: str) -> tuple[Sample, ...]:
    raise AlertsError(f"cannot ask {text}")


ENVIRONMENT = Environment(at=1_700_000_000.1234, external_url="https://h.example/a%20b/", query=no_series)


def expand(text: str, value: float = 1.0) -> str:
    labels = (("__name__", "up"), ("run", "nyu & co"))
    return parse_template(text, "A").expand(labels=labels, value=value, environment=ENVIRONMENT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{{ now }}", "1.700000000123e+09"),
        ("{{ externalURL }} {{ pathPrefix }}", "https://h.example/a%20b/ /a b/"),
        ("{{ urlQueryEscape $labels.run }}", "nyu+%26+co"),
        ("{{ toDuration 3723.5 }} {{ toDuration 0 }} {{ toDuration 0.0015 }}", "1h2m3.5s 0s 1.5ms"),
        ("{{ toDuration 90 | humanizeDuration }}", "1m 30s"),
        ("{{ range 3 }}{{ . }}{{ end }}", "012"),
        ("{{ range $i, $n := 2 }}{{ $i }}{{ $n }}{{ end }}", "0011"),
    ],
)
def test_expands_what_only_prometheus_3_knows(text: str, expected: str) -> None:
    assert expand(text) == expected


def test_shows_a_failed_query_in_the_text() -> None:
    assert expand('{{ query "up" }}').endswith("error calling query: cannot ask up>")


def test_shows_a_wrong_regular_expression_in_the_text() -> None:
    text = expand('{{ match "(" "x" }}')
    assert text.startswith("<error expanding template: error executing template __alert_A: template: __alert_A:1:115: ")
    assert "invalid regular expression '('" in text


@pytest.mark.parametrize("word", ["define", "template", "block"])
def test_refuses_shared_templates_by_name(word: str) -> None:
    with pytest.raises(TemplateError, match=word):
        parse_template(f'{{{{ {word} "x" }}}}', "A")


@pytest.mark.parametrize("text", ['{{ (toTime $value).Format "15:04" }}', "{{ ($value | toDuration).Hours }}"])
def test_refuses_methods_of_times_by_name(text: str) -> None:
    with pytest.raises(TemplateError, match=r"methods of times and durations are not supported: \.(Format|Hours)"):
        parse_template(text, "A")


def test_refuses_what_is_nested_too_deeply() -> None:
    with pytest.raises(TemplateError, match="too deeply"):
        parse_template(f"{{{{ {'(' * 5000}1{')' * 5000} }}}}", "A")


def test_names_its_constant_queries() -> None:
    inner = '{{ query "a" | first }}{{ else }}{{ with (printf "x" | query) }}{{ end }}'
    text = f'{{{{ if true }}}}{inner}{{{{ end }}}}{{{{ "b" | query }}}}'
    assert parse_template(text, "A").queries() == ("a", "b")


@given(st.floats())
def test_prints_floats_that_read_back(value: float) -> None:
    for text in (general(value), scientific(value)):
        assert math.isnan(float(text)) if math.isnan(value) else float(text) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_prints_an_exponent_just_outside_six_digits(value: float) -> None:
    plain = value == 0 or 1e-4 <= abs(value) < 1e6
    assert ("e" in general(value)) is not plain


@given(st.integers(min_value=1, max_value=2**62))
def test_prints_durations_in_units_that_add_up(nanoseconds: int) -> None:
    text = format_go_duration(GoDuration(nanoseconds))
    assert format_go_duration(GoDuration(-nanoseconds)) == f"-{text}"
    assert text.endswith("s")


@given(st.text())
def test_quotes_any_text_in_ascii_of_one_line(text: str) -> None:
    quoted = quote(text)
    assert quoted.isprintable()
    assert quoted.startswith('"')
    assert quoted.endswith('"')


PIECES = st.sampled_from(
    [
        *("{{", "}}", "{{-", "-}}", " ", "\n", "|", "(", ")", ".", "$", "$x", ":=", "=", ",", '"', "`", "'", "\\"),
        *("if ", "else ", "end", "range ", "with ", "break", "continue", "nil", "true", "1", "1.5", "0x1", "a", "é"),
        *(".Value", ".Labels", "$labels.run", "$value", "printf ", '"%d"', "humanize ", "and ", "or ", "eq ", "index "),
        *("{{/*", "*/}}", "args ", "len ", "toTime ", "slice ", '"s"', "print ", "query "),
    ]
)


WORDS = st.lists(PIECES, max_size=12).map("".join)


@given(WORDS | WORDS.map("{{{{ {} }}}}".format), st.floats())
def test_either_refuses_a_text_or_expands_it(text: str, value: float) -> None:
    try:
        template = parse_template(text, "A")
    except TemplateError:
        return
    labels = (("run", "r"),)
    assert isinstance(template.expand(labels=labels, value=value, environment=ENVIRONMENT), str)
