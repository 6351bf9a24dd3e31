"""Values of arrays that a golden record holds, and how far an array is from them."""

from __future__ import annotations

import numpy as np
import pytest

from runpact.formats.arrayvalues import LoadedValues
from runpact.formats.heldvalues import HeldValues, hold_values, load_held
from runpact.model.facts import Apart, ArrayFact, Deviation
from runpact.model.golden.record import HeldArray


def held(array: np.ndarray, most: int = 1000) -> HeldArray:
    return hold_values(LoadedValues(array), ArrayFact("a", array.dtype.str, array.shape), most)


def deviation(golden: np.ndarray, now: np.ndarray, most: int = 1000, relative: float = 0.0) -> Deviation:
    loaded = load_held(held(golden, most))
    assert isinstance(loaded, HeldValues), loaded
    found = loaded.deviation(LoadedValues(now), relative=relative, absolute=0.0)
    assert isinstance(found, Deviation), found
    return found


@pytest.mark.parametrize(
    "array",
    [
        np.array([1.5, np.nan, -np.inf]),
        np.array([0.1], dtype="<f4"),
        np.array([[1, 2], [3, 4]], dtype=">i2"),
        np.array([2**64 - 1], dtype=np.uint64),
        np.array([1 + 2j, complex(np.nan, 1)]),
        np.array([1 / 3], dtype=np.longdouble),
        np.array([True, False]),
        np.array(["ä", "b"]),
        np.array([b"ab", b"c"]),
        np.array(["2026-01-01"], dtype="datetime64[D]"),
        np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f8")]),
        np.array(3.5),
        np.zeros((0, 4)),
    ],
    ids=lambda array: str(array.dtype),
)
def test_an_array_is_equal_to_what_is_held_of_it(array: np.ndarray) -> None:
    assert deviation(array, array.copy()).different == 0


def test_the_first_value_that_counts_is_told_by_its_index() -> None:
    one = np.arange(6.0).reshape(2, 3)
    two = one.copy()
    two[0, 1] += 1e-9
    two[1, 2] = 7
    assert deviation(one, two, relative=1e-6) == Deviation(6, 2, 1, 2.0, Apart("[1, 2]", 5.0, 7.0))
    assert deviation(np.array(1.0), np.array(2.0)).apart == Apart("", 1.0, 2.0)
    assert deviation(np.array([b"ab"]), np.array([b"ac"])).apart == Apart("byte 1", 98, 99)


def test_spaced_values_are_told_by_their_place_in_the_whole() -> None:
    one = np.arange(10.0)
    two = one.copy()
    two[8] = 80.0
    assert held(one, 4).step == 3
    assert deviation(one, one, 4) == Deviation(4, 0, 0)
    assert deviation(one, two, 5).apart == Apart("[8]", 8.0, 80.0)


@pytest.mark.parametrize(
    ("place", "value", "where"), [(1, -5.0, "least"), (9, 50.0, "greatest"), (5, 3.0, "mean magnitude")]
)
def test_values_between_are_seen_in_measures_of_the_whole(place: int, value: float, where: str) -> None:
    one = np.arange(10.0)
    two = one.copy()
    two[place] = value
    found = deviation(one, two, 5)
    assert (found.beyond, found.apart.where) == (1, where)
    assert deviation(one, one * (1 + 1e-7), 5, relative=1e-6).beyond == 0
    assert deviation(one, two, 5, relative=1.0).beyond == 0


def test_measures_that_are_no_numbers_are_compared_as_texts() -> None:
    one = np.array([0.0, np.nan, 0.0, 0.0])
    two = np.array([0.0, 1.0, 0.0, 0.0])
    assert deviation(one, one, 2) == Deviation(2, 0, 0)
    assert deviation(one, two, 2).apart == Apart("least", "nan", "0.0")


def test_texts_are_held_without_measures() -> None:
    array = np.array(list("abcdef"))
    assert held(array, 3) == HeldArray(dtype="<U1", shape=(6,), values=["a", "c", "e"], step=2)
    assert deviation(array, array, 3).different == 0


def test_an_array_of_another_size_or_none_cannot_be_compared() -> None:
    loaded = HeldValues(held(np.arange(4.0)))
    other = LoadedValues(np.arange(5.0))
    assert loaded.deviation(other, relative=0, absolute=0) == "they are not of the same size"
    assert loaded.deviation(1, relative=0, absolute=0) == "they are not held in memory"


@pytest.mark.parametrize("values", [["much"], [[1.0]], [{}]])
def test_values_that_are_none_of_their_type_are_a_reason(values: list) -> None:
    assert "cannot be read" in str(load_held(HeldArray(dtype="<f8", shape=(1,), values=values)))
