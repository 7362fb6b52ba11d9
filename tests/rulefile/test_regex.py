from __future__ import annotations

import pytest

from alerts.regex import Regex, RegexError


@pytest.mark.parametrize(
    ("pattern", "replacement", "text", "expected"),
    [
        ("(a)(b)?", "[$1-${2}$$$3$1x]", "xab aa", "x[a-b$] [a-$][a-$]"),
        ("a*", "X", "baac", "XbXcX"),
        ("(?P<n>.)b", "${n}$n-", "ab", "aa-"),
        ("x", "$", "axb", "a$b"),
    ],
)
def test_replaces_as_go(pattern: str, replacement: str, text: str, expected: str) -> None:
    assert Regex(pattern, dot_matches_newline=False).replace_all(text, replacement) == expected


def test_matches_a_whole_text_over_lines_only_where_asked() -> None:
    assert Regex("a.b").fullmatch("a\nb")
    assert not Regex("a.b", dot_matches_newline=False).fullmatch("a\nb")
    assert not Regex("a").fullmatch("ab")
    assert Regex("a").search("ba")


def test_expands_the_groups_of_a_whole_match() -> None:
    assert Regex("(.*):(.*)").expand("host:90", "$2 of ${1}") == "90 of host"
    assert Regex("(.*):(.*)").expand("host", "$1") is None


def test_refuses_what_re2_refuses() -> None:
    with pytest.raises(RegexError, match="missing"):
        Regex("(a")
    with pytest.raises(RegexError):
        Regex("(?=a)")
