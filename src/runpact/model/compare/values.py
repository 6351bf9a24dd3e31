"""Where two documents differ.

Knows: how documents are walked side by side, when two values count as equal.
Does not know: files.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

from runpact.model.compare.allowance import FileAllowance, Parts, is_within
from runpact.model.compare.row import ABSENT, Likeness, is_equal
from runpact.model.facts import Json


class Difference(NamedTuple):
    """One place where two documents are not the same."""

    place: Parts
    first: Json
    other: Json
    likeness: Likeness

    @property
    def pointer(self) -> str:
        """The place as a JSON pointer."""
        return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in self.place)


def differences(
    first: Json, other: Json, allowance: FileAllowance, *, is_table: bool = False, place: Parts = ()
) -> Iterator[Difference]:
    """Yield every place where two documents differ, in the order of the first.

    Args:
        first: A document.
        other: Another one.
        allowance: What may differ.
        is_table: Texts that read as numbers are numbers.
        place: Where the two stand.
    """
    if allowance.is_volatile(place):
        if not is_equal(first, other):
            yield Difference(place, first, other, Likeness.VOLATILE)
    elif isinstance(first, dict) and isinstance(other, dict):
        keys = [*first, *(key for key in other if key not in first)]
        for key in keys:
            pair = first.get(key, ABSENT), other.get(key, ABSENT)
            yield from differences(*pair, allowance, is_table=is_table, place=(*place, str(key)))
    elif isinstance(first, list) and isinstance(other, list):
        pairs = itertools.zip_longest(first, other, fillvalue=ABSENT)
        for number, pair in enumerate(pairs):
            yield from differences(*pair, allowance, is_table=is_table, place=(*place, str(number)))
    else:
        yield from _scalars(first, other, allowance, place, is_table=is_table)


def _scalars(
    first: Json, other: Json, allowance: FileAllowance, place: Parts, *, is_table: bool
) -> Iterator[Difference]:
    one, two = number_in(first, is_table=is_table), number_in(other, is_table=is_table)
    if one is None or two is None:
        if not is_equal(first, other):
            yield Difference(place, first, other, Likeness.DIFFERENT)
    elif one != two:
        is_near = is_within(one, two, allowance.tolerance(place))
        yield Difference(place, first, other, Likeness.TOLERATED if is_near else Likeness.DIFFERENT)


def number_in(value: Json, *, is_table: bool) -> float | None:
    """Return a value as a number, of a table also a text that reads as one; None when it is none."""
    if isinstance(value, int | float):
        return None if isinstance(value, bool) else value
    if not (is_table and isinstance(value, str)):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
