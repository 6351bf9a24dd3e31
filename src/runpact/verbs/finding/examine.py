"""Read one run for the index.

Knows: which records tell what runs are searched by, and which of them tell that it must be read again.
Does not know: how the index keeps it.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

import msgspec

from runpact.disk.annotations import read_annotation_bytes
from runpact.disk.experiment import stage_directories
from runpact.disk.layout import PIPELINE, RECORD, SEAL
from runpact.disk.reader import Reading, is_locked
from runpact.disk.stamps import Stamp, are_same, stamps_of
from runpact.disk.storedlog import StoredLog
from runpact.host.process import liveness
from runpact.index.tables import Row
from runpact.model.annotations import Annotations, read_annotations
from runpact.model.contract.language import Records
from runpact.model.errors import StorageError
from runpact.model.metrics import summarise_metrics
from runpact.model.names import readable_path
from runpact.model.place import Place
from runpact.model.provenance import Provenance
from runpact.model.run import Owner, Standing, State
from runpact.model.summary import IndexedRun, Origin, RunSummary, facts_of
from runpact.verbs.finding.find import summary_of
from runpact.verbs.finding.standing import is_experiment, stand

if TYPE_CHECKING:
    from runpact.verbs.finding.lines import Lister


class Watched(msgspec.Struct, frozen=True):
    """What the state of an unsealed run follows from, besides its records."""

    owner: Owner | None
    liveness: str


_WATCHED = msgspec.msgpack.Decoder(Watched)
_KNOWN = (RECORD, SEAL, Records().manifest)


def examine(
    root: str, path: str, places: tuple[Place, ...], *, inode: int, lister: Lister | None = None
) -> Row:
    """Read a run and return its row.

    Stamps are taken, and its owner is looked at, before it is read: what changes meanwhile differs after it.

    Args:
        root: Absolute data root.
        path: Of the run, relative to it.
        places: Where runs stand.
        inode: Of its directory, as its parent lists it.
        lister: Says how the contract's views list it; None where there are none.
    """
    directory = posixpath.normpath(posixpath.join(root, path))
    stamps, owner = stamps_of(directory, _KNOWN), b""
    reading, standing = stand(directory)
    wanted = _deciding(reading)
    if wanted != _KNOWN or not _is_sealed(reading):
        stamps, owner = stamps_of(directory, wanted), _owner(reading, standing)
        reading, standing = stand(directory)
    is_open = reading.is_staged or (
        reading.has_record and (standing.state is State.CORRUPT or not _is_sealed(reading))
    )
    summary = summary_of(reading, standing, path, places)
    run = IndexedRun(
        summary=_readable(summary),
        origin=_origin(reading),
        facts=_facts(root, reading, summary, places),
        is_open=is_open,
    )
    if lister is None:
        return Row(place=path, inode=inode, stamps=stamps, owner=owner, run=run)
    listed = lister.list_run(reading, standing, path, summary.kind)
    return Row(
        place=path, inode=inode, stamps=stamps | listed.stamps, owner=owner, run=run, lines=listed.lines
    )


def is_as_read(directory: str, stamps: dict[str, Stamp], owner: bytes) -> bool:
    """Whether a run's records and the life of its owner are what they were when it was read.

    Args:
        directory: Absolute path of the run.
        stamps: Of its records.
        owner: As its row keeps it.
    """
    if not are_same(directory, stamps):
        return False
    if not owner:
        return True
    watched = _WATCHED.decode(owner)
    return _life_of(watched.owner, directory) == watched.liveness


def _is_sealed(reading: Reading) -> bool:
    return reading.manifest is not None and reading.manifest.sealed


def _deciding(reading: Reading) -> tuple[str, ...]:
    """Return the files that a row follows from; what a sealed run measured does not change."""
    if not reading.has_record:
        return ("", *_KNOWN)
    if is_experiment(reading):
        stages = stage_directories(reading.directory)
        deciding = (f"{name}/{path}" for name in stages for path in _KNOWN)
        return ("", RECORD, PIPELINE, reading.manifest_path, *deciding)
    grows = (
        (reading.record.records["metrics"],) if reading.record is not None and not _is_sealed(reading) else ()
    )
    return (RECORD, SEAL, reading.manifest_path, *grows)


def _owner(reading: Reading, standing: Standing) -> bytes:
    if is_experiment(reading):
        is_running = standing.state is State.RUNNING  # what runs is read again each time
        return msgspec.msgpack.encode(Watched(None, "experiment")) if is_running else b""
    if _is_sealed(reading) or not reading.has_record:
        return b""
    owner = reading.record.owner if reading.record is not None else None
    return msgspec.msgpack.encode(Watched(owner, _life_of(owner, reading.directory)))


def _life_of(owner: Owner | None, directory: str) -> str:
    held = is_locked(posixpath.join(directory, RECORD))
    return str(held) if owner is None else liveness(owner, lock_held=held).value


def _readable(summary: RunSummary) -> RunSummary:
    if summary.path.isascii():
        return summary
    return msgspec.structs.replace(summary, path=readable_path(summary.path), id=readable_path(summary.id))


def _provenance(reading: Reading) -> Provenance | None:
    manifest, record = reading.manifest, reading.record
    if manifest is not None and manifest.sealed and manifest.provenance is not None:
        return manifest.provenance
    return record.provenance if record is not None else None


def _origin(reading: Reading) -> Origin:
    provenance = _provenance(reading)
    if provenance is None:
        return Origin()
    code, outcome = provenance.code, reading.manifest.outcome if reading.manifest else None
    return Origin(
        commit=None if code.commit == "unknown" else code.commit,
        branch=None if code.branch == "unknown" else code.branch,
        dirty=code.dirty,
        command=" ".join(provenance.command) or None,
        python=provenance.environment.python,
        exit_code=outcome.exit_code if outcome else None,
    )


def _facts(
    root: str, reading: Reading, summary: RunSummary, places: tuple[Place, ...]
) -> dict[str, str | int | float | bool | None]:
    provenance, record = _provenance(reading), reading.record
    said = _annotations(root, summary.uid) if summary.uid is not None else Annotations()
    points = StoredLog(reading.directory, record.records["metrics"]).entries() if record is not None else ()
    return facts_of(
        provenance.config.resolved if provenance else {},
        summarise_metrics(points),
        record.captures if record is not None else _captures(summary, places),
        provenance.seeds if provenance else {},
        said.tags,
        [note.text for note in said.notes],
    )


def _annotations(root: str, uid: str) -> Annotations:
    """Return what people said about a run; nothing where it cannot be read, which `runpact tag` tells."""
    try:
        return read_annotations(read_annotation_bytes(root, uid))
    except StorageError:
        return Annotations()


def _captures(summary: RunSummary, places: tuple[Place, ...]) -> dict[str, str]:
    found = (place.match(summary.path) for place in places if place.kind == summary.kind)
    return next((captures for captures in found if captures is not None), {})
