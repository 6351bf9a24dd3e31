"""Seal a run: derive what its layout asks for, pin every file, commit.

Knows: the order of the end of a run, and what remains true when a step fails.
Does not know: how bytes reach the disk.
"""

from __future__ import annotations

import contextlib

import msgspec

from runpact.disk.layout import is_unpinned
from runpact.disk.tree import Folders, list_tree
from runpact.host import clock
from runpact.host.signals import putting_off_the_end
from runpact.model.errors import RunpactError, StorageError
from runpact.model.facts import FileFact
from runpact.model.manifest import (
    FileRecord,
    LogRecord,
    encode_manifest,
    encode_seal,
    seal_for,
    unsealed_manifest,
)
from runpact.model.recovery import labelled
from runpact.model.run import Outcome, Standing, State
from runpact.verbs.life.confine import discreet, settle_confinement
from runpact.verbs.life.inputs import settle_inputs
from runpact.verbs.life.latest import refresh_latest
from runpact.verbs.life.opened import OpenRun
from runpact.verbs.life.ownplaces import PinnedPlace, pin_places
from runpact.verbs.life.pinned import as_readable, pin_file
from runpact.verbs.life.predictions import write_frames
from runpact.verbs.life.project import manifest_projection, word_for, write_projections


def finish_run(
    run: OpenRun,
    state: State,
    *,
    error: str | None = None,
    exit_code: int | None = None,
    signal: int | None = None,
) -> Standing:
    """Seal `run` in `state`; when that fails once, as failed, with the reason.

    Returns:
        The state sealed; its reason says when durability could not be confirmed.

    Raises:
        StorageError: The run could not be sealed at all; readers will find it interrupted.
    """
    outcome = Outcome(
        state=state,
        ended=clock.now(),
        duration_seconds=round(clock.monotonic() - run.began, 6),
        exit_code=exit_code,
        signal=signal,
        error=run.masker.text("error", discreet(run, error)) if error else error,
    )
    whole = putting_off_the_end() if run.kind.session is not None else contextlib.nullcontext()
    with whole:  # a session that is asked to end while it ends is not torn: its end is told
        try:
            settle_confinement(run, seconds=outcome.duration_seconds)
            run.writer.free_ballast()
            run.standing = seal_run(run, outcome)
            return run.standing
        except RunpactError as fault:
            return _seal_as_failed(run, outcome, fault)
        finally:
            run.writer.close()


def seal_run(run: OpenRun, outcome: Outcome) -> Standing:
    """Derive the layout's files, pin every file and commit; when that fails the run is not sealed.

    Raises:
        StorageError: The run is not sealed.
    """
    settle_inputs(run)
    run.writer.check_logs()
    write_frames(run)
    write_projections(run, {"change", "seal"}, state=outcome.state, outcome=outcome)
    return _commit(run, outcome, manifest_projection(run, state=outcome.state, outcome=outcome))


def _seal_as_failed(run: OpenRun, outcome: Outcome, fault: RunpactError) -> Standing:
    """Commit the bare record of a run whose last files could not be written; then raise why."""
    if not run.writer.is_open:
        raise fault
    reason = run.masker.text("error", f"{type(fault).__name__}: {fault.message}")
    failed = Outcome(
        state=State.FAILED if outcome.state is State.FINISHED else outcome.state,
        ended=outcome.ended,
        duration_seconds=outcome.duration_seconds,
        exit_code=outcome.exit_code,
        signal=outcome.signal,
        error=outcome.error or reason,
    )
    if run.kind.session is not None and run.writer.is_open:
        with contextlib.suppress(RunpactError):
            write_projections(run, {"change"}, state=failed.state, outcome=failed)
    standing = _commit(run, failed, {})
    run.standing = standing
    raise fault


def _commit(run: OpenRun, outcome: Outcome, projected: dict[str, object]) -> Standing:
    run.note("run.ended", state=outcome.state.value, error=outcome.error)
    logs = run.writer.sync_logs()
    run.writer.clear_leftovers()
    record = run.record
    files, foreign = inventory(run, logs)
    places = pin_places(run)
    unflushed = _flush(run, foreign, places, outcome.state)
    manifest = msgspec.structs.replace(
        unsealed_manifest(record),
        sealed=True,
        outcome=outcome,
        provenance=run.provenance,
        logs=logs,
        files=files,
        places={place.name: place.record for place in places},
    )
    data = encode_manifest(manifest, projected)
    path = record.records["manifest"]
    doubt = run.writer.commit(data, encode_seal(seal_for(record.uid, path, data, logs))) or unflushed
    doubt = refresh_latest(run, outcome.state) or doubt
    if outcome.state is State.FINISHED or run.kind.session is not None:
        doubt = _refresh_views(run) or doubt
    if run.worklog is not None:
        run.worklog.ended(outcome, status=word_for(run.kind, outcome.state))
        doubt = run.worklog.refusal or doubt
    return Standing(outcome.state, doubt or outcome.error or "")


def _refresh_views(run: OpenRun) -> str | None:
    """Refresh the registry; return why not, since the run itself is sealed already."""
    if run.registry is None:
        return None
    from runpact.verbs.life.views import refresh_views  # noqa: PLC0415 - brings the index, the judge and SQLite

    return refresh_views(run.root, run.registry, kind=run.record.kind, uid=run.uid)


def _flush(
    run: OpenRun, foreign: tuple[FileFact, ...], places: tuple[PinnedPlace, ...], state: State
) -> str | None:
    """Make durable what others wrote into the run; only a finished run is refused when that fails."""
    try:
        run.writer.flush(foreign)
        for place in places:
            run.writer.flush_place(place.folder, run.root, place.facts)
    except StorageError as error:
        if state is State.FINISHED:
            raise
        return f"sealed, but not confirmed durable: {error.message}"
    return None


def inventory(
    run: OpenRun, logs: dict[str, LogRecord]
) -> tuple[tuple[FileRecord, ...], tuple[FileFact, ...]]:
    """Pin every file of the run by digest, sorted by path; return also those that others wrote.

    Files that were written through the run keep the digest computed while writing when their size still
    agrees; a symbolic link is pinned by the text of its target.
    """
    directory = run.writer.directory
    known = {log.path: FileRecord(log.path, log.size, log.digest) for log in logs.values()} | run.stored
    names = {entry.single: entry.name for entry in run.kind.entries if entry.single is not None}
    pinned, foreign = [], []
    with Folders(directory) as folders:
        for fact in list_tree(directory):
            if fact.kind == "dir" or is_unpinned(fact.path, run.record.records):
                continue
            record = pin_file(folders, fact, known=known, names=names)
            if record is not known.get(fact.path):
                foreign.append(fact)
            if fact.kind == "file" and fact.path in run.labels:
                record = labelled(record, run.labels[fact.path])
            pinned.append(as_readable(record))
    return tuple(pinned), tuple(foreign)
