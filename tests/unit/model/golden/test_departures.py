"""How rows of a comparison become departures, and what they weigh."""

from __future__ import annotations

import pytest

from runpact.model.compare.allowance import Allowance
from runpact.model.compare.row import ABSENT, Likeness, row_of
from runpact.model.contract.rule import Determinism, Tolerance
from runpact.model.facts import Apart
from runpact.model.finding import Verdict
from runpact.model.golden.departure import Departure, GoldenAnswer, counted, departures

NOTHING = Allowance(Determinism())
SOME = Allowance(Determinism(tolerances={"a.json#/x": Tolerance(relative=0.1)}))


def answer(*what: str, compared: int = 1) -> GoldenAnswer:
    found = tuple(Departure(what=each, path="a") for each in what)
    return GoldenAnswer(name="n", run="r", departures=found, compared=compared, equal=0, tolerated=0)


@pytest.mark.parametrize(
    ("what", "verdict"),
    [
        ((), Verdict.OK),
        (("added",), Verdict.WARNING),
        (("added", "missing"), Verdict.INCOMPLETE),
        (("undecided",), Verdict.INCOMPLETE),
        (("missing", "different"), Verdict.ERROR),
    ],
)
def test_the_worst_departure_decides(what: tuple[str, ...], verdict: Verdict) -> None:
    assert answer(*what).verdict is verdict


def test_nothing_compared_is_not_equal() -> None:
    assert answer(compared=0).verdict is Verdict.INCOMPLETE


def test_the_values_of_a_file_are_told_and_the_file_is_not() -> None:
    rows = [
        row_of("a.json", ["d1", "d2"], Likeness.DIFFERENT, "1 value differs"),
        row_of("a.json#/x", [1.0, 1.25], Likeness.DIFFERENT),
        row_of("a.json#/y", [1.0, 2.0], Likeness.VOLATILE),
        row_of("b.bin", ["d1", "d2"], Likeness.DIFFERENT, "other bytes"),
        row_of("c.json", ["d1", ABSENT], Likeness.DIFFERENT, "not in every run"),
        row_of("d.json", [ABSENT, "d1"], Likeness.DIFFERENT, "not in every run"),
        row_of("e.json", ["d1", "d1"], Likeness.SAME),
        row_of("f.json", ["d1", "d2"], Likeness.UNDECIDED, "why"),
    ]
    found = list(departures(rows, SOME))
    assert [(each.what, each.path, each.pointer) for each in found] == [
        ("different", "a.json", "/x"),
        ("different", "b.bin", ""),
        ("missing", "c.json", ""),
        ("added", "d.json", ""),
        ("undecided", "f.json", ""),
    ]
    first = found[0]
    assert (first.golden, first.now, first.absolute_error, first.relative_error) == (1.0, 1.25, 0.25, 0.2)
    assert first.tolerance == Tolerance(relative=0.1)
    assert counted(rows, ["a.json", "b.bin", "c.json", "e.json", "f.json"]) == (5, 1, 0)
    assert list(departures([], NOTHING)) == []
    assert list(departures([row_of("a", ["d", "d"], Likeness.SAME)], NOTHING)) == []


def test_a_file_whose_values_are_all_allowed_is_told_when_it_departs_itself() -> None:
    rows = [
        row_of("a.json", ["d1", "d2"], Likeness.DIFFERENT, "more values differ than are listed"),
        row_of("a.json#/y", [1.0, 2.0], Likeness.TOLERATED),
    ]
    assert [(each.path, each.pointer) for each in departures(rows, NOTHING)] == [("a.json", "")]


def test_the_value_of_an_array_is_told_with_its_index_and_zero_has_no_relative_error() -> None:
    rows = [
        row_of("a.npz", ["d1", "d2"], Likeness.DIFFERENT),
        row_of("a.npz#/z", ["float64 (2)", "float64 (2)"], Likeness.DIFFERENT, "1 of 2", Apart("[1]", 0, 0)),
        row_of("a.npz#/n", ["float64 (2)", "float64 (2)"], Likeness.DIFFERENT, "", Apart("[0]", "nan", 1)),
    ]
    zero, text = departures(rows, NOTHING)
    assert (zero.index, zero.golden, zero.now, zero.relative_error) == ("[1]", 0, 0, 0)
    assert (text.golden, text.now, text.relative_error, text.tolerance) == ("nan", 1, None, None)


def test_truth_values_are_no_numbers() -> None:
    rows = [row_of("a", ["1", "2"], Likeness.DIFFERENT), row_of("a#/x", [True, 2], Likeness.DIFFERENT)]
    (found,) = departures(rows, NOTHING)
    assert found.absolute_error is None


def test_texts_of_tables_that_read_as_numbers_have_an_error() -> None:
    rows = [
        row_of("a.csv", ["d1", "d2"], Likeness.DIFFERENT),
        row_of("a.csv#/0/x", ["1.0", "1.25"], Likeness.DIFFERENT),
        row_of("a.csv#/0/y", ["one", "1"], Likeness.DIFFERENT),
    ]
    assert [each.relative_error for each in departures(rows, NOTHING, {"a.csv"})] == [0.2, None]
    assert [each.relative_error for each in departures(rows, NOTHING)] == [None, None]
