"""Enter something into a registry, crash-safely, and tell the ledger; or let it go.

Knows: the order of the steps, when the same stands there already, what keeps a model from being removed.
Does not know: what a model is made of.

1. Make the folder ready beside the registry, and judge it there. 2. Give it its name. 3. Tell the ledger.
Whoever was interrupted does it again: what is there is found, what is missing is completed. A removal is
told first, so that nothing is gone that nobody tells of.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from runpact.disk.archive import Content, file_of_copy, files_of_copy, retract, staged
from runpact.disk.registered import lay_out
from runpact.disk.source import is_there
from runpact.model.archive.copy import RECORD, CopiedRun, CopyRecord, parse_record, render_record
from runpact.model.contract.language import Contract
from runpact.model.errors import CannotStartError, Fault, RunpactError
from runpact.model.ledger.entry import ArchivedFile, Entry
from runpact.model.names import counted
from runpact.model.registered.manifest import MANIFEST, ROLES, Manifest, render_manifest
from runpact.model.registered.uri import Registry, Uri, parse_uri, uri_at
from runpact.model.run import RunRecord
from runpact.verbs.archive.copies import archived, publish_copy
from runpact.verbs.archive.ledger import OpenLedger, ledger_of, open_ledger
from runpact.verbs.finding.find import list_runs
from runpact.verbs.finding.origin import origin_of
from runpact.verbs.finding.resolve import Registered, resolve
from runpact.verbs.finding.standing import stand

_READY = "ready"
_MOST = 10


class Entered(msgspec.Struct, frozen=True, kw_only=True):
    """What was entered into a registry."""

    registered: Registered
    entry: Entry
    """The ledger's."""
    is_new: bool
    """False when the same stood there already."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be entered, before it has a place."""

    files: Mapping[str, Content]
    run: RunRecord | None
    """None of what no run made."""
    path: str
    """Of the run, or where it came from."""

    def archived_files(self) -> dict[str, ArchivedFile]:
        """Return digest and size of each file."""
        return {path: archived(content) for path, content in sorted(self.files.items())}


def enter(
    root: str,
    registry: Registry,
    places: Iterable[str],
    draft: Draft,
    manifest: Manifest,
    judge: Callable[[str, Uri], None] | None = None,
) -> Entered:
    """Give what was gathered the first place that is free, or that holds the same already.

    Args:
        root: Absolute data root.
        registry: Which of both.
        places: Folders relative to the data root, in order; the only one is taken whatever stands there.
        draft: What was gathered.
        manifest: What is written of it; its URI is that of its place.
        judge: Raises what speaks against it, where it was made ready.

    Raises:
        WriteOnceError: Something else stands at the only place.
        StorageError: It cannot be written; nothing is seen of it.
        LedgerError: The ledger is damaged.
    """
    lay_out(root, registry)
    with open_ledger(root) as ledger:
        uri = uri_at(_first_fit(root, places, draft))
        told = render_manifest(msgspec.structs.replace(manifest, uri=str(uri)))
        record = _record(uri, draft, told)
        files = {**draft.files, MANIFEST: told, RECORD: render_record(record)}
        folder = posixpath.join(root, uri.folder)
        prepared = {f"{_READY}/{path}": content for path, content in files.items()}
        with staged(posixpath.join(root, registry), prepared) as staging:
            ready = posixpath.join(staging, _READY)
            if judge is not None:
                judge(ready, uri)
            is_new = publish_copy(ready, folder, files)
        entry = _tell(ledger, draft, record, uri, folder)
    return Entered(registered=resolve(root, str(uri)), entry=entry, is_new=is_new)


def _first_fit(root: str, places: Iterable[str], draft: Draft) -> str:
    taken = ""
    for place in places:
        if _is_fit(posixpath.join(root, place), draft):
            return place
        taken = place
    return taken


def _is_fit(folder: str, draft: Draft) -> bool:
    """Whether a place is free, or holds what was made of the same files of the same run."""
    if not is_there(folder):
        return True
    try:
        record = parse_record(file_of_copy(folder, RECORD) or b"")
    except RunpactError:
        return False
    uid = record.run.uid if record.run else None
    files = draft.archived_files()
    return uid == (draft.run.uid if draft.run else None) and files.items() <= record.files.items()


