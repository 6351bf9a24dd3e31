"""One column of a table, cell after cell.

Knows: what must hold of each cell, of a cell and the one above it, of all of them.
Does not know: where the cells come from.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from runpact.model.contract.language import Column
from runpact.model.judge.cells import is_empty, limits_of, reader_of
from runpact.model.pattern import CostlyMatchError

MOST_KEPT = 250_000
"""Values remembered for `unique`; beyond it the column is undecided."""
_ORDERS: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "ascending": (operator.ge, "not less than the cell above"),
    "strictly_ascending": (operator.gt, "more than the cell above"),
    "descending": (operator.le, "not more than the cell above"),
    "strictly_descending": (operator.lt, "less than the cell above"),
}


class ColumnJudge:
    """Sees the cells of one column in order and says what is wrong with each."""

    def __init__(self, name: str, column: Column, equals: object = None) -> None:
        """Compile the column's checks; `equals` is what every cell must be, None for anything."""
        self.name = name
        self.column = column
        self.is_seen = False
        """Whether any row had the column."""
        self.is_overflown = False
        self.unmatched = ""
        """Why cells could not be matched against the column's pattern."""
        self._read = reader_of(column)
        self._limits = limits_of(column)
        self._equals = equals
        self._above: object = None
        self._rows = 0
        self._known: set[object] = set()
        self._is_stateful = bool(
            column.unique or column.order or column.first is not None or column.step is not None
        )

    def see(self, value: object) -> str:
        """Return what a cell should have been; empty when it is right."""
        if is_empty(value):
            return "" if self.column.empty else "a value"
        try:
            typed = self._read(value)
        except ValueError:
            return f"a {self.column.type}" if self.column.type != "integer" else "a whole number"
        try:
            told = self._limits(typed)
        except CostlyMatchError as error:
            self.unmatched, told = str(error), ""
        if (
            not told
            and self._equals is not None
            and typed != self._equals
            and str(value) != str(self._equals)
        ):
            told = f"{self._equals}"
        if self._is_stateful:
            told = told or self._in_turn(typed)
            self._above = typed
            self._rows += 1
        return told

    def _in_turn(self, typed: object) -> str:
        """Return what a cell should have been beside those above it."""
        column = self.column
        if column.unique:
            told = self._unique(typed)
            if told:
                return told
        if self._rows == 0:
            return "" if column.first is None or typed == column.first else f"{column.first} in the first row"
        if column.step is not None:
            return self._stepped(typed, column.step)
        if column.order is not None:
            compare, expected = _ORDERS[column.order]
            below, above = typed, self._above
            if column.type == "any":
                below, above = as_spelled(below), as_spelled(above)
            return "" if _holds(compare, below, above) else f"{expected}, {self._above}"
        return ""

    def _stepped(self, typed: object, step: float) -> str:
        if not isinstance(typed, int | float) or not isinstance(self._above, int | float):
            return "a number"
        wanted = self._above + step
        return "" if math.isclose(typed, wanted, rel_tol=1e-9, abs_tol=1e-12) else f"{wanted:g}"

    def _unique(self, typed: object) -> str:
        key = typed if isinstance(typed, str | int | float | bool) else repr(typed)
        if key in self._known:
            return "a value that stands once"
        if len(self._known) >= MOST_KEPT:
            self.is_overflown = True
        else:
            self._known.add(key)
        return ""


def as_spelled(value: object) -> object:
    """Return a number for a text that spells one, so that 10 comes after 9."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _holds(compare: Callable[[Any, Any], bool], cell: object, above: object) -> bool:
    try:
        return compare(cell, above)
    except TypeError:
        return False
