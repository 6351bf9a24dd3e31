"""Names bound by captures and by `foreach`, each with the place its value came from.

Knows: bindings, their places, how a chain of names leads on from a place.
Does not know: files or expressions.
"""

from __future__ import annotations

import msgspec

from runpact.model.expression import Undecided
from runpact.model.reference import Reference, pointer_of

_CONTENTS = frozenset({"doc", "rows", "lines"})


class Located(msgspec.Struct, frozen=True):
    """Where a value stands."""

    path: str
    pointer: str = ""
    is_pair: bool = False
    """The value is `{key, value}` of a map; both stand at the pointer."""
    is_loose: bool = False
    """The value was worked out of what stands here; nothing of it has a place of its own."""

    def below(self, parts: tuple[str, ...]) -> Located:
        """Return the place that a chain of names leads to."""
        if self.is_loose:
            return self
        if self.is_pair and parts:
            parts = parts[1:]
        return Located(self.path, self.pointer + pointer_of(parts))

    @property
    def text(self) -> str:
        """As findings name it: `file` or `file#/pointer`."""
        return f"{self.path}#{self.pointer}" if self.pointer else self.path


class Frame(msgspec.Struct, frozen=True):
    """The names that are bound while one claim or rule is judged."""

    variables: dict[str, object] = {}
    places: dict[str, Located] = {}

    def bound(self, name: str, value: object, place: Located, *, index: int, previous: object) -> Frame:
        """Return this frame with one more name."""
        counts = self.variables.get("index", {})
        before = self.variables.get("previous", {})
        return Frame(
            self.variables
            | {
                name: value,
                "index": {**counts, name: index} if isinstance(counts, dict) else {name: index},
                "previous": {**before, name: previous} if isinstance(before, dict) else {name: previous},
            },
            self.places | {name: place},
        )

    def with_captures(self, captures: dict[str, str]) -> Frame:
        """Return this frame with the captures of a path."""
        return Frame(self.variables | captures, self.places) if captures else self

    def place_of(self, reference: Reference) -> Located | None:
        """Return where a reference to a bound name stands."""
        place = self.places.get(reference.root)
        if place is None:
            return None
        is_file = not place.pointer and not place.is_pair
        if is_file and reference.parts and reference.parts[0] in _CONTENTS:
            return Located(place.path, pointer_of(reference.parts[1:]))
        return place if is_file else place.below(reference.parts)


EMPTY = Frame()


class Stuck(msgspec.Struct, frozen=True):
    """A list of items that could not be told, and the names bound until then."""

    answer: Undecided
    frame: Frame
