"""Rules across the files of a run, and what else is said about a run as a whole.

Knows: keys, types, defaults and one line of documentation for each.
Does not know: YAML, files, how a rule is judged.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from typing import Any, Literal

import msgspec

from runpact.model.contract.clause import Bindings, Clause, Expression


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"with_": "with"}):
    """A one-to-one join: every item on the left has exactly one partner on the right, and the reverse."""

    each: Expression
    """The left list, as in `files.predictions`."""
    by: str
    """Its key: a capture, a column or a field."""
    with_: Expression
    """The right list, as in `rows.frames`."""
    on: str | None = None
    """Its key; by default `by`."""
    equal: tuple[str, ...] = ()
    """Further fields that agree between partners."""
    kind: Literal["one_to_one", "same_keys", "left_in_right", "right_in_left"] = "one_to_one"
    """`same_keys` and the other two do not mind a key that stands more than once."""


class Validator(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A check written in Python, for what no expression can say."""

    name: str
    """As an installed package or the workspace's contract registers it."""
    version: str
    """The version that must be registered; another one leaves the rule undecided."""
    arguments: dict[str, Any] = {}
    """Given to the function by name."""


class Rule(Clause, frozen=True, kw_only=True):
    """A condition across the files of a run: exactly one of `check`, `match`, `validator`."""

    id: str
    check: Expression | tuple[Expression, ...] | None = None
    """What holds; of several, each is judged on its own."""
    match: Match | None = None
    """A join by key between two lists."""
    validator: Validator | None = None
    """A check in Python."""
    when: Expression | None = None
    """Where it does not hold, the rule does not apply."""
    foreach: Bindings = {}  # noqa: RUF012 - frozen; msgspec copies it
    """Judge once for each item: `index.<name>` is its number, `previous.<name>` the item before it."""
    at: str | None = None
    """The place findings name, as in `doc.metrics.loss`, or an expression that yields a path; by default
    the first place that `check` refers to."""
    message: str = ""
    """What findings say instead of the condition."""
    hint: str = ""
    """What to do about it."""
    relax: str | None = None
    """Why this rule is looser than the inherited one it replaces."""


class Aspects(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rule ids of an inventory's three aspects, where they differ from its own."""

    form: str | None = None
    """Lines, keys and paths are well formed."""
    covers: str | None = None
    """Nothing is left out, nothing is too much."""
    digests: str | None = None
    """The files listed exist and are what their digests say."""


class Inventory(Clause, frozen=True, kw_only=True):
    """A file that lists files with their digests: a checksum file, or a map or list in a document."""

    of: str
    """The entry that holds it."""
    at: str = ""
    """JSON pointer of the map or list in a document."""
    form: Literal["map", "list", "lines"] = "map"
    """`{path: digest}`, a list of objects, or lines `digest  path` as `sha256sum` writes them."""
    path: str = "path"
    """Key of the path in a list."""
    digest: str = "sha256"
    """Key of the digest in a list."""
    algorithm: Literal["sha256", "sha512", "sha1", "md5", "blake2b"] = "sha256"
    """What the digests are made with."""
    base: str = "."
    """Directory that the paths begin in, relative to the run; captures and bindings allowed."""
    covers: tuple[str, ...] | Expression = ()
    """What must be listed: patterns, or an expression that yields paths (those that exist)."""
    exclude: tuple[str, ...] = ()
    """Patterns that are not covered."""
    closed: bool = False
    """Nothing but what `covers` says may be listed."""
    sorted: bool = False
    """Paths ascend by code point."""
    prefix: Literal["optional", "forbidden", "required"] = "optional"
    """Whether digests begin with the algorithm, as in `sha256:`."""
    rules: Aspects = Aspects()
    """A rule's id for each thing that can be wrong; without one, the inventory's."""


class States(Clause, frozen=True, kw_only=True):
    """The states a document of this layout records, and the moves between them."""

    word: Expression
    """Where the state stands, as in `doc.session_status.state`."""
    moves: dict[str, tuple[str, ...]]
    """Allowed next states by state; a state without any is final."""
    initial: tuple[str, ...] = ()
    """States that a history may begin with; by default any."""
    history: Expression | None = None
    """The list of records, oldest first, whose `field` is the state after each move."""
    field: str = "state"
    """The field of a history's row that holds the word."""
    reason: Expression | None = None
    """Why it ended, where a state asks for a reason."""
    reasons: dict[str, tuple[str, ...]] = {}  # noqa: RUF012 - frozen; msgspec copies it
    """Allowed reasons by state."""


class Tolerance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far two numbers may be apart and still count as equal."""

    relative: float = 0.0
    """Of the larger of the two values."""
    absolute: float = 0.0
    """In the value's own unit."""


class Determinism(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may differ between two runs of the same code, configuration and inputs."""

    volatile: tuple[str, ...] = ()
    """Places that may differ: `logs/**`, `metadata.json#/created_at`."""
    tolerances: dict[str, Tolerance] = {}
    """By place, as in `metrics.json#/loss`; `*` stands for one part."""


class Tier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named level that a run without faults may reach."""

    when: Expression = "true"
    """What must hold beside a verdict of OK or WARNING."""
    rules: tuple[str, ...] = ()
    """Only these rules must hold; by default all."""
    description: str = ""
    """For people; printed by `contract docs`."""
