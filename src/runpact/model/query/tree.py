"""What a filter means, in five sorts of nodes.

Knows: the nodes, and which stored form a value has.
Does not know: the text they were read from.

Everything a filter can say comes down to these: `a != 1` is "it exists, and not `a = 1`"; a day is a stretch
between two moments. So a filter has one meaning, whoever evaluates it.
"""

from __future__ import annotations

import enum

import msgspec

Scalar = str | int | float | bool | None
"""A value of a configuration or a metric."""
Stored = str | int | float | bytes
"""The form in which values are compared: truth values and null are bytes, so that `1` is never `true`."""

NULL, FALSE, TRUE = b"", b"\x00", b"\x01"
_LARGEST = 1 << 63


class Sort(enum.Enum):
    """What a field holds."""

    TEXT = "text"
    MOMENT = "moment"
    SECONDS = "seconds"
    NUMBER = "number"
    TRUTH = "truth"
    ANY = "any"
    """Whatever a configuration or a metric says: compared only with values of its own sort."""


class Field(msgspec.Struct, frozen=True):
    """What a filter, an order or a column speaks of."""

    name: str
    sort: Sort
    column: str | None
    """Of the index; None for what differs from run to run."""


class Test(msgspec.Struct, frozen=True):
    """One comparison; it does not hold where the field is missing."""

    __test__ = False
    field: Field
    operator: str
    """`in`, `<`, `<=`, `>`, `>=` or `~`."""
    values: tuple[Stored, ...]
    """One value; several for `in`."""


class Exists(msgspec.Struct, frozen=True):
    """The field, or one below it, has a value, were it null."""

    field: Field


class Not(msgspec.Struct, frozen=True):
    """The inner node does not hold."""

    inner: Node


class And(msgspec.Struct, frozen=True):
    """All parts hold; also when there are none."""

    parts: tuple[Node, ...] = ()


class Or(msgspec.Struct, frozen=True):
    """One of the parts holds."""

    parts: tuple[Node, ...]


Node = Test | Exists | Not | And | Or


def stored(value: Scalar) -> Stored:
    """Return the form in which a value is compared."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return TRUE if value else FALSE
    if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        return float(value) if abs(value) < 10**300 else str(value)
    return value


def shown(value: Stored) -> Scalar:
    """Return the value of a stored form."""
    if isinstance(value, bytes):
        return None if value == NULL else value == TRUE
    return value


def fields_in(node: Node) -> tuple[Field, ...]:
    """Return the fields that a filter speaks of, each once."""
    if isinstance(node, Test | Exists):
        return (node.field,)
    parts = (node.inner,) if isinstance(node, Not) else node.parts
    return tuple(dict.fromkeys(field for part in parts for field in fields_in(part)))
