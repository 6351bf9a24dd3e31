"""Which runs may go, and why each other one stays.

Knows: what protects a run, what keeps it, what frees it; that a doubt keeps it.
Does not know: where runs stand, how one is removed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from runpact.model.errors import CannotStartError
from runpact.model.run import State
from runpact.model.template import compile_glob

PIN = "pin"
"""The tag that keeps a run for good."""
_FREEABLE = frozenset({State.FINISHED, State.FAILED, State.INTERRUPTED})
NEWEST = "it is the newest finished run of its name"
"""What keeps a run whatever is archived of it, until a newer one finished."""
_ANY = "any"
"""Stands for whatever a folder holds."""
_KEYS = frozenset({"newest", "within", "where", "best", "by"})


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A run, as far as retention asks about it."""

    path: str
    """Relative to the workspace; names the run, since a copied directory has the uid of another one."""
    uid: str = ""
    """Empty without one."""
    kind: str = ""
    name: str = ""
    state: State
    started: str = ""
    """RFC 3339, UTC; empty when nobody knows."""
    tags: tuple[str, ...] = ()
    refers: Mapping[str, str] = {}
    """Paths of the runs that this one leans on, with what for."""
    archive: str = ""
    """Folder of its curated copy, when that is intact; empty without one."""
    archive_fault: str = ""
    """Why its curated copy proves nothing."""
    is_wanted: bool = False
    """The policy's condition holds of it, or could not be decided."""
    rank: float | None = None
    """What the policy ranks it by; the least is best."""


