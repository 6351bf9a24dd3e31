"""Kinds: one sort of run in a contract.

Knows: keys, types, defaults and one line of documentation for each.
Does not know: YAML, files, how a run is judged.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from typing import Any, Literal

import msgspec

from runpact.model.contract.clause import Clause, Expression, Scalar
from runpact.model.contract.entry import Entry, FormatRule
from runpact.model.contract.rule import Determinism, Inventory, Rule, States, Tier

Set = Literal["allowed", "advised", "refused"]


class Records(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a layout puts runpact's own records, relative to the run directory."""

    manifest: str = ".runpact/manifest.json"
    """The manifest's path in the run."""
    events: str = ".runpact/events.jsonl"
    """The path of the log of events."""
    metrics: str = ".runpact/metrics.jsonl"
    """The path of the log of metrics."""


class Others(Clause, frozen=True, kw_only=True, rename={"in_": "in"}):
    """What no entry names, in one part of the run."""

    in_: str = "**"
    """A glob; the first that matches decides."""
    are: Set = "refused"
    """What a file that no entry claims is there."""
    hint: str | None = None
    """What to do about such a file, where it is more than to remove it."""


class Strays(Clause, frozen=True, kw_only=True):
    """Directories that stand where runs of this kind stand, but whose names no kind can read."""

    are: Set = "refused"
    """What such a directory is."""


class Latest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A convenience copy of, or link to, something of the newest finished run; never evidence."""

    copy: str | None = None
    """A file of the run."""
    link: str | None = None
    """A file or directory of the run, or the name of one of its places."""
    to: str
    """Relative to the workspace; captures allowed."""
    of: Literal["finished", "ended"] = "finished"
    """Of the newest run that finished, or that ended in whichever way."""


class Session(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Makes runs sessions: runpact writes their lifecycle document, and no registry of runs lists them.

    `states` says what it may tell; the entry that `states.word` speaks of has `fields` and `written: change`.
    """

    alerts: str = ""
    """What codes of alerts begin with, as in `PAPER_SESSION`; by default the kind's name in capitals."""
    ready: dict[str, Expression] = {}
    """Conditions by name: a session that fulfils all of them is ready for promotion; without any, none is."""


class OwnedPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A directory outside `at` that belongs to one run: fenced, digested and sealed with it."""

    at: str
    """Relative to the workspace, as in `models/{run.id}`."""
    entries: tuple[Entry, ...] = ()
    """What may stand there."""
    others: Set | tuple[Others, ...] = "allowed"
    """Files that no entry claims."""
    description: str = ""
    """For people; printed by `contract docs`."""


class Output(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"type_": "type"}):
    """What a stage writes behind an alias."""

    file: str | None = None
    """One path below the stage's directory."""
    files: str | None = None
    """A pattern below the stage's directory."""
    type_: str | None = None
    """The artifact type, `Name@version`."""
    count: dict[str, int] = {}
    """How many files the pattern matches: `min`, `max`."""
    required: bool | Expression = True
    """Whether the stage must make it."""
    description: str = ""
    """For people; printed by `contract docs`."""


class Read(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"type_": "type"}):
    """What a stage reads behind an alias."""

    type_: str | None = None
    """The artifact type, `Name@version`; by default what the stage that writes it says."""
    outside: bool | str = False
    """No stage writes it: `true`, `--input ALIAS=PATH` names it; a path, it stands there in the workspace."""
    required: bool = True
    """Whether the stage can do without it; what stands there is validated all the same."""
    description: str = ""
    """For people; printed by `contract docs`."""


class Stage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named step of a pipeline."""

    id: str
    """Two digits, and perhaps a letter: `02`, `02b`."""
    slug: str
    """Names the directory, `NN_slug`."""
    command: tuple[str, ...] = ()
    """Program and arguments; captures allowed."""
    reads: dict[str, str | Read] = {}
    """By alias: the artifact type, or more about it."""
    writes: dict[str, Output | tuple[Output, ...]] = {}
    """What stands behind each alias: one output, or several in one folder."""
    code: tuple[str, ...] = ()
    """Globs of files in the workspace that the command runs or imports; what it names is code anyway."""
    config: tuple[str, ...] | None = None
    """Dotted keys of the configuration that it reads, by default all of them."""
    seed: Scalar = None
    """Given to the command; recorded."""
    caches: tuple[str, ...] = ()
    """Globs this stage may write outside its own directory."""
    timeout_seconds: float | None = None
    """After it the stage is stopped."""
    resources: dict[str, Scalar] = {}
    """What the command needs, for whoever runs it."""
    exit_codes: Literal["contract", "plain"] | None = None
    """`contract`: its exit codes 0 to 3 are verdicts; by default as the kind says."""
    description: str = ""
    """For people; printed by `contract docs`."""


class Configuration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the configurations of runs must be, and how one is read."""

    schema: str | dict[str, Any] | None = None
    """JSON Schema with defaults; `x-path` marks files and folders, `x-workdir` what `--workdir` replaces."""
    file: str | None = None
    """Read when no other is given; relative to the folder of the contract."""
    above: str = ""
    """In a folder of this name, a configuration's relative paths begin in the folder above."""
    description: str = ""
    """For people; printed by `contract docs`."""


