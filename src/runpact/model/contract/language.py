"""Every word of the contract language, as immutable values.

Knows: keys, types, defaults and one line of documentation for each.
Does not know: YAML, files, how a run is judged.

A struct's field is a key of the document, `in_` standing for `in`. The reader, the JSON Schema of
the contract file and the reference are all made from these declarations.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Expression = Annotated[str, Meta(description="a CEL expression")]
Presence = bool | Expression
"""`true`, `false`, or an expression that says so."""


class Count(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many files a pattern may match."""

    min: int | None = None
    max: int | None = None
    equals: int | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"as_": "as"}):
    """What may stand in a run: exactly one of `file`, `dir` and `files`."""

    file: str | None = None
    dir: str | None = None
    files: str | None = None
    """A pattern: `*`, `**` and captures `{name:form}`."""
    as_: str | None = None
    """Name in rules; by default the stem of the path."""
    required: Presence = True
    forbidden: Presence = False
    count: Count | None = None
    schema: str | None = None
    """JSON Schema 2020-12, relative to the contract's folder."""
    fields: dict[str, Expression] | Expression | None = None
    """How runpact writes the file: a value by key, or the whole document."""
    written: Literal["start", "change", "seal"] = "seal"
    """`start`, `change` or `seal`."""
    description: str = ""

    @property
    def path(self) -> str:
        """The path or pattern, whichever of the three was given."""
        return self.file or self.dir or self.files or ""

    @property
    def name(self) -> str:
        """The name rules use."""
        if self.as_:
            return self.as_
        last = self.path.rstrip("/").rsplit("/", 1)[-1]
        return last.split(".", 1)[0] if not last.startswith(".") else last


class FormatRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"in_": "in"}):
    """File formats allowed where a glob matches; the first match decides."""

    in_: str
    allow: tuple[str, ...]


class Records(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a layout puts runpact's own records, relative to the run directory."""

    manifest: str = ".runpact/manifest.json"
    events: str = ".runpact/events.jsonl"
    metrics: str = ".runpact/metrics.jsonl"


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A condition across the files of a run."""

    id: str
    check: Expression
    when: Expression | None = None
    severity: Literal["advice", "warning", "incomplete", "error"] = "error"
    message: str = ""
    hint: str = ""


class Latest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A convenience copy of the newest finished run's file; never evidence."""

    copy: str
    to: str
    """Relative to the workspace; captures allowed."""


class Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One sort of run."""

    at: str = ""
    """The run's directory, relative to the workspace; its last part is the run's id. May be inherited."""
    clash: str = "-{n:02}"
    """Added to the id when the name is taken."""
    records: Records = Records()
    state_words: dict[str, str] = {}
    """This layout's own word for a state."""
    entries: tuple[Entry, ...] = ()
    others: Literal["allowed", "advised", "refused"] = "allowed"
    """`allowed`, `advised` or `refused`: what no entry names."""
    formats: tuple[FormatRule, ...] = ()
    """Come before the contract's own."""
    rules: tuple[Rule, ...] = ()
    latest: tuple[Latest, ...] = ()
    description: str = ""


class Contract(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What runs of a workspace must look like."""

    contract: str
    """The contract's id, as in `acme.training`."""
    version: str
    """Semantic version; readers refuse another major."""
    extends: str | None = None
    """A pack, `name@major`, or a file beside the contract."""
    description: str = ""
    kinds: dict[str, Kind] = {}
    """By name; inherited kinds join them."""
    formats: tuple[FormatRule, ...] = ()

    @property
    def major(self) -> int:
        """First number of the version."""
        return int(self.version.split(".", 1)[0])


class LoadedContract(msgspec.Struct, frozen=True, kw_only=True):
    """A contract, merged with what it extends, and the bytes it came from."""

    contract: Contract
    schemas: dict[str, bytes] = {}
    """Schema documents by the path entries name them with."""
    sources: dict[str, bytes]
    """Every file that belongs to it, by its path in a copy; `contract.yaml` is the contract."""
    digest: str
    """Over the names and digests of `sources`."""
    origin: str = ""
    """Where it was read, for messages."""
