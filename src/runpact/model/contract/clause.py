"""What every clause of a contract has, and the small words clauses share.

Knows: rule ids, severities, migration grace, bounds.
Does not know: what a clause is about.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Expression = Annotated[str, Meta(description="a CEL expression")]
Presence = bool | Expression
"""`true`, `false`, or an expression that says so."""
Grade = Literal["advice", "warning", "incomplete", "error"]
Scalar = str | int | float | bool | None
Bindings = dict[str, Expression]
"""Names bound one after the other, each to every item of a list or map; later ones may use earlier ones."""


class Clause(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every clause may say about itself."""

    id: str | None = None
    """The rule that findings name, as in a requirement's number; by default the clause's place."""
    severity: Grade | None = None
    """What a fault weighs; by default `incomplete` for what is missing and `error` for what is wrong."""
    ids: dict[str, str] = {}
    """Rule ids by finding code, where they differ: `{missing: R1, schema: R2, too-few: R3}`."""
    error_from: str | None = None
    """Version of the contract from which a fault weighs its severity; before it is a warning."""
    description: str = ""
    """For people; printed by `contract docs`."""

    @property
    def says_how_to_tell(self) -> bool:
        """Whether it says how its faults weigh or are named; one that does not leaves it to its entry."""
        return bool(self.severity or self.error_from or self.ids)


class Count(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many there must be."""

    min: int | Expression | None = None
    """At least so many."""
    max: int | Expression | None = None
    """At most so many."""
    equals: int | Expression | None = None
    """A number, or an expression that yields it."""


class Size(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many bytes a file must have; the bounds themselves pass."""

    min: int | Expression | None = None
    """At least so many bytes."""
    max: int | Expression | None = None
    """At most so many bytes."""
    equals: int | Expression | None = None
    """A number, or an expression over other documents, as for raw binaries."""
