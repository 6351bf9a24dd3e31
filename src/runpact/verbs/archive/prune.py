"""Prune runs: free the bytes of what may go, first to the trash, later for good.

Knows: the order of looking, moving and telling; that each run is looked at once more before it goes.
Does not know: what may go, where the trash is.

1. Plan under the lock of the ledger. 2. Write down what will be moved, durably. 3. For each run: look whether
it still may go, move it, tell the ledger. Whatever happens in between, each run is whole, in its place or in
the trash, and its curated copy was there before it was moved. 4. Later, to empty: look again whether the copy
proves it, remove it, tell the ledger.
"""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from runpact.disk import trash
from runpact.disk.layout import TRASH
from runpact.host.clock import format_time, utc_now
from runpact.model.archive.retention import NEWEST, Decision, Keeping
from runpact.model.archive.trash import PrunedRun, TrashRecord
from runpact.model.contract.language import LoadedContract
from runpact.model.errors import CannotStartError, PromotionIncompleteError, RunpactError
from runpact.model.ledger.entry import Action, Entry
from runpact.model.names import is_relative, shown_path
from runpact.model.run import State
from runpact.verbs.archive.ledger import OpenLedger, ledger_of, open_ledger
from runpact.verbs.archive.retain import plan
from runpact.verbs.archive.verify_copy import archive_fault
from runpact.verbs.finding.places import named_by, place_folders
from runpact.verbs.finding.standing import stand

