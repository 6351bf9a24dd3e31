"""Kinds: one sort of run in a contract.

Knows: keys, types, defaults and one line of documentation for each.
Does not know: YAML, files, how a run is judged.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from runpact.model.contract.clause import Clause, Expression, Scalar
from runpact.model.contract.entry import Entry, FormatRule
from runpact.model.contract.rule import Determinism, Inventory, Rule, States, Tier

Set = Literal["allowed", "advised", "refused"]


class Records(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a layout puts runpact's own records, relative to the run directory."""

    manifest: str = ".runpact/manifest.json"
    events: str = ".runpact/events.jsonl"
    metrics: str = ".runpact/metrics.jsonl"


class Others(Clause, frozen=True, kw_only=True, rename={"in_": "in"}):
    """What no entry names, in one part of the run."""

    in_: str = "**"
    """A glob; the first that matches decides."""
    are: Set = "refused"


class Strays(Clause, frozen=True, kw_only=True):
    """Directories that stand where runs of this kind stand, but whose names no kind can read."""

    are: Set = "refused"


class Latest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A convenience copy of, or link to, something of the newest finished run; never evidence."""

    copy: str | None = None
    """A file of the run."""
    link: str | None = None
    """A file or directory of the run, or the name of one of its places."""
    to: str
    """Relative to the workspace; captures allowed."""


class OwnedPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A directory outside `at` that belongs to one run: fenced, digested and sealed with it."""

    at: str
    """Relative to the workspace, as in `models/{run.id}`."""
    entries: tuple[Entry, ...] = ()
    others: Set | tuple[Others, ...] = "allowed"
    description: str = ""


class Output(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"type_": "type"}):
    """What a stage writes behind an alias."""

    file: str | None = None
    files: str | None = None
    type_: str | None = None
    count: dict[str, int] = {}
    required: bool | Expression = True
    description: str = ""


class Stage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named step of a pipeline."""

    id: str
    """Two digits, and perhaps a letter: `02`, `02b`."""
    slug: str
    command: tuple[str, ...] = ()
    """Program and arguments; captures allowed."""
    reads: dict[str, str] = {}
    """Artifact type by alias."""
    writes: dict[str, Output] = {}
    """What stands behind each alias."""
    seed: Scalar = None
    caches: tuple[str, ...] = ()
    """Globs this stage may write outside its own directory."""
    timeout_seconds: float | None = None
    resources: dict[str, Scalar] = {}
    exit_codes: Literal["contract", "plain"] = "plain"
    """`contract`: its exit codes 0 to 3 are verdicts."""
    description: str = ""


class EachStage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every stage directory of a run must look like."""

    at: str = "{stage.id}_{stage.slug}"
    """Relative to the run."""
    entries: tuple[Entry, ...] = ()
    others: Set | tuple[Others, ...] = "allowed"
    formats: tuple[FormatRule, ...] = ()
    inventories: tuple[Inventory, ...] = ()
    states: States | None = None
    rules: tuple[Rule, ...] = ()
    description: str = ""


SHARED_WITH_KIND = ("entries", "others", "formats", "inventories", "states", "rules")
"""Keys that every stage directory has in common with a kind."""


class Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One sort of run."""

    at: str = ""
    """The run's directory, relative to the workspace; its last part is the run's id. May be inherited."""
    like: str | None = None
    """Another kind of this contract that this one begins with."""
    told_by: Expression | None = None
    """Tells this kind from others that share its place."""
    clash: str = "-{n:02}"
    """Added to the id when the name is taken."""
    records: Records = Records()
    state_words: dict[str, str] = {}
    """This layout's own word for a state."""
    sealed: Literal["whole", "by_stage"] = "whole"
    """`by_stage`: each stage attempt is sealed, the run stays open to further stages."""
    exit_codes: Literal["contract", "plain"] = "plain"
    """`contract`: its command's exit codes 0 to 3 are verdicts."""
    entries: tuple[Entry, ...] = ()
    others: Set | tuple[Others, ...] = "allowed"
    """What no entry names: one word for the whole run, or a list by place."""
    strays: Strays | None = None
    """Directories beside the runs of this kind that are none."""
    formats: tuple[FormatRule, ...] = ()
    """Come before the contract's own."""
    inventories: tuple[Inventory, ...] = ()
    states: States | None = None
    dimensions: dict[str, Expression] = {}
    """Symbols of array shapes that other documents fix, as in `{M: doc.trajectory.sample_count - 1}`."""
    rules: tuple[Rule, ...] = ()
    tiers: dict[str, Tier] = {}
    """Named levels, the highest first."""
    determinism: Determinism = Determinism()
    places: dict[str, OwnedPlace] = {}
    latest: tuple[Latest, ...] = ()
    each_stage: EachStage | None = None
    stages: tuple[Stage, ...] = ()
    relax: dict[str, str] = {}
    """Why inherited rules or entries, by id or name, are loosened here."""
    description: str = ""