class Keeping(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be kept, whether it is archived or not."""

    newest: int = 0
    """So many of each kind and name."""
    within_days: float | None = None
    best: int = 0
    """So many of each kind and name, by rank."""
    tags: tuple[str, ...] = ()
    policy: str | None = None
    """Name of the policy that frees what nothing keeps; None frees only what is archived."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one run."""

    path: str
    uid: str
    is_freed: bool
    basis: Literal["archived", "policy", ""] = ""
    """What frees it."""
    reasons: tuple[str, ...]


def keeping_of(name: str, keep: Mapping[str, int | str], more: Keeping) -> Keeping:
    """Return what a contract's policy keeps, and what else a person wants to keep.

    Args:
        name: Of the policy.
        keep: Its `keep`.
        more: What was said besides; the more generous of the two counts.

    Raises:
        CannotStartError: It keeps nothing, or says something that nobody understands.
    """
    unknown = sorted(keep.keys() - _KEYS)
    if unknown or not keep or ("best" in keep) != ("by" in keep):
        raise CannotStartError(
            f"the policy `{name}` does not say what is kept",
            expected="`keep` with newest, within (days), where, best and by",
            got=", ".join(unknown or keep) or "nothing",
        )
    counts = {key: _count(name, key, keep[key]) for key in ("newest", "within", "best") if key in keep}
    days = [float(each) for each in (counts.get("within"), more.within_days) if each is not None]
    return Keeping(
        newest=max(counts.get("newest", 0), more.newest),
        within_days=max(days) if days else None,
        best=counts.get("best", 0),
        tags=more.tags,
        policy=name,
    )


def _count(name: str, key: str, value: int | str) -> int:
    if isinstance(value, int) and value >= 0:
        return value
    raise CannotStartError(
        f"the policy `{name}` keeps `{key}`, which is no number", expected="a whole number", got=str(value)
    )


def frozen_by(globs: Iterable[str], path: str) -> str | None:
    """Return the glob by which a folder, or something that may be in it, is frozen; None without one.

    Args:
        globs: `frozen` of the workspace.
        path: Of the folder, relative to the workspace.
    """
    below = f"{path}/{_ANY}"
    return next(
        (each for each in globs if any(compile_glob(each).fullmatch(at) for at in (path, below))), None
    )


def decide(
    runs: Sequence[Candidate], keeping: Keeping, *, cited: Mapping[str, str], now: datetime
) -> tuple[Decision, ...]:
    """Return what becomes of each run, in the order given.

    Args:
        runs: All runs of the workspace.
        keeping: What is kept.
        cited: What leans on runs from outside them, by their path.
        now: The moment.
    """
    latest = _latest(runs)
    reasons = {run.path: [*_protected(run, latest, cited), *_kept(run, runs, keeping, now)] for run in runs}
    bases = {run.path: _basis(run, keeping) for run in runs}
    freed = {run.path for run in runs if not reasons[run.path] and bases[run.path]}
    while leaning := _leaning(runs, freed):
        for key, reason in leaning:
            reasons[key].append(reason)
        freed -= {key for key, _reason in leaning}
    return tuple(_decision(run, run.path in freed, bases[run.path], reasons[run.path]) for run in runs)


def _decision(run: Candidate, is_freed: bool, basis: str, reasons: list[str]) -> Decision:  # noqa: FBT001 - the fact itself
    if is_freed and basis == "archived":
        return Decision(
            path=run.path,
            uid=run.uid,
            is_freed=True,
            basis="archived",
            reasons=(f"archived in {run.archive}",),
        )
    if is_freed:
        return Decision(
            path=run.path, uid=run.uid, is_freed=True, basis="policy", reasons=(f"`{basis}` frees it",)
        )
    return Decision(
        path=run.path,
        uid=run.uid,
        is_freed=False,
        reasons=tuple(reasons) or (run.archive_fault or "it is not archived",),
    )


def _basis(run: Candidate, keeping: Keeping) -> str:
    """Return `archived`, or the name of the policy that frees a run; nothing when nobody does."""
    if run.archive:
        return "archived"
    return "" if run.archive_fault else keeping.policy or ""


def _latest(runs: Iterable[Candidate]) -> set[str]:
    """Return the newest finished run of each kind and name."""
    newest: dict[tuple[str, str], Candidate] = {}
    for run in runs:
        known = newest.get((run.kind, run.name))
        if run.state is State.FINISHED and (known is None or _age(known) < _age(run)):
            newest[run.kind, run.name] = run
    return {run.path for run in newest.values()}


def _age(run: Candidate) -> tuple[str, str]:
    return run.started, run.path


def _protected(run: Candidate, latest: set[str], cited: Mapping[str, str]) -> Iterator[str]:
    if run.state not in _FREEABLE:
        yield f"it is {run.state.value}"
    if PIN in run.tags:
        yield f"it has the tag `{PIN}`"
    if run.path in latest:
        yield NEWEST
    if run.path in cited:
        yield cited[run.path]


def _kept(run: Candidate, runs: Sequence[Candidate], keeping: Keeping, now: datetime) -> Iterator[str]:
    alike = [each for each in runs if (each.kind, each.name) == (run.kind, run.name)]
    if keeping.newest and run in sorted(alike, key=_age)[-keeping.newest :]:
        yield f"it is among the newest {keeping.newest} of its name"
    if keeping.best and run in _best(alike, keeping.best):
        yield f"it is among the best {keeping.best} of its name"
    if keeping.within_days is not None and _is_young(run, keeping.within_days, now):
        yield f"it is younger than {keeping.within_days:g} days"
    for tag in keeping.tags:
        if tag in run.tags:
            yield f"it has the tag `{tag}`"
    if run.is_wanted:
        yield f"the condition of `{keeping.policy}` keeps it"


def _best(alike: Iterable[Candidate], count: int) -> list[Candidate]:
    """Return the best of some runs; one that cannot be ranked counts as the best."""
    ranked = defaultdict[bool, list[Candidate]](list)
    for run in alike:
        ranked[run.rank is None].append(run)
    return [*ranked[True], *sorted(ranked[False], key=lambda run: run.rank or 0.0)[:count]]


def _is_young(run: Candidate, days: float, now: datetime) -> bool:
    """Whether a run began within so many days; one of unknown age did."""
    try:
        return now - datetime.fromisoformat(run.started) <= timedelta(days=days)
    except (ValueError, TypeError, OverflowError):
        return True


def _leaning(runs: Sequence[Candidate], freed: set[str]) -> list[tuple[str, str]]:
    """Return the freed runs that one which stays leans on, with the reason."""
    return [
        (key, f"{run.path} {what}")
        for run in runs
        if run.path not in freed
        for key, what in run.refers.items()
        if key in freed and key != run.path
    ]
