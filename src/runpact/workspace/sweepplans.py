"""The front door to plans of sweeps.

Knows: which kinds sweeps and trials are of, where the sweep's own run stands.
Does not know: how trials are run.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, TypeGuard

import msgspec

from runpact.model.errors import CannotStartError, UsageError
from runpact.model.place import SWEEP
from runpact.model.sweep.plan import Plan, Saying, plan_of, saying_of
from runpact.model.sweep.source import Source, source_of
from runpact.model.sweep.trial import Trial, placeholders
from runpact.workspace.trials import base_of

if TYPE_CHECKING:
    from runpact.verbs.sweep.earlier import Earlier
    from runpact.workspace import Workspace

__all__ = [
    "Plan",
    "Planned",
    "Saying",
    "home_of",
    "planned",
    "read_saying",
    "remarks_on",
    "saying_of",
    "source_for",
    "with_kinds",
]

_TRIAL, _RUN = "trial", "run"
_MOST_SHOWN = 1_000
_LIMIT = 16 * 1024 * 1024


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep would do."""

    plan: Plan
    count: int
    """Trials at most."""
    first: tuple[Trial, ...]
    """The first of them; of a sampler, none is known before."""
    sweep_kind: str
    trial_kind: str
    remarks: tuple[str, ...] = ()


def read_saying(place: Workspace, path: str) -> Saying:
    """Return what a plan file says.

    Raises:
        CannotStartError: It cannot be read.
        UsageError: It is no plan.
    """
    from runpact.disk.source import read_source
    from runpact.formats.inspect import parse_document
    from runpact.model.facts import FormatFault

    where = posixpath.normpath(posixpath.join(place.cwd, path))
    value = parse_document(where, read_source(where, limit=_LIMIT))
    if isinstance(value, FormatFault):
        raise CannotStartError(
            f"`{path}` cannot be read: {value.message}", at=path, hint="it must be YAML or JSON"
        )
    return saying_of(_with_index(place, value), file=path)


def _with_index(place: Workspace, said: object) -> object:
    """Return a plan whose splits have their index, where they name a file and its column for it."""
    splits = said.get("splits") if isinstance(said, dict) else None
    named = splits.get("index") if isinstance(splits, dict) else None
    if not isinstance(said, dict) or not isinstance(splits, dict) or not isinstance(named, str):
        return said
    return {**said, "splits": {**splits, "index": index_of(place, named)}}


def index_of(place: Workspace, named: str) -> list[object]:
    """Return a column of a table, as in `prices.csv#date`.

    Raises:
        UsageError: It names no column of a table.
        CannotStartError: The file cannot be read.
    """
    path, _mark, column = named.partition("#")
    rows = place.read(path, None).value
    found = [row[column] for row in rows if column in row] if _is_table(rows) else []
    if not found:
        raise UsageError("the index is no column of a table", expected="as in prices.csv#date", got=named)
    return found


def _is_table(rows: object) -> TypeGuard[list[dict[str, object]]]:
    return isinstance(rows, list) and all(isinstance(row, dict) for row in rows)


def planned(place: Workspace, said: Saying) -> Planned:
    """Return what a sweep would do; nothing is made.

    Raises:
        UsageError: Something in the plan is not understood.
        ConfigError: The base configuration, or one of the first trials', is refused.
    """
    plan = with_kinds(place, plan_of(said))
    source = source_for(plan)
    first: list[Trial] = []
    while plan.method != "optuna" and len(first) < _MOST_SHOWN and (trial := source.take()) is not None:
        first.append(trial)
    is_whole = plan.method != "optuna" and not plan.is_walk and len(first) < _MOST_SHOWN
    base_of(place, plan)
    for trial in first[:1]:
        base_of(place, plan, trial)
    return Planned(
        plan=plan,
        count=len(first) if is_whole else source.count,
        first=tuple(first),
        sweep_kind=plan.sweep_kind or f"{SWEEP} of runpact:basic@1",
        trial_kind=plan.kind or "",
        remarks=remarks_on(plan),
    )


def with_kinds(place: Workspace, plan: Plan) -> Plan:
    """Return a plan that names the kinds of its runs.

    Raises:
        UsageError: There is no kind of a name, or several that trials could be of.
    """
    kinds = place.working_contract.contract.kinds
    for kind in (plan.kind, plan.sweep_kind):
        if kind is not None and kind not in kinds:
            raise UsageError(f"no kind `{kind}` in the contract", expected=", ".join(kinds), got=kind)
    sweeps = plan.sweep_kind or SWEEP
    others = [name for name, kind in kinds.items() if name != sweeps and not kind.stages]
    usual = next((name for name in (_TRIAL, _RUN) if name in kinds), others[0] if len(others) == 1 else None)
    if plan.kind is None and usual is None:
        raise UsageError(
            "the contract has several kinds"
            if others
            else "the contract has no kind for runs of one command",
            expected=" or ".join(others) or "a kind without `stages`",
            got="no kind",
            hint="name that of the trials with --kind",
        )
    sweep_kind = plan.sweep_kind or (SWEEP if SWEEP in kinds else None)
    return msgspec.structs.replace(plan, kind=plan.kind or usual, sweep_kind=sweep_kind)


def home_of(place: Workspace, plan: Plan) -> Workspace:
    """Return where the sweep's own run stands: the workspace, or the same folders under the basic pack."""
    from runpact.workspace import DEFAULT_PACK, Workspace

    if plan.sweep_kind is not None:
        return place
    return Workspace(
        root=place.root,
        named_root=place.data_root,
        reference=DEFAULT_PACK,
        cwd=place.cwd,
        is_named=True,
        is_trusted=True,
    )


def source_for(plan: Plan, earlier: Earlier | None = None) -> Source:
    """Return where the trials of a plan come from.

    Raises:
        CannotStartError: A sampler is asked for, and not installed.
    """
    if plan.method != "optuna":
        return source_of(plan)
    from runpact.host.sampler import Sampled

    return Sampled(plan, tuple(earlier.ends.values()) if earlier is not None else ())


def remarks_on(plan: Plan) -> tuple[str, ...]:
    """Return what may surprise in a plan."""
    told = []
    known = {
        *plan.space,
        "trial",
        "seed",
        "digest",
        "sweep",
        "split",
        "phase",
        *(plan.splits.keys if plan.splits else ()),
    }
    unknown = {name for word in plan.command for name in placeholders(word)} - known
    if unknown:
        told.append(
            f"no key is called {', '.join(sorted(unknown))}: these words are handed over as they stand"
        )
    if plan.sweep_kind is None:
        told.append(
            "the contract has no kind `sweep`; the sweep itself is a run of runpact:basic@1 below sweeps/"
        )
    return tuple(told)
