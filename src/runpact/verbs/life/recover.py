"""Seal a run whose process ended without doing so.

Knows: the order of a recovery, and what it must not lose.
Does not know: how bytes reach the disk, whether processes of the run still live.

1. Hold the run's lock, and look once more: only an unsealed run whose owner is dead is recovered.
2. Move aside what its processes were writing when they ended; keep what is cut off the logs.
3. Go on with the logs, derive the layout's files, pin every file, commit: as a living run does.

A process that dies in here leaves the run as interrupted as it was, and the next one begins anew.
"""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import Iterable, Mapping

import msgspec

from runpact.disk.aside import Aside
from runpact.disk.layout import CONTRACT, RunPaths
from runpact.disk.reader import read_run
from runpact.disk.storedlog import StoredLog
from runpact.disk.takeover import demand_plain, take_over, torn_tail, unfinished_in, writer_of
from runpact.disk.tree import list_tree
from runpact.host import clock
from runpact.host.process import liveness
from runpact.model.contract.language import Kind
from runpact.model.derived import due_entries
from runpact.model.errors import RunpactError, StorageError
from runpact.model.frames import LoggedFrame, parted_frames
from runpact.model.inputs import inputs_of
from runpact.model.names import check_relative, readable_path
from runpact.model.provenance import Provenance
from runpact.model.recordmasker import RecordMasker
from runpact.model.recovery import (
    RECOVERED,
    labels_of,
    recovered_outcome,
    saved_files,
    unconfined,
    written_files,
)
from runpact.model.run import Liveness, RunRecord, Standing, State
from runpact.model.session.lifecycle import settled_end
from runpact.verbs.contracts.load_contract import load_copy
from runpact.verbs.finding.standing import is_experiment, stand
from runpact.verbs.life.finish import seal_run
from runpact.verbs.life.opened import OpenRun


class RecoveredRun(OpenRun):
    """A run that another process than its own seals."""

    @property
    def provenance(self) -> Provenance:
        """Where the run comes from; what its process masked nobody else can count."""
        masking = self.record.provenance.masking
        return msgspec.structs.replace(super().provenance, masking=masking)


def recover_run(root: str, path: str, aside: Aside, *, is_by_operator: bool = False) -> Standing:
    """Seal an unsealed run as interrupted; one that is sealed already is left as it is.

    Args:
        root: Absolute data root.
        path: Of the run, relative to it.
        aside: Takes what its processes were writing when they ended.
        is_by_operator: Somebody has just ended its process; else nobody knows when that ended.

    Returns:
        The state it has now.

    Raises:
        StorageError: It stands as it stood: a process of it still lives, or something cannot be written.
    """
    directory = posixpath.normpath(posixpath.join(root, path))
    with take_over(directory) as lock:
        record = _record_to_seal(directory)
        if record is None:
            return stand(directory)[1]
        kind = _kind_of(directory, record)
        written = (entry.single for entry in kind.entries if entry.fields is not None)
        demand_plain(directory, [*record.records.values(), *(name for name in written if name is not None)])
        kept = _moved_aside(path, directory, record, aside)
        return _sealed(root, directory, record, kind, lock, kept, is_lost=not is_by_operator)


def _record_to_seal(directory: str) -> RunRecord | None:
    """Return the birth record of a run that nobody seals any more; None when it is sealed.

    Raises:
        StorageError: It is not known that nobody does.
    """
    reading = read_run(directory)
    if reading.manifest is not None and reading.manifest.sealed:
        return None
    record = reading.record
    if is_experiment(reading):
        raise StorageError("an experiment is not sealed as a whole: its stages are", at=directory)
    if record is None or reading.manifest is None or reading.record_fault:
        reason = reading.record_fault or reading.manifest_fault or "a record is missing"
        raise StorageError(f"the run is damaged: {reason}", at=directory)
    if liveness(record.owner, lock_held=False) is not Liveness.DEAD:
        raise StorageError("the run's process ran on another host, and may be alive there", at=directory)
    for relative in record.records.values():
        check_relative(relative, what="record")
    return record


def _kind_of(directory: str, record: RunRecord) -> Kind:
    """Return the kind that the run was made as; a bare one when its copy of the contract is damaged."""
    try:
        loaded = load_copy(posixpath.join(directory, CONTRACT))
    except RunpactError:
        return Kind(at="")
    return loaded.contract.kinds.get(record.kind, Kind(at=""))


def _moved_aside(path: str, directory: str, record: RunRecord, aside: Aside) -> list[str]:
    """Move away what is half written (step 2); return where it stands."""
    unfinished = {*unfinished_in(directory, pid=record.owner.pid), *_frames_in(directory, record)[1]}
    kept = [aside.move(posixpath.join(path, name)) for name in sorted(unfinished)]
    for name in ("events", "metrics"):
        relative = record.records[name]
        tail = torn_tail(directory, relative)
        if tail:
            kept.append(aside.keep(posixpath.join(path, f"{relative}.tail"), tail))
    return kept


def _frames_in(directory: str, record: RunRecord) -> tuple[list[LoggedFrame], list[str]]:
    """Return the predictions that the log acknowledged, and the files of those that it did not."""
    sizes = {fact.path: fact.size for fact in list_tree(directory) if fact.kind == "file"}
    return parted_frames(StoredLog(directory, record.records["events"]).entries(), sizes)


def _heard(directory: str, kind: Kind) -> object:
    """Return when a session beat last, as its document tells; None where none does."""
    if kind.session is None:
        return None
    from runpact.verbs.life.lifecycle import lifecycle_document  # noqa: PLC0415 - other runs have none

    document = lifecycle_document(directory, kind)
    return document.get("updated_at") if isinstance(document, Mapping) else None


def _sealed(
    root: str,
    directory: str,
    record: RunRecord,
    kind: Kind,
    lock: int,
    kept: Iterable[str],
    *,
    is_lost: bool,
) -> Standing:
    """Go on where the run's process ended, and commit (step 3)."""
    events = tuple(StoredLog(directory, record.records["events"]).entries())
    last_point = deque(StoredLog(directory, record.records["metrics"]).entries(), maxlen=1)
    outcome = recovered_outcome(
        record.started,
        events,
        last_point,
        heard=_heard(directory, kind),
        killed=None if is_lost else clock.now(),
    )
    if kind.session is not None:
        outcome = settled_end(events, outcome)
    paths = RunPaths(directory, record.records)
    writer = writer_of(paths, lock, is_durable=record.durability != "none")
    try:
        run = RecoveredRun(
            writer,
            record,
            kind,
            root=root,
            began=clock.monotonic(),
            config=record.provenance.config.resolved,
            masker=RecordMasker(),
        )
        run.is_lost = is_lost and outcome.state is State.INTERRUPTED
        run.stored = saved_files(events)
        run.labels = labels_of(events)
        run.derived = written_files(events, [path for path, _entry in due_entries(kind, {"change"})])
        for frame in _frames_in(directory, record)[0]:
            run.frames.setdefault(frame.about, {})[frame.path] = frame.frame
        run.adopted = inputs_of(events)
        run.confinement = unconfined(record.provenance.confinement)
        run.note(RECOVERED, set_aside=[readable_path(each) for each in kept])
        return seal_run(run, outcome)
    finally:
        writer.close()
