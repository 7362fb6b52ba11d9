"""The places of arguments, which the parser does not tell."""

from __future__ import annotations

import pytest

from alerts.promql import UnsupportedError
from alerts.promql.parse import parse
from alerts.promql.positions import call_sites
from alerts.promql.tree import Aggregate, Call, Expr, children


def calls(expr: Expr) -> list[Call | Aggregate]:
    """The calls and aggregations in the order of the text."""
    own = [expr] if isinstance(expr, Call | Aggregate) else []
    return own + [call for child in children(expr) for call in calls(child)]


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("rate(x[5m])", [["x[5m]"]]),
        ("time() + hour()", [[], []]),
        ("sum by (run, gpu) (x) / sum(y) without (a)", [["x)"], ["y)"]]),
        ('SUM  BY (a)  ( topk(2, x{a="),("}) )', [["topk(2"], ["2,", "x{a"]]),
        ("a * on (b) group_left (c) abs(  (x)  )", [["(x)"]]),
        ("max_over_time(rate(x[5m])[1h:1m] @ end() offset 5m) # sum(no)", [["rate(x"], ["x[5m]"]]),
        ('label_join(x, \'(\', `")`, "b\\"(")', [["x,", "'('", '`")`', '"b']]),
        ("-abs(sum) atan2 by", [["sum)"]]),
        ("clamp(\n  x, # low, high\n  1, 2\n)", [["x,", "1,", "2\n"]]),
    ],
)
def test_every_argument_is_found_where_it_begins(text: str, starts: list[list[str]]) -> None:
    assert [
        [text[at - 1 :][: len(start)] for at, start in zip(site, expected, strict=True)]
        for site, expected in zip(call_sites(text), starts, strict=True)
    ] == starts
    assert len(calls(parse(text))) == len(starts)


def test_a_selector_knows_its_place_as_an_argument() -> None:
    ((call),) = calls(parse("1 + clamp_max( x , 3)"))
    assert [arg.position for arg in children(call)] == [16, 20]


@pytest.mark.parametrize("text", [r'"\xe9"', r"'\351'", r'"a\\\xff"', "x @ -5", "x @ - 5"])
def test_what_the_parser_misreads_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedError):
        call_sites(text)


@pytest.mark.parametrize("text", [r'"\x41\\xe9 é"', r"`\xe9`", "x @ 5 - 5"])
def test_what_it_reads_well_is_not(text: str) -> None:
    assert call_sites(text) == []
