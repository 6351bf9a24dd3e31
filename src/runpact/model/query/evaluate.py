"""A filter as a predicate.

Knows: what each node asks of a run.
Does not know: how a run is stored; it is asked for values by field.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Protocol

from runpact.model.query.glob import glob_holds
from runpact.model.query.tree import And, Exists, Field, Node, Not, Stored, Test

_ORDERS: dict[str, Callable[[Stored, Stored], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Subject(Protocol):
    """A run, asked by field."""

    def value(self, field: Field) -> Stored | None:
        """Return the stored form of a value; None when there is none."""

    def has(self, field: Field) -> bool:
        """Whether there is a value there or below it."""


def holds(node: Node, run: Subject) -> bool:
    """Whether a filter holds for a run."""
    if isinstance(node, Test):
        return _test(node, run.value(node.field))
    if isinstance(node, Exists):
        return run.has(node.field)
    if isinstance(node, Not):
        return not holds(node.inner, run)
    wanted = all if isinstance(node, And) else any
    return wanted(holds(part, run) for part in node.parts)


def _test(test: Test, value: Stored | None) -> bool:
    if value is None:
        return False
    if test.operator == "in":
        return any(_is_alike(value, each) and value == each for each in test.values)
    (bound,) = test.values
    if not _is_alike(value, bound):
        return False
    if test.operator == "~":
        return glob_holds(str(bound), value)
    return _ORDERS[test.operator](value, bound)


def _is_alike(value: Stored, other: Stored) -> bool:
    return _class_of(value) is _class_of(other)


def _class_of(value: Stored) -> type:
    return float if isinstance(value, int | float) else type(value)
