"""How many steps an expression may take."""

from __future__ import annotations

import pytest

from runpact.model.cost import MOST_STEPS, nested_ranges, steps
from runpact.model.expression import Scope, Undecided

CASES = [
    ("1 + 1", ()),
    ("rows.a.all(x, x.id > 0)", ()),
    ("rows.a.all(x, x.tags.all(t, t != ''))", ()),
    ("rows.a.all(x, rows.b.exists(y, y.id == x.id))", (("rows.a", "rows.b"),)),
    ("doc.m['a'].map(x, distinct(rows.b.map(y, y)))", (("doc.m['a']", "rows.b"),)),
    ("rows.a.filter(x, x.ok).all(x, rows.b.all(y, y != x))", (("rows.a.filter(x, x.ok)", "rows.b"),)),
    ('rows.a.all(x, x != ").all(y, " || rows.b.all(y, y))', (("rows.a", "rows.b"),)),
    ("a.all(x, b.all(y, c.all(z, x == y)))", (("a", "b"), ("a", "b", "c"))),
    ("a.all(x, b.all(y, x", (("a", "b"),)),
    ("flatten([a, b]).all(x, c.all(y, x == y))", (("flatten([a, b])", "c"),)),
    (") a].all(x, b.all(y, y))", ((") a]", "b"),)),
]


@pytest.mark.parametrize(("text", "chains"), CASES)
def test_only_loops_inside_each_other_multiply(text: str, chains: tuple[tuple[str, ...], ...]) -> None:
    assert [tuple(over.strip() for over in chain) for chain in nested_ranges(text)] == [
        tuple(over.strip() for over in chain) for chain in chains
    ]


def test_the_steps_are_the_product_of_the_longest_lists() -> None:
    sizes = {"a": 10, "b": 20, "c": 30}
    assert steps("a.all(x, b.all(y, x == y))", sizes.get) == 200
    assert steps("a.all(x, b.map(z, z).all(y, c.all(w, w == x)))", sizes.get) == 6000
    assert steps("n.all(x, b.all(y, x == y))", sizes.get) == 20
    assert steps("a.all(x, x)", sizes.get) == 0


def test_an_expression_that_would_not_end_in_time_is_undecided() -> None:
    rows = [{"id": number} for number in range(3000)]
    scope = Scope({"rows": {"a": rows, "b": rows}})
    answer = scope.evaluate("rows.a.all(x, rows.b.exists(y, y.id == x.id))")
    assert isinstance(answer, Undecided)
    assert f"9,000,000 steps, more than {MOST_STEPS:,}" in answer.reason
    assert scope.evaluate("rows.a.all(x, x.id >= 0)") is True
