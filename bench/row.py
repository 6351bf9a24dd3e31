"""What a row of the table is.

To add one, write a function in a module of `rows/` and decorate it with `@row(...)`; nothing else names it.

Knows: budgets, units, how a row is declared.
Does not know: any row.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from contest import Contest

MILLISECONDS = "ms"

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    is_quick: bool

    def of(self, full: _Number, quick: _Number) -> _Number:
        """Return the one that is due."""
        return quick if self.is_quick else full


@dataclass(frozen=True)
class Count:
    """Something that is counted rather than timed."""

    value: int | None
    """None when it cannot be counted here."""
    budget: int
    notes: tuple[str, ...] = ()


Measured = Contest | Count


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    what: str
    budget: float | None
    """Largest ratio to the floor; None when the design sets none."""
    derived: str
    """How the budget follows from the figures of the design."""
    unit: str
    """`ms` a piece, or what is counted by the second."""
    goal: float | None
    """What the design asks of a quiet machine, in the unit: most milliseconds, or fewest pieces a second."""
    why: str
    """Told when the row misses its budget."""
    measure: Callable[[str, Scale], Measured]


ROWS: dict[str, Row] = {}


def row(
    name: str,
    what: str,
    *,
    budget: float | None = None,
    derived: str = "",
    unit: str = MILLISECONDS,
    goal: float | None = None,
    why: str = "",
) -> Callable[[Callable[[str, Scale], Measured]], Callable[[str, Scale], Measured]]:
    """Declare a row; the function gets an empty folder and the scale."""

    def declare(function: Callable[[str, Scale], Measured]) -> Callable[[str, Scale], Measured]:
        if name in ROWS:
            raise ValueError(f"two rows are named {name}")
        ROWS[name] = Row(name, what, budget, derived, unit, goal, why, function)
        return function

    return declare


def all_rows() -> dict[str, Row]:
    """Return every row, in the order of the modules and within them of the functions."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rows")
    for module in sorted(found.name for found in pkgutil.iter_modules([folder])):
        importlib.import_module(f"rows.{module}")
    return ROWS