class EachStage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every stage directory of a run must look like."""

    at: str = "{stage.id}_{stage.slug}"
    """Relative to the run."""
    entries: tuple[Entry, ...] = ()
    """What may stand in a stage's directory."""
    others: Set | tuple[Others, ...] = "allowed"
    """Files that no entry claims."""
    formats: tuple[FormatRule, ...] = ()
    """Formats by location in a stage's directory."""
    inventories: tuple[Inventory, ...] = ()
    """Files of a stage that list others by digest."""
    states: States | None = None
    """The lifecycle that a stage's document tells."""
    rules: tuple[Rule, ...] = ()
    """Conditions across the files of one stage."""
    description: str = ""
    """For people; printed by `contract docs`."""


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
    made_by: tuple[str, ...] = ()
    """Globs of the files whose code may make such a run, as in `projects/{project}/**`; by default any."""
    inner_runs: Literal["allowed", "refused"] = "allowed"
    """Whether another run may be made while such a run is open, and be part of it."""
    scopes: dict[str, str] = {}
    """Folder in the run of what a scope writes, by its name; by default `artifacts/` and its name."""
    clash: str = "-{n:02}"
    """Added to the id when the name is taken."""
    records: Records = Records()
    """Where runpact's own records lie."""
    state_words: dict[str, str] = {}
    """This layout's own word for a state."""
    sealed: Literal["whole", "by_stage"] = "whole"
    """`by_stage`: each stage attempt is sealed, the run stays open to further stages."""
    exit_codes: Literal["contract", "plain"] = "plain"
    """`contract`: its command's exit codes 0 to 3 are verdicts."""
    config: Configuration | None = None
    """What the configurations of these runs must be, and how one is read."""
    entries: tuple[Entry, ...] = ()
    """What may stand in a run."""
    others: Set | tuple[Others, ...] = "allowed"
    """What no entry names: one word for the whole run, or a list by place."""
    strays: Strays | None = None
    """Directories beside the runs of this kind that are none."""
    formats: tuple[FormatRule, ...] = ()
    """Come before the contract's own."""
    inventories: tuple[Inventory, ...] = ()
    """Files of the run that list others by digest."""
    states: States | None = None
    """The lifecycle that a document of the run tells."""
    session: Session | None = None
    """These runs are sessions, with a lifecycle document that runpact writes."""
    dimensions: dict[str, Expression] = {}
    """Symbols of array shapes that other documents fix, as in `{M: doc.trajectory.sample_count - 1}`."""
    rules: tuple[Rule, ...] = ()
    """Conditions across files."""
    tiers: dict[str, Tier] = {}
    """Named levels, the highest first."""
    determinism: Determinism = Determinism()
    """What may differ between two runs of the same thing."""
    places: dict[str, OwnedPlace] = {}
    """Directories elsewhere that belong to one run, by name."""
    latest: tuple[Latest, ...] = ()
    """Copies or links of the newest run; a convenience, never evidence."""
    each_stage: EachStage | None = None
    """What stands in every stage's directory."""
    stages: tuple[Stage, ...] = ()
    """The steps of a pipeline, in order."""
    aliases: Literal["link", "directory", "record"] = "link"
    """What an alias is: a relative link, a directory of copies, or a line of the manifest alone."""
    smoke: str | None = None
    """Name of the experiment on toy data that stands for all: a stage is done when it passes there."""
    legacy: dict[str, str] = {}
    """Where older runs keep what an alias leads to, captures allowed; read with a warning, never written."""
    relax: dict[str, str] = {}
    """Why inherited rules or entries, by id or name, are loosened here."""
    description: str = ""
    """For people; printed by `contract docs`."""
