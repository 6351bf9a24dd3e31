"""A value as a cell: numbers read back, text does nothing but stand there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runpact.model.registry.cells import (
    csv_cell,
    csv_name,
    json_cell,
    legible,
    markdown_cell,
    markdown_text,
    plain_value,
)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (0.1, 0.1),
        (float("nan"), None),
        (float("inf"), None),
        ("a", "a"),
        ([1, (2.0, float("-inf"))], [1, [2.0, None]]),
        ({1: b"x", "b": {}}, {"1": None, "b": {}}),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (timedelta(seconds=90), 90.0),
        (object(), None),
    ],
)
def test_what_an_expression_came_to_is_strict_json(value: object, plain: object) -> None:
    assert plain_value(value) == plain


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        ("", '""'),
        (True, "true"),
        (False, "false"),
        (-3, "-3"),
        (1e300, "1e300"),
        (1e-7, "1e-7"),
        (12.0, "12.0"),
        ("-3", '"-3"'),
        ("+1.5e-3", '"+1.5e-3"'),
        ("=1+1", '"\'=1+1"'),
        ("+cmd|' /C calc'!A0", "\"'+cmd|' /C calc'!A0\""),
        ("-2+3", '"\'-2+3"'),
        ("@SUM(A1)", '"\'@SUM(A1)"'),
        ("|x", '"\'|x"'),
        ("%0A", '"\'%0A"'),
        ("  =1+1", '"\'  =1+1"'),
        ("\uff1d1+1", '"\'\uff1d1+1"'),
        ("\t=1", '"\\t=1"'),
        ("\r=1", '"\\r=1"'),
        ('a "b"; c', '"a ""b""; c"'),
        ("two\nlines", '"two\\nlines"'),
        ("\x1b[31mred\x00", '"\\x1b[31mred\\x00"'),
        ("\u202eevil", '"\\u202eevil"'),
        ("runs/\udcff", '"runs/\\xff"'),
        ("\ud800", '"\\ud800"'),
        ("=\n1", '"\'=\\n1"'),
        ([1, {"a": None}], '"[1,{""a"":null}]"'),
        ({}, '"{}"'),
    ],
)
def test_no_cell_is_a_formula(value: object, cell: str) -> None:
    assert csv_cell(value) == cell


@pytest.mark.parametrize(
    ("name", "cell"),
    [("run_id", "run_id"), ("val loss", "val loss"), ("=x", '"\'=x"'), ("a,b", '"a,b"'), ("é", '"é"')],
)
def test_names_of_columns_are_quoted_only_where_they_must(name: str, cell: str) -> None:
    assert csv_name(name) == cell


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "true"),
        (0.5, "0.5"),
        ("20260101_run_0a1b2c3", "20260101_run_0a1b2c3"),
        ("_a_ b_", "\\_a\\_ b\\_"),
        ("a|b", "a\\|b"),
        ("`x`", "\\`x\\`"),
        ("[t](u)", "\\[t\\](u)"),
        ("![t](u)", "!\\[t\\](u)"),
        ("<img src=x>", "\\<img src=x\\>"),
        ("&lt; $x$ ~~y~~ **z**", "\\&lt; \\$x\\$ \\~\\~y\\~\\~ \\*\\*z\\*\\*"),
        ("back\\slash", "back\\\\slash"),
        ("two\nlines", "two\\\\nlines"),
        ("https://a.b", "`https://a.b`"),
        ("WWW.a.b", "`WWW.a.b`"),
        ("me@a.b|c", "`me@a.b\\|c`"),
        ("me@a.b\\|c", "`me@a.b\\\\x7cc`"),
        ("a@b `c` ``d``", "``` a@b `c` ``d`` ```"),
        ([1, "|"], '\\[1,"\\|"\\]'),
    ],
)
def test_no_cell_is_markup(value: object, cell: str) -> None:
    assert markdown_cell(value) == cell
    if isinstance(value, str):
        assert markdown_text(value) == cell


def test_json_keeps_every_text_and_shows_nothing_to_a_terminal() -> None:
    text = '\x00\x1b\x7f\x9b\u2028\u202e\ufeff"\\é😀'
    written = json_cell({text: [text, 0.1, None]})
    assert written == (
        '{"\\u0000\\u001b\\u007f\\u009b\\u2028\\u202e\\ufeff\\"\\\\é😀":'
        '["\\u0000\\u001b\\u007f\\u009b\\u2028\\u202e\\ufeff\\"\\\\é😀",0.1,null]}'
    )
    assert json_cell({"\udcff": "\ud800"}) == '{"\\\\xff":"\\\\ud800"}'
    assert legible("plain é 😀") == "plain é 😀"
