"""What a contract says beyond its runs: the workspace, curated copies, policies.

Knows: keys, types, defaults and one line of documentation for each.
Does not know: YAML, files, how any of it acts.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from typing import Literal

import msgspec

from runpact.model.contract.clause import Expression, Presence, Scalar
from runpact.model.contract.entry import Entry
from runpact.model.contract.kind import Others, Set
from runpact.model.contract.rule import Rule

JsonPart = Literal["format", "generated_at", "folder", "count", "runs"]


class MarkdownView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the Markdown file of a view looks like."""

    title: str = "Runs"
    """The file's heading."""
    columns: tuple[str, ...] = ()
    """Those of the view that it shows, in this order; by default all."""
    empty: str = "No runs yet."
    """Stands in the place of the table when there are no rows."""


class IndexView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of runs in files that others may read, kept up to date from the index."""

    files: str
    """Relative to the workspace, as in `outputs/runs/runs_index.{csv,json,md}`."""
    kinds: tuple[str, ...] = ()
    """Whose runs are listed, and whose success refreshes the files; by default all."""
    columns: dict[str, Expression]
    """Value by column, in this order; here `run.path` is the run's directory, relative to the workspace."""
    where: Expression = "true"
    """Runs that it is not true for are left out, also when it cannot be decided."""
    order: tuple[str, ...] = ()
    """Columns that rows are ordered by, `-` before one to begin with the greatest; what is equal, by path."""
    json: dict[str, JsonPart] = {}
    """Keys of the JSON file, in this order, and what stands there; by default all but `folder`, as named."""
    markdown: MarkdownView = MarkdownView()
    """Heading and columns of the Markdown file."""


class WorkspaceLog(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The log of all runs, and how much of it is wanted."""

    file: str
    """Relative to the workspace."""
    level: str = "DEBUG"
    """The least that is written: `DEBUG`, `INFO`, `WARN`, `ERROR`, or an expression on `run` that says it."""


class GitRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What git is to ignore besides what the contract says is written at run time."""

    ignored: tuple[str, ...] = ()
    """More patterns, relative to the data root, as in `*.pid`."""
    kept: tuple[str, ...] = ()
    """What is committed although a pattern fits it; relative to the data root."""
    outside: tuple[str, ...] = ()
    """Patterns for elsewhere, as git reads them."""


class ImportRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which layer of the code may import which; `runpact lint-layers` asks."""

    order: tuple[str, ...]
    """Layers, the lowest first: each imports itself and those before it."""
    apart: tuple[str, ...] = ()
    """Layers whose parts, the folders just below, import each other not."""
    library: tuple[str, ...] = ()
    """Layers that catch no broad exceptions and do not ask for the current directory."""


class WorkspaceRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the workspace must look like; paths are relative to where the data stand."""

    data: str = "."
    """Folder of the data, from that of the contract: paths here begin in it. `--workdir` names another."""
    directories: tuple[str, ...] = ()
    """Made on first run."""
    caches: tuple[str, ...] = ()
    """Globs that anyone may write; never evidence."""
    frozen: tuple[str, ...] = ()
    """Globs that nobody may write; runs in them are never pruned."""
    secrets: tuple[str, ...] = ()
    """More environment variables that hold a secret, as in `ACME_*`; behind a `!`, those that hold none."""
    log: str | WorkspaceLog | None = None
    """JSONL of all runs, appended: its path, or path and level."""
    entries: tuple[Entry, ...] = ()
    """What must stand beside the runs; judged when all runs are."""
    others: Set | tuple[Others, ...] = "allowed"
    """What no entry names, runs apart."""
    rules: tuple[Rule, ...] = ()
    """Conditions across runs and what stands beside them; `files.<kind>` are the runs of a kind."""
    indexes: tuple[IndexView, ...] = ()
    """Registry files that are kept up to date from the runs."""
    layers: dict[str, tuple[str, ...]] = {}
    """Globs by layer, the first that fits a path decides: a change set of several layers is mixed."""
    imports: ImportRules | None = None
    """Which of these layers may import which."""
    golden: str = "golden"
    """Folder of the golden records."""
    git: GitRules | None = None
    """Makes the block of `contract ignore` cover all that is written at run time, and these."""

    @property
    def shared_log(self) -> WorkspaceLog | None:
        """The log of all runs; None when the contract wants none."""
        return WorkspaceLog(file=self.log) if isinstance(self.log, str) else self.log


class Promotion(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}
):
    """Curated copies of runs: not runs themselves."""

    from_: tuple[str, ...]
    """Kinds that may be promoted."""
    at: str
    """Relative to the workspace, as in `reports/{label}`."""
    needs: Expression = "true"
    """What must hold of the run."""
    entries: tuple[Entry, ...] = ()
    """What may stand in the copy."""
    others: Set | tuple[Others, ...] = "refused"
    """Files that no entry claims."""
    rules: tuple[Rule, ...] = ()
    """Conditions across the files of the copy."""
    description: str = ""
    """For people; printed by `contract docs`."""


class Guard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plug-in check of a policy."""

    name: str
    """Name of the plug-in."""
    required: Presence = True
    """Whether its measurement must be there."""
    limits: dict[str, Scalar] = {}
    """Thresholds by name."""


class Gate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bound on a metric of a certificate."""

    metric: str
    """Name of the metric; `primary` is whatever the report's primary metric is."""
    of: Literal["ratio", "difference", "value"] = "ratio"
    """What is bounded: ratio to the baseline (metrics on a log scale), difference, or the run's own value."""
    max: float | None = None
    """The greatest value, included."""
    min: float | None = None
    """The least value, included."""
    statistic: Literal["value", "upper", "lower"] = "value"
    """The estimate, or an end of its confidence interval."""


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule set that yields a decision with reasons."""

    like: str | None = None
    """Another policy that this one begins with."""
    profile: Literal["dev", "ci", "release"] = "ci"
    """How strict the surroundings are."""
    gates: tuple[Gate, ...] = ()
    """Bounds on metrics."""
    guards: tuple[Guard, ...] = ()
    """Measurements that must be there and pass."""
    minimum_windows: int | None = None
    """Fewer evaluated windows are insufficient evidence."""
    maximum_width: float | None = None
    """An interval wider than this is insufficient evidence."""
    confidence: float = 0.95
    """Of intervals, between 0 and 1."""
    confinement: str | None = None
    """Least level of write confinement, as in `W2`."""
    provenance: tuple[str, ...] = ()
    """What must be recorded: `commit`, `clean`, `lock`, `inputs`, `config`."""
    signature: Literal["optional", "required", "waived"] = "optional"
    """Whether a certificate must be signed; one that is not is a warning, refused, or as good as signed."""
    rules: tuple[Rule, ...] = ()
    """Further conditions."""
    keep: dict[str, int | Expression] = {}
    """What retention keeps: `{newest: 10, within: 30, best: 3, by: expression, where: expression}`; days."""
    description: str = ""
    """For people; printed by `contract docs`."""


class RegisteredValidator(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A validator that this workspace's own code provides."""

    module: str
    """A file of the workspace, relative to the contract, as in `tools/checks.py`."""
    function: str
    """Its name in the module."""
    version: str
    """Raised by its author whenever its judgement changes."""
    description: str = ""
    """For people; printed by `contract docs`."""
