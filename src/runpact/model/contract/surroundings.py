"""What a contract says beyond its runs: the workspace, curated copies, policies.

Knows: keys, types, defaults and one line of documentation for each.
Does not know: YAML, files, how any of it acts.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from runpact.model.contract.clause import Expression, Presence, Scalar
from runpact.model.contract.entry import Entry
from runpact.model.contract.kind import Others, Set
from runpact.model.contract.rule import Rule


class IndexView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shared registry file, refreshed from the index."""

    files: str
    """Relative to the workspace, as in `outputs/runs/runs_index.{csv,json,md}`."""
    kinds: tuple[str, ...] = ()
    """By default all."""
    columns: dict[str, Expression]
    """Value by column, in this order."""
    where: Expression = "true"


class WorkspaceRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the workspace must look like; paths are relative to its root."""

    directories: tuple[str, ...] = ()
    """Made on first run."""
    caches: tuple[str, ...] = ()
    """Globs that anyone may write; never evidence."""
    frozen: tuple[str, ...] = ()
    """Globs that nobody may write."""
    secrets: tuple[str, ...] = ()
    """More environment variables that hold a secret, as in `ACME_*`; behind a `!`, those that hold none."""
    log: str | None = None
    """JSONL of all runs, appended."""
    entries: tuple[Entry, ...] = ()
    """What must stand beside the runs; judged when all runs are."""
    others: Set | tuple[Others, ...] = "allowed"
    """What no entry names, runs apart."""
    indexes: tuple[IndexView, ...] = ()


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
    others: Set | tuple[Others, ...] = "refused"
    rules: tuple[Rule, ...] = ()
    description: str = ""


class Guard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plug-in check of a policy."""

    name: str
    required: Presence = True
    limits: dict[str, Scalar] = {}
    """Thresholds by name."""


class Gate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bound on a metric of a certificate."""

    metric: str
    max: float | None = None
    min: float | None = None
    statistic: Literal["value", "upper", "lower"] = "value"
    """The estimate, or an end of its confidence interval."""


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule set that yields a decision with reasons."""

    like: str | None = None
    """Another policy that this one begins with."""
    profile: Literal["dev", "ci", "release"] = "ci"
    gates: tuple[Gate, ...] = ()
    guards: tuple[Guard, ...] = ()
    minimum_windows: int | None = None
    confidence: float = 0.95
    confinement: str | None = None
    """Least level of write confinement, as in `W2`."""
    provenance: tuple[str, ...] = ()
    """What must be recorded, as in `commit`, `lock`, `inputs`."""
    rules: tuple[Rule, ...] = ()
    keep: dict[str, int | Expression] = {}
    """What retention keeps: `{newest: 10, best: 3, where: expression}`."""
    description: str = ""


class RegisteredValidator(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A validator that this workspace's own code provides."""

    module: str
    """A file of the workspace, relative to the contract, as in `tools/checks.py`."""
    function: str
    version: str
    description: str = ""
