"""The answer to a comparison: rows in sections, and what they add up to.

Knows: the five ways in which values stand to each other, which of them decide.
Does not know: where values come from, how rows are shown.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence

import msgspec

from runpact.model.facts import Apart, Json

ABSENT = msgspec.UNSET
"""Stands for a value that a run does not have."""


class Likeness(enum.Enum):
    """How the values of several runs stand to each other, the best first."""

    SAME = "same"
    TOLERATED = "tolerated"
    """Other bytes or numbers, and equal under the contract's determinism."""
    VOLATILE = "volatile"
    """The contract says that they may differ."""
    NOTED = "noted"
    """Worth telling, and never decisive: no run knows, or it decides nothing by itself."""
    UNDECIDED = "undecided"
    DIFFERENT = "different"


_ORDER = tuple(Likeness)
TOLD = frozenset({Likeness.NOTED, Likeness.UNDECIDED, Likeness.DIFFERENT})
"""What is shown unless all is asked for."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One fact of each run."""

    key: str
    values: tuple[Json, ...]
    """One for each run; null for one that has none."""
    absent: tuple[int, ...] = ()
    """Positions of the runs that have no such fact."""
    likeness: Likeness
    remark: str = ""
    apart: Apart | None = None
    """Of an array, the first of its values that counts; of the first run that is so unlike."""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Rows about one part of the runs."""

    name: str
    rows: tuple[Row, ...]

    def count(self, likeness: Likeness) -> int:
        """Return how many rows stand so."""
        return sum(row.likeness is likeness for row in self.rows)

    @property
    def told(self) -> tuple[Row, ...]:
        """The rows that differ, or could not be compared."""
        return tuple(row for row in self.rows if row.likeness in TOLD)


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What a comparison of two or more runs found; each is held against the first."""

    runs: tuple[str, ...]
    """Their directories, as they are shown."""
    sections: tuple[Section, ...]

    @property
    def likeness(self) -> Likeness:
        """The worst that decides: `same`, `undecided` or `different`."""
        worst = worst_of(row.likeness for section in self.sections for row in section.rows)
        return worst if worst in {Likeness.UNDECIDED, Likeness.DIFFERENT} else Likeness.SAME

    @property
    def is_equal(self) -> bool:
        """Whether the runs are equal under their contract's determinism."""
        return self.likeness is Likeness.SAME

    @property
    def differences(self) -> dict[str, tuple[Row, ...]]:
        """The rows that differ or could not be compared, by section; sections without any are left out."""
        return {section.name: section.told for section in self.sections if section.told}


def worst_of(found: Iterable[Likeness]) -> Likeness:
    """Return the one that weighs most; `same` for none."""
    return max(found, key=_ORDER.index, default=Likeness.SAME)


def row_of(
    key: str, values: Sequence[Json], likeness: Likeness, remark: str = "", apart: Apart | None = None
) -> Row:
    """Return a row whose absent values are told apart from null."""
    return Row(
        key=key,
        values=tuple(None if value is ABSENT else value for value in values),
        absent=tuple(number for number, value in enumerate(values) if value is ABSENT),
        likeness=likeness,
        remark=remark,
        apart=apart,
    )


def plain_row(key: str, values: Sequence[Json], remark: str = "") -> Row:
    """Return a row whose values must be equal."""
    is_same = all(is_equal(values[0], value) for value in values[1:])
    return row_of(key, values, Likeness.SAME if is_same else Likeness.DIFFERENT, remark)


def is_equal(first: Json, other: Json) -> bool:
    """Whether two values are the same JSON: no truth value is a number, 1 and 1.0 are one number."""
    if isinstance(first, bool) or isinstance(other, bool):
        return first is other
    if isinstance(first, dict) and isinstance(other, dict):
        return first.keys() == other.keys() and all(is_equal(first[key], other[key]) for key in first)
    if isinstance(first, list | tuple) and isinstance(other, list | tuple):
        return len(first) == len(other) and all(map(is_equal, first, other))
    return first == other
