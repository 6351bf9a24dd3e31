"""Gather what is recorded about one run.

Knows: which records answer which question, sealed or not.
Does not know: how the answer is shown.
"""

from __future__ import annotations

import posixpath
from collections import Counter, deque

import msgspec

from runpact.disk.experiment import stage_directories
from runpact.disk.storedlog import StoredLog
from runpact.disk.tree import list_tree
from runpact.model.annotations import Annotations, Note
from runpact.model.contract.language import LoadedContract
from runpact.model.errors import RunpactError, StorageError
from runpact.model.finding import Verdict
from runpact.model.manifest import FileRecord
from runpact.model.metrics import MetricSummary, summarise_metrics
from runpact.model.provenance import Provenance
from runpact.model.summary import RunSummary
from runpact.verbs.finding.annotate import annotations_of
from runpact.verbs.finding.contents import config_of
from runpact.verbs.finding.find import summarise_in
from runpact.verbs.finding.origin import origin_of
from runpact.verbs.finding.standing import is_experiment, stand
from runpact.verbs.judging.check import check_run

_LAST_EVENTS = 10


class RunDetails(msgspec.Struct, frozen=True, kw_only=True):
    """All that a person asks about one run."""

    summary: RunSummary
    provenance: Provenance | None
    config: dict[str, object]
    metrics: tuple[MetricSummary, ...]
    last_events: tuple[dict[str, object], ...]
    files: tuple[FileRecord, ...]
    """As the manifest pins them, those of its places too; empty until the run is sealed."""
    discarded_bytes: int
    """Torn or damaged bytes at the end of the logs."""
    tags: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    """What people remarked on it, oldest first."""
    verdict: Verdict | None = None
    """What `check` says of it; None where there is nothing to judge by."""
    held: dict[str, int] | None = None
    """Of an experiment: how many stages each level of confinement held; None for any other run."""


def show_run(
    root: str, path: str, *, contract: LoadedContract | None = None, is_named: bool = False
) -> RunDetails:
    """Return what is recorded about one run, and the verdict on it.

    Args:
        root: Absolute data root.
        path: Of the run, relative to it.
        contract: The workspace's or the caller's; without one the run's own copy judges.
        is_named: The caller named this contract.
    """
    summary = summarise_in(root, path, contract)
    directory = f"{root}/{path}" if path != "." else root
    reading, _standing = stand(directory)
    records = reading.record.records if reading.record else {}
    logs = [StoredLog(reading.directory, records[name]) for name in ("events", "metrics") if name in records]
    last_events: tuple[dict[str, object], ...] = ()
    metrics: tuple[MetricSummary, ...] = ()
    if logs:
        last_events = tuple(deque(logs[0].entries(), maxlen=_LAST_EVENTS))
        metrics = summarise_metrics(logs[1].entries())
    origin = origin_of(reading)
    said = _annotations(root, summary.uid)
    return RunDetails(
        summary=summary,
        provenance=origin,
        config=origin.config.resolved if origin else _told_config(reading.directory, summary, contract),
        metrics=metrics,
        last_events=last_events,
        files=reading.manifest.all_files if reading.manifest else (),
        discarded_bytes=sum(log.discarded for log in logs),
        tags=said.tags,
        notes=said.notes,
        verdict=_verdict(root, path, contract, is_named=is_named),
        held=_held(directory) if is_experiment(reading) else None,
    )


def _held(directory: str) -> dict[str, int]:
    found = (stand(posixpath.join(directory, name))[0] for name in stage_directories(directory))
    told = (reading.manifest.provenance for reading in found if reading.manifest is not None)
    return dict(sorted(Counter(each.confinement.level for each in told if each is not None).items()))


def _told_config(directory: str, summary: RunSummary, contract: LoadedContract | None) -> dict[str, object]:
    """Return the configuration that a directory tells which runpact did not make."""
    kind = contract.contract.kinds.get(summary.kind or "") if contract is not None else None
    return config_of(directory, kind, (fact.path for fact in list_tree(directory)))


def _annotations(root: str, uid: str | None) -> Annotations:
    try:
        return annotations_of(root, uid) if uid is not None else Annotations()
    except StorageError:
        return Annotations()


def _verdict(root: str, path: str, contract: LoadedContract | None, *, is_named: bool) -> Verdict | None:
    directory = posixpath.normpath(posixpath.join(root, path))
    try:
        return check_run(directory, root=root, contract=contract, is_named=is_named).verdict
    except RunpactError:
        return None
