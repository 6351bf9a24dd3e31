"""A document as a tree in which every value knows its place.

Knows: values, lines, columns.
Does not know: YAML or JSON.
"""

from __future__ import annotations

import msgspec

Scalar = str | int | float | bool | None


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A scalar, a mapping or a list, with the place where it begins."""

    line: int
    column: int
    scalar: Scalar = None
    pairs: tuple[tuple[Node, Node], ...] | None = None
    """Keys and values of a mapping, in order."""
    items: tuple[Node, ...] | None = None

    @property
    def sort(self) -> str:
        """What a person calls it."""
        if self.pairs is not None:
            return "a mapping"
        if self.items is not None:
            return "a list"
        return _SORTS[type(self.scalar)]

    def value(self) -> object:
        """Return the plain value."""
        if self.pairs is not None:
            return {key.scalar: item.value() for key, item in self.pairs}
        if self.items is not None:
            return [item.value() for item in self.items]
        return self.scalar


_SORTS: dict[type, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    type(None): "nothing",
}
