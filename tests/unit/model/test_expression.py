"""Expressions: a table of what each comes to, and three answers."""

from __future__ import annotations

import pytest

from runpact.model.expression import (
    ExpressionError,
    Scope,
    Undecided,
    compile_expression,
    evaluate,
    load_core,
)

VARIABLES = {
    "run": {"state": "finished", "n": 3, "big": 10**30},
    "doc": {"m": {"loss": 0.5, "list": [1, 2, 3], "rows": [{"id": 1}, {"id": 2}], "none": None}},
}

TABLE = [
    ('run.state == "finished"', True),
    ("run.n > 2 && run.n < 4.5", True),
    ("double(run.n) * 1.5", 4.5),
    ("size(doc.m.list)", 3),
    ("doc.m.list.all(x, x > 0)", True),
    ("doc.m.rows.exists(r, r.id == 2)", True),
    ("doc.m.rows.map(r, r.id)", [1, 2]),
    ("has(doc.m.nope)", False),
    ("doc.m.none == null", True),
    ('"abc".matches("^a.c$")', True),
    ('{"OK": 0}["OK"]', 0),
    ("unique(doc.m.list)", True),
    ("unique([1, 1])", False),
    ("unique(doc.m.rows)", True),
    ("sorted([1, 2, 2])", True),
    ("sorted([2, 1])", False),
    ("sum([1, 2, 3])", 6),
    ("sum([0.1, 0.2])", 0.30000000000000004),
    ("close(1.0, 1.0000000001)", True),
    ("close(1.0, 1.1)", False),
    ("close(1.0, 1.1, 0.2, 0.0)", True),
    ("same_set([1, 2, 2], [2, 1])", True),
    ("same_set([1], [2])", False),
    ("run.big > 1.0", True),
    ("true || doc.m.nope", True),
]

UNDECIDED = [
    "doc.m.nope == 1",
    "nope",
    "1 / 0",
    '"x" + 1',
    "doc.m.list[9]",
    "doc.m.none.x",
    '{"OK": 0}["NO"]',
    'sorted([1, "a"])',
]


@pytest.mark.parametrize(("text", "value"), TABLE)
def test_an_expression_has_its_value(text: str, value: object) -> None:
    assert Scope(VARIABLES).evaluate(text) == value
    assert evaluate(text, VARIABLES) == value


@pytest.mark.parametrize("text", UNDECIDED)
def test_what_is_missing_or_does_not_fit_is_undecided(text: str) -> None:
    answer = Scope(VARIABLES).decide(text)
    assert isinstance(answer, Undecided)
    assert answer.reason


def test_a_value_that_is_no_boolean_decides_nothing() -> None:
    assert Scope(VARIABLES).decide("1") == Undecided("it is int, not true or false")
    assert Scope(VARIABLES).decide("true") is True


@pytest.mark.parametrize("text", ["a ==", "", "(", "a b", '"', "x" * 10 + "("])
def test_what_is_no_expression_is_told_with_its_column(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(text)
    with pytest.raises(ExpressionError):
        Scope({}).evaluate(text)


def test_functions_can_be_added() -> None:
    assert Scope({}, {"twice": lambda x: 2 * x}).evaluate("twice(4)") == 8


def test_a_package_without_a_core_of_its_own_is_imported_whole() -> None:
    assert load_core("json").loads("1") == 1
    assert load_core("cel").compile("1 + 1").execute() == 2
