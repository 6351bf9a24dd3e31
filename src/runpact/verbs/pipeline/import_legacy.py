"""Take over the results of a legacy folder into a new experiment.

Knows: the order in which an import is planned, recorded and carried out; that it may be repeated.
Does not know: by which rules a file is recognised, how it is copied.

1. Plan, from names alone. Nothing is created when nothing is recognised, or two files would take one place.
2. Create the experiment, and record the plan, not complete.
3. Copy or link each file, unless it stands there already; set the aliases; record the digests, complete.

A repeated import carries on from wherever the first one stopped, and otherwise changes nothing.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping

import msgspec

from runpact.disk.alias import link_target, set_link
from runpact.disk.experiment import ExperimentLock, replace_record
from runpact.disk.imported import copy_in, link_in
from runpact.disk.layout import IMPORTED
from runpact.disk.tree import Folders, digest_file, list_tree
from runpact.host import clock
from runpact.model.errors import CannotStartError, RunpactError
from runpact.model.names import readable_path
from runpact.model.pipeline.legacy import (
    Imported,
    ImportPlan,
    ImportRecord,
    ImportRule,
    LeftOver,
    Mode,
    encode_import,
    plan_import,
)
from runpact.verbs.pipeline.experiment import Experiment

_MOST_TOLD = 5


class ImportEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What an import came to."""

    record: ImportRecord
    added: int
    """Files that were not there before."""
    changed: tuple[str, ...] = ()
    """Sources that are no longer what was imported; what was imported stays as it is."""


def plan(folder: str, rules: tuple[ImportRule, ...]) -> ImportPlan:
    """Return what a legacy folder holds, by alias; no file of it is opened (step 1).

    Raises:
        CannotStartError: Nothing in it is recognised, or several files would take one place.
    """
    planned = plan_import(list_tree(folder), rules)
    if planned.clashes:
        raise CannotStartError(
            f"several files of `{folder}` would take one place: {'; '.join(planned.clashes[:_MOST_TOLD])}",
            at=folder,
            expected="one file for each place",
            hint="say by --map which of them is meant",
        )
    if not planned.files:
        raise CannotStartError(
            f"nothing in `{folder}` is recognised: {_told(planned.left_over)}",
            at=folder,
            expected=", ".join(rule.source for rule in rules[:_MOST_TOLD]) or "a contract with stages",
            hint="say by --map which files stand behind which alias",
        )
    return planned


def _told(left_over: tuple[LeftOver, ...]) -> str:
    named = ", ".join(each.path for each in left_over[:_MOST_TOLD])
    return f"{named} …" if len(left_over) > _MOST_TOLD else named or "it is empty"


def import_legacy(experiment: Experiment, folder: str, planned: ImportPlan, *, mode: Mode) -> ImportEnd:
    """Carry an import out, or what is left of it (steps 2 and 3).

    Args:
        experiment: Just made, or from an earlier import of the same folder.
        folder: Absolute path of the legacy folder.
        planned: What it holds.
        mode: Whether files are copied or linked.

    Raises:
        CannotStartError: The experiment was not made by this import, or another process has it.
        StorageError: The file system refused; the import can be repeated.
    """
    lock = ExperimentLock(experiment.directory)
    if not lock.acquire(0.0):
        raise CannotStartError(f"`{experiment.name}` is in use by another process", at=experiment.directory)
    with lock:
        record = ImportRecord(
            source=_shown(folder, experiment.root),
            mode=mode,
            external=mode == "link",
            imported_at=clock.now(),
            files=planned.files,
            left_over=planned.left_over,
        )
        before = _before(experiment, record)
        known = {file.path: file for file in before.files if file.digest} if before is not None else {}
        _write(experiment, msgspec.structs.replace(record, files=_merged(known, planned.files)))
        work = _Import(experiment, folder, mode, known)
        with Folders(folder) as folders:
            files = tuple(work.take(folders, file) for file in planned.files)
        gone = tuple(file for path, file in known.items() if path not in {each.path for each in files})
        done = msgspec.structs.replace(
            record,
            imported_at=before.imported_at if before is not None and not work.added else record.imported_at,
            is_complete=True,
            files=tuple(sorted((*files, *gone), key=lambda file: file.path)),
            left_over=(*planned.left_over, *work.refused),
        )
        done = msgspec.structs.replace(done, files=tuple(file for file in done.files if file.digest))
        _set_aliases(experiment, done.aliases)
        _write(experiment, done)
        experiment.write_view()
    return ImportEnd(record=done, added=work.added, changed=tuple(work.changed))


