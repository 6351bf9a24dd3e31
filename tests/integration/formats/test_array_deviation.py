"""How far two arrays are apart."""

from __future__ import annotations

import numpy as np
import pytest

from runpact.formats.arrayvalues import LoadedValues
from runpact.model.facts import Apart, Deviation

NAN, INF = float("nan"), float("inf")


def deviation(one: list, two: list, dtype: str, relative: float = 0.0, absolute: float = 0.0) -> object:
    first, other = (LoadedValues(np.array(each, dtype=dtype)) for each in (one, two))
    return first.deviation(other, relative=relative, absolute=absolute)


@pytest.mark.parametrize(
    ("one", "two", "dtype", "expected"),
    [
        ([1, 2], [1, 2], "<f8", Deviation(2, 0, 0)),
        ([], [], "<f8", Deviation(0, 0, 0)),
        ([NAN, 1], [NAN, 1], "<f4", Deviation(2, 0, 0)),
        ([NAN, 1], [0, 1], "<f4", Deviation(2, 1, 1, None, Apart("[0]", "nan", 0.0))),
        ([INF, 1], [INF, 3], "<f8", Deviation(2, 1, 1, 2.0, Apart("[1]", 1.0, 3.0))),
        ([INF, 1], [-INF, 1], "<f8", Deviation(2, 1, 1, None, Apart("[0]", "inf", "-inf"))),
        ([0, 255], [0, 0], "|u1", Deviation(2, 1, 1, 255.0, Apart("[1]", 255, 0))),
        ([True, False], [True, True], "?", Deviation(2, 1, 1, None, Apart("[1]", "False", "True"))),
        (["a", "b"], ["a", "c"], "<U1", Deviation(2, 1, 1, None, Apart("[1]", "b", "c"))),
        ([1 + 1j], [1 - 1j], "<c16", Deviation(1, 1, 1, 2.0, Apart("[0]", "(1+1j)", "(1-1j)"))),
        ([[1, 2], [3, 4]], [[1, 2], [3, 5]], "<i8", Deviation(4, 1, 1, 1.0, Apart("[1, 1]", 4, 5))),
    ],
)
def test_values_that_are_not_the_same_are_counted(one, two, dtype, expected) -> None:
    assert deviation(one, two, dtype) == expected


def test_values_within_a_tolerance_are_not_beyond_it_and_the_bound_is_within() -> None:
    assert deviation([1.0, 10.0], [1.5, 12.0], "<f8", absolute=0.5) == Deviation(
        2, 2, 1, 2.0, Apart("[1]", 10.0, 12.0)
    )
    assert deviation([8.0, 10.0], [10.0, 12.0], "<f8", relative=0.2) == Deviation(
        2, 2, 0, 2.0, Apart("[0]", 8.0, 10.0)
    )


def test_arrays_of_other_sizes_or_kinds_cannot_be_compared() -> None:
    assert deviation([1], [1, 2], "<f8") == "they are not of the same size"
    loaded = LoadedValues(np.ones(1))
    assert loaded.deviation(1, relative=0, absolute=0) == "they are not held in memory"
