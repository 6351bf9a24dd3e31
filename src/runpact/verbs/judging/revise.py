"""Compare two versions of a contract, and tell which runs the newer one would break.

Knows: that a run stops conforming when it kept the old contract and does not keep the new one.
Does not know: what a change means.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from runpact.model.contract.changes import Change, changes, needed_version
from runpact.model.contract.language import LoadedContract
from runpact.model.finding import Finding, Verdict
from runpact.verbs.judging.check import check_run

KEPT = (Verdict.OK, Verdict.WARNING)


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from one contract to another."""

    old: str
    new: str
    changes: tuple[Change, ...]
    needed: str
    """The least version that the new contract may have."""
    broken: tuple[BrokenRun, ...] = ()
    """Runs that kept the old contract and do not keep the new one."""
    judged: int = 0
    """How many runs both contracts judged."""


class BrokenRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that stops conforming, and the first reason."""

    path: str
    verdict: Verdict
    finding: Finding


def revise(
    old: LoadedContract, new: LoadedContract, directories: Iterable[str] = (), *, root: str
) -> Revision:
    """Return what changed, and which of the runs at `directories` stop conforming."""
    found = changes(old, new)
    broken, judged = [], 0
    for directory in directories:
        judged += 1
        before = check_run(directory, root=root, contract=old, is_named=True)
        after = check_run(directory, root=root, contract=new, is_named=True)
        if before.verdict in KEPT and after.verdict not in KEPT:
            reason = next(
                each
                for each in after.report.findings
                if each.because is None and each.severity.value in {"incomplete", "error"}
            )
            broken.append(BrokenRun(path=after.path, verdict=after.verdict, finding=reason))
    return Revision(
        old=old.contract.version,
        new=new.contract.version,
        changes=found,
        needed=needed_version(old.contract, found),
        broken=tuple(broken),
        judged=judged,
    )
