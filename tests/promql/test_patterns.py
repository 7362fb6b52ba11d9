"""Regular expressions: the short cuts give what RE2 gives, and most rule files need no RE2."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.promql import ParseError
from alerts.promql.patterns import matcher, replacer
from alerts.regex import Regex, RegexError

ALPHABET = 'ab|-_./() "#'

patterns = st.builds(
    "{}{}{}".format,
    st.text(ALPHABET, max_size=8),
    st.sampled_from(["", ".*", ".+", "(.*)"]),
    st.text(ALPHABET, max_size=4),
)


@given(patterns, st.lists(st.text("ab|-_./() \n", max_size=6), min_size=1))
def test_a_short_cut_means_what_re2_means(pattern: str, texts: list[str]) -> None:
    try:
        regex = Regex(pattern)
    except RegexError:
        with pytest.raises(ParseError):
            matcher(pattern)
        return
    for text in texts:
        assert matcher(pattern)(text) == regex.fullmatch(text)
        assert replacer(pattern, "new")(text) == regex.expand(text, "new")


@pytest.mark.parametrize(
    ("pattern", "text", "accepted"),
    [("a.c", "a\nc", True), ("a", "ab", False), ("b|ab?", "ab", True), ("(?i)A", "a", True), (r"\d+", "12", True)],
)
def test_a_pattern_is_anchored_and_its_dot_takes_a_newline(pattern: str, text: str, accepted: bool) -> None:  # noqa: FBT001 - a table
    assert matcher(pattern)(text) is accepted


@pytest.mark.parametrize(
    ("pattern", "template", "text", "result"),
    [
        ("(.*)-(.*)", "$2/$1", "a-b", "b/a"),
        ("(?P<first>.).*", "${first}x$$", "abc", "ax$"),
        ("a(b)?", "[$1$9]", "a", "[]"),
        ("a", "x", "b", None),
        ("", "x", "", "x"),
        ("(.*)", "$1", "a\nb", "a\nb"),
        ("(.*)", "${1}", "", ""),
    ],
)
def test_a_replacement_takes_groups_as_go_does(pattern: str, template: str, text: str, result: str | None) -> None:
    assert replacer(pattern, template)(text) == result


def test_what_is_no_regular_expression_is_refused() -> None:
    with pytest.raises(ParseError, match="invalid regular expression"):
        matcher("(")


def test_simple_patterns_need_no_re2() -> None:
    code = (
        "import sys; from alerts.promql import compile_query; "
        'compile_query(\'label_replace(x{run=~"(a|b)_c", job!~"t.*"}, "n", "$1", "run", "(.*)")\'); '
        "print('re2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