_GONE = frozenset({State.RUNNING, State.UNKNOWN, State.CORRUPT, State.ABANDONED})


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a run."""

    path: str
    """Relative to the workspace."""
    trash: str
    """Name of the folder of the trash."""
    refusal: str = ""
    """Why nothing was done; empty when it was."""


def planned(
    root: str, loaded: LoadedContract, keeping: Keeping, only: Sequence[str] = ()
) -> tuple[Decision, ...]:
    """Return what pruning would do now.

    Args:
        root: Absolute data root.
        loaded: The workspace's contract.
        keeping: What is kept.
        only: Absolute directories of the runs that are meant; all when there are none.

    Raises:
        PromotionIncompleteError: One that was named may not go.
    """
    return _meant(root, plan(root, loaded, ledger_of(root), keeping), only)


def prune(root: str, loaded: LoadedContract, keeping: Keeping, only: Sequence[str] = ()) -> tuple[Done, ...]:
    """Move what may go to the trash; the arguments are those of `planned`.

    Raises:
        PromotionIncompleteError: A run that was named may not go; nothing was moved.
        StorageError: Nothing was moved.
    """
    with open_ledger(root) as ledger:
        decisions = _meant(root, plan(root, loaded, ledger.ledger, keeping), only)
        runs = [_pruned(root, loaded, each) for each in decisions if each.is_freed]
        if not runs:
            return ()
        now = utc_now()
        record = TrashRecord(pruned=format_time(now), runs=tuple(runs))
        name = trash.open_trash(root, now.strftime("%Y%m%dT%H%M%SZ"), record)
        done = [_attempted(run, name, functools.partial(_throw, root, name, ledger)) for run in runs]
        trash.close_trash(root, name)
    return tuple(done)


def _hint(reasons: Sequence[str]) -> str:
    is_newest = NEWEST in reasons
    return "it stays until a newer run of its name finished" if is_newest else "`runpact promote` archives it"


def _meant(root: str, decisions: tuple[Decision, ...], only: Sequence[str]) -> tuple[Decision, ...]:
    if not only:
        return decisions
    places = {shown_path(directory, root) for directory in only}
    meant = tuple(each for each in decisions if each.path in places)
    kept = [each for each in meant if not each.is_freed]
    if kept or len(meant) < len(places):
        missing = sorted(places - {each.path for each in meant})
        path, reasons = (kept[0].path, kept[0].reasons) if kept else (missing[0], ("it is no run here",))
        raise PromotionIncompleteError(
            f"`{path}` may not be pruned: {reasons[0]}",
            at=path,
            expected="an intact curated copy that the ledger proves, or a policy that frees it",
            hint=f"{_hint(reasons)}; nothing was moved",
        )
    return meant


def _pruned(root: str, loaded: LoadedContract, decision: Decision) -> PrunedRun:
    """Return what belongs to a run: its directory, and those that it owns elsewhere."""
    record = stand(posixpath.normpath(posixpath.join(root, decision.path)))[0].record
    kind = loaded.contract.kinds.get(record.kind) if record is not None else None
    owned = place_folders(kind, root, named_by(record)).values() if kind and record is not None else ()
    places = (shown_path(posixpath.normpath(folder), root) for folder in owned)
    return PrunedRun(
        uid=decision.uid,
        run_id=record.id if record is not None else posixpath.basename(decision.path),
        path=decision.path,
        places=tuple(path for path in places if is_relative(path)),
        basis=decision.basis or "policy",
        reason=decision.reasons[0],
    )


def _attempted(run: PrunedRun, name: str, act: Callable[[PrunedRun], str]) -> Done:
    """Do something to a run; a refusal of one keeps no other from it."""
    try:
        refusal = act(run)
    except RunpactError as error:
        refusal = error.message
    return Done(path=run.path, trash=name, refusal=refusal)


def _throw(root: str, name: str, ledger: OpenLedger, run: PrunedRun) -> str:
    _reading, standing = stand(posixpath.normpath(posixpath.join(root, run.path)))
    if standing.state in _GONE:
        return f"it is {standing.state.value} now"
    refusal = _unproven(root, run, ledger)
    if refusal:
        return refusal
    trash.throw(root, name, run.path)
    for place in run.places:
        trash.throw(root, name, place)
    _tell(ledger, "prune", run, name)
    return ""


def _unproven(root: str, run: PrunedRun, ledger: OpenLedger) -> str:
    """Return why nothing proves that a run is archived; nothing when that is proven or not needed."""
    if run.basis != "archived":
        return ""
    entry = ledger.ledger.archive_of(run.uid)
    return "the ledger does not know its copy" if entry is None else archive_fault(root, entry)


def _tell(ledger: OpenLedger, action: Action, run: PrunedRun, name: str) -> None:
    ledger.add(
        Entry(
            action=action,
            run=run.uid,
            run_id=run.run_id,
            path=run.path,
            at=f"{TRASH}/{name}",
            reason=run.reason,
        )
    )


def undo(root: str, name: str | None) -> tuple[Done, ...]:
    """Take back what is in a folder of the trash.

    Args:
        root: Absolute data root.
        name: Of the folder; None for the newest.

    Raises:
        CannotStartError: There is no such folder, or its record cannot be read.
    """
    with open_ledger(root) as ledger:
        folders = trash.trash_folders(root)
        chosen = name or next(reversed(folders), "")
        record = folders.get(chosen)
        if record is None:
            raise CannotStartError(
                "there is nothing of that name in the trash, or its record cannot be read",
                at=TRASH,
                expected=" or ".join(folders),
                got=chosen,
            )
        kept = [run for run in record.runs if any(trash.is_kept(root, chosen, path) for path in _paths(run))]
        done = [_attempted(run, chosen, functools.partial(_take_back, root, chosen, ledger)) for run in kept]
        trash.close_trash(root, chosen)
    return tuple(done)


def _paths(run: PrunedRun) -> tuple[str, ...]:
    return run.path, *run.places


def _take_back(root: str, name: str, ledger: OpenLedger, run: PrunedRun) -> str:
    for path in reversed(_paths(run)):
        trash.take_back(root, name, path)
    _tell(ledger, "restore", run, name)
    return ""


def empty(root: str, *, older_days: float) -> tuple[Done, ...]:
    """Remove for good what is in the trash, and still proven to be archived or freed by a policy.

    Args:
        root: Absolute data root.
        older_days: Only what was pruned so many days ago or earlier.
    """
    done: list[Done] = []
    latest = format_time(utc_now() - timedelta(days=older_days))
    with open_ledger(root) as ledger:
        for name, record in trash.trash_folders(root).items():
            if record is not None and record.pruned <= latest:
                done += [
                    _attempted(run, name, functools.partial(_remove, root, name, ledger))
                    for run in record.runs
                    if any(trash.is_kept(root, name, path) for path in _paths(run))
                ]
                trash.close_trash(root, name)
    return tuple(done)


def _remove(root: str, name: str, ledger: OpenLedger, run: PrunedRun) -> str:
    refusal = _unproven(root, run, ledger)
    if refusal:
        return refusal
    for path in _paths(run):
        trash.remove(root, name, path)
    _tell(ledger, "empty", run, name)
    return ""