def _merged(known: Mapping[str, Imported], files: tuple[Imported, ...]) -> tuple[Imported, ...]:
    return tuple({**{file.path: file for file in files}, **known}.values())


class _Import:
    """One import at work."""

    def __init__(
        self, experiment: Experiment, folder: str, mode: Mode, known: Mapping[str, Imported]
    ) -> None:
        self.experiment = experiment
        self.folder = folder
        self.mode = mode
        self.known = known
        self.added = 0
        self.changed: list[str] = []
        self.refused: list[LeftOver] = []

    def take(self, folders: Folders, file: Imported) -> Imported:
        """Copy or link a file, and return it with its digest; one that cannot be read is left over."""
        target = posixpath.join(self.experiment.directory, file.path)
        known = self.known.get(file.path)
        try:
            if known is not None and os.path.lexists(target):
                self._compare(folders, known)
                return known
            digest, size = self._brought(folders, file, target)
        except RunpactError as error:
            self.refused.append(LeftOver(file.source, error.message))
            return known or file
        self.added += 1
        return msgspec.structs.replace(file, digest=digest, size=size)

    def _brought(self, folders: Folders, file: Imported, target: str) -> tuple[str, int]:
        digest, size = digest_file(self.folder, file.source, folders=folders)
        if self.mode == "link":
            link_in(self._link(file, target), target)
            return digest, size
        if os.path.lexists(target):  # an import that was stopped had come as far as this file
            copied = digest_file(self.experiment.directory, file.path)
            if copied == (digest, size):
                return copied
        return copy_in(folders, file.source, target)

    def _link(self, file: Imported, target: str) -> str:
        """Return what the link says: a relative path in the workspace, an absolute one outside it."""
        source = posixpath.join(self.folder, file.source)
        is_inside = f"{source}/".startswith(self.experiment.root.rstrip("/") + "/")
        return posixpath.relpath(source, posixpath.dirname(target)) if is_inside else source

    def _compare(self, folders: Folders, known: Imported) -> None:
        if digest_file(self.folder, known.source, folders=folders)[0] != known.digest:
            self.changed.append(known.source)


def _before(experiment: Experiment, record: ImportRecord) -> ImportRecord | None:
    """Return what an earlier import of the same folder recorded; None for a new experiment."""
    before = experiment.imported()
    if before is None and experiment.rows():
        raise CannotStartError(
            f"`{experiment.name}` is an experiment of its own",
            at=experiment.directory,
            expected="the name of a new one",
            hint="import under another name with --as",
        )
    if before is not None and (before.source, before.mode) != (record.source, record.mode):
        raise CannotStartError(
            f"`{experiment.name}` was imported otherwise",
            at=experiment.directory,
            expected=f"{before.mode} of {before.source}",
            got=f"{record.mode} of {record.source}",
            hint="import under another name with --as",
        )
    return before


def _write(experiment: Experiment, record: ImportRecord) -> None:
    replace_record(experiment.directory, IMPORTED, encode_import(record))


def _set_aliases(experiment: Experiment, aliases: Mapping[str, str]) -> None:
    """Let the aliases lead to what was imported, unless a stage has made them since."""
    for alias, target in aliases.items():
        if experiment.kind.aliases != "record" and link_target(experiment.directory, alias) is None:
            set_link(experiment.directory, alias, target)


def _shown(folder: str, root: str) -> str:
    inside = root.rstrip("/") + "/"
    return readable_path(folder.removeprefix(inside))