def _record(uri: Uri, draft: Draft, manifest: bytes) -> CopyRecord:
    run = draft.run
    return CopyRecord(
        promotion=uri.registry,
        label=uri.version,
        role=ROLES[uri.registry],
        run=None
        if run is None
        else CopiedRun(id=run.id, uid=run.uid, name=run.name or None, started=run.started),
        files={**draft.archived_files(), MANIFEST: ArchivedFile.of(manifest)},
    )


def _tell(ledger: OpenLedger, draft: Draft, record: CopyRecord, uri: Uri, folder: str) -> Entry:
    """Return the ledger's entry; one that says the same is not made twice."""
    names = {*record.files, RECORD}
    files = {path: file for path, file in files_of_copy(folder).items() if path in names}
    present = ledger.ledger.last_at(uri.folder)
    if present is not None and present.action != "remove" and present.files == files:
        return present
    return ledger.add(
        Entry(
            action="promote" if uri.registry == "models" and draft.run is not None else "add",
            run=draft.run.uid if draft.run else "",
            run_id=draft.run.id if draft.run else "",
            path=draft.path,
            at=uri.folder,
            promotion=record.promotion,
            role=record.role,
            files=files,
        )
    )


def users_of(root: str, contract: Contract | None, uri: Uri) -> Iterator[str]:
    """Yield the paths of the runs that used what a URI names, relative to the data root.

    Args:
        root: Absolute data root.
        contract: Says where runs stand.
        uri: Of one version.
    """
    for found in list_runs(root, contract):
        reading, _standing = stand(posixpath.normpath(posixpath.join(root, found.path)))
        origin = origin_of(reading)
        if origin is not None and any(each.uri == str(uri) for each in origin.inputs):
            yield found.path


def remove(
    root: str, text: str, registry: Registry, *, contract: Contract | None, reason: str, is_forced: bool
) -> Entry:
    """Let a model or a data set go, for good; the ledger keeps that it was there, and why it went.

    Args:
        root: Absolute data root.
        text: URI of one version.
        registry: The one that is asked.
        contract: Says where runs stand.
        reason: Why, for people.
        is_forced: Remove it although runs used it; then a reason must be given.

    Raises:
        UsageError: It is no URI of this registry.
        CannotStartError: Nothing is registered so, runs used it, or the reason is missing.
        StorageError: It stands where it stood.
        LedgerError: The ledger is damaged.
    """
    uri = parse_uri(text, registry)
    folder = posixpath.join(root, uri.folder)
    if not uri.is_whole or not (is_there(folder) or uri.folder in ledger_of(root).kept_in(registry)):
        whole = resolve(root, text).uri
        raise CannotStartError(
            f"`{uri}` is not removed: only a whole URI is, so that nothing goes that was not meant",
            expected=whole,
            got=text,
            hint=f"if that one is meant: `runpact {uri.registry} remove {whole}`",
        )
    users = tuple(users_of(root, contract, uri))
    if users and not is_forced:
        raise CannotStartError(
            f"`{uri}` is not removed: {counted(len(users), 'run', 'runs')} used it",
            at=uri.folder,
            expected="no run that used it",
            got=", ".join(users[:_MOST]),
            faults=tuple(Fault("this run used it", path) for path in users[:_MOST]),
            hint="without it they cannot be reproduced; `--force --reason WHY` removes it all the same",
        )
    if is_forced and not reason:
        raise CannotStartError(
            f"`{uri}` is not removed: nobody said why", expected="--reason WHY", got="nothing"
        )
    with open_ledger(root) as ledger:
        present = ledger.ledger.last_at(uri.folder)
        is_told = present is not None and present.action == "remove"
        entry = present if present is not None and is_told else ledger.add(_farewell(uri, present, reason))
        retract(folder, posixpath.join(root, uri.registry))
    return entry


def _farewell(uri: Uri, present: Entry | None, reason: str) -> Entry:
    return Entry(
        action="remove",
        run=present.run if present else "",
        run_id=present.run_id if present else "",
        path=present.path if present else "",
        at=uri.folder,
        reason=reason,
        role=ROLES[uri.registry],
        files=present.files if present else {},
    )
