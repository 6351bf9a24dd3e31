"""How many steps an expression may take."""

from __future__ import annotations

import pytest

from runpact.model.cost import MOST_STEPS, items_in, nested_ranges, steps
from runpact.model.expression import ExpressionError, Scope, Undecided
from runpact.model.reference import Reference

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


class Known:
    """Lists and texts by the chain of names that leads to them."""

    def __init__(self, **values: object) -> None:
        self.values = values

    def size(self, reference: Reference) -> object:
        return self.values.get(reference.text)

    def length(self, over: str) -> object:
        return 7 if over.startswith("range") else Undecided("unknown")


SIZES = Known(a=[0] * 10, b=[0] * 20, c=[0] * 30, n=3, text="x" * 4096, rows=[{"t": "y" * 160}] * 5)


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("a.all(x, b.all(y, x == y))", 200),
        ("a.all(x, b.map(z, z).all(y, c.all(w, w == x)))", 200 + 200 + 6000 + 10 * (20**2 // 16)),
        ("n.all(x, b.all(y, x == y))", 20),
        ("a.all(x, x)", 0),
        ("range(7).all(x, a.all(y, x == y))", 70),
        ("[n].all(x, a.all(y, x == y))", 10),
        ("a.all(x, x in c)", 10 * (1 + 30 // 16)),
        ("a.all(x, text.contains(x))", 10 * (1 + 4096 // 1024)),
        ("a.map(x, text + x)", 10 * (1 + 4096 // 16) + 10**2 // 16),
        ("a.map(x, x)", 10**2 // 16),
        ("c.filter(x, x > 1)", 30**2 // 16),
        ("c.map(x, {'a': x})", 30**2 // 2),
        ("c.map(x, [x])", 30**2 // 2),
        ("c.map(x, a[x])", 30**2 // 16),
        ("rows.map(x, rows.map(y, x + y))", 25 * (1 + 2 * (160 // 16)) + 1 + 5),
        ("a.map(x, text)", 10 * (1 + 4096 // 16) + 10**2 // 16),
        ("a.map(x, c)", 10 * (1 + 30) + 10**2 // 16),
        ("[n].map(x, rows.map(y, x + y))", 5 * (1 + 160 // 16) + 1),
        ("a.all(x, sum(c) > x)", 10 * (1 + 30)),
        ("a.map(x, [x, x]).map(x, [x, x, x])", 2 * 10**2 // 2),
        ("text + text", 4096 // 16),
        ("rows.k.all(x, rows.k[x] == x)", 0),
    ],
)
def test_what_multiplies_is_counted(text: str, taken: int) -> None:
    assert steps(text, SIZES) == taken


def test_taking_items_of_a_list_in_a_loop_costs_the_list() -> None:
    assert steps("a.all(x, d.k[x] == x)", Known(a=[0] * 10, **{"d.k": [[1], [2]]})) == 10 * (1 + 4)


def test_no_more_values_are_counted_than_steps_are() -> None:
    assert items_in([[0] * 1000] * 10_000) > MOST_STEPS


GREEDY = [
    "['aaaaaaaa']" + ".map(a, a + a)" * 40,
    "range(1000000).all(a, range(1000000).all(b, a != b))",
    "range(1000000).map(x, text.big + 'b') == []",
    "rows.a.all(r, r in rows.b)",
    "'' == " + " + ".join(["text.big"] * 300),
    "size(flatten(range(1000).map(x, range(1000000)))) > 0",
    "replace(text.big, 'x', text.big) == ''",
    "pad(1, 1000000000) == ''",
    "join(range(1000), text.big) == ''",
    "split(text.big, 'x') == []",
    "split(text.big + '  ') == []",
]


@pytest.mark.parametrize("text", GREEDY)
def test_what_would_fill_the_memory_is_undecided(text: str) -> None:
    rows = list(range(20_000))
    scope = Scope({"rows": {"a": rows, "b": rows}, "text": {"big": "x" * 2_000_002}})
    assert isinstance(scope.evaluate(text), Undecided)


def test_an_expression_too_long_to_follow_is_refused() -> None:
    with pytest.raises(ExpressionError, match="more than 4,096"):
        Scope({}).evaluate("run" + ".a" * 30_000)


def test_a_name_that_is_no_text_can_be_spoken_of() -> None:
    scope = Scope({"files": {"a": [{"path": "\udcff.json", "size": 1, "n": None}]}})
    assert scope.evaluate("files.a[0].path") == "?.json"


def test_an_expression_that_would_not_end_in_time_is_undecided() -> None:
    rows = [{"id": number} for number in range(3000)]
    scope = Scope({"rows": {"a": rows, "b": rows}})
    answer = scope.evaluate("rows.a.all(x, rows.b.exists(y, y.id == x.id))")
    assert isinstance(answer, Undecided)
    assert f"9,000,000 steps, more than {MOST_STEPS:,}" in answer.reason
    assert scope.evaluate("rows.a.all(x, x.id >= 0)") is True
