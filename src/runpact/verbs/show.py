"""Gather what is recorded about one run.

Knows: which records answer which question, sealed or not.
Does not know: how the answer is shown.
"""

from __future__ import annotations

from collections import deque

import msgspec

from runpact.disk.storedlog import StoredLog
from runpact.model.manifest import FileRecord
from runpact.model.metrics import MetricSummary, summarise_metrics
from runpact.model.provenance import Provenance
from runpact.model.summary import RunSummary
from runpact.verbs.find import summarise
from runpact.verbs.origin import origin_of
from runpact.verbs.standing import stand

_LAST_EVENTS = 10


class RunDetails(msgspec.Struct, frozen=True, kw_only=True):
    """All that a person asks about one run."""

    summary: RunSummary
    provenance: Provenance | None
    config: dict[str, object]
    metrics: tuple[MetricSummary, ...]
    last_events: tuple[dict[str, object], ...]
    files: tuple[FileRecord, ...]
    """As the manifest pins them; empty until the run is sealed."""
    discarded_bytes: int
    """Torn or damaged bytes at the end of the logs."""


def show_run(root: str, path: str) -> RunDetails:
    """Return what the records of the run at `path`, relative to `root`, say."""
    summary = summarise(root, path)
    reading, _standing = stand(f"{root}/{path}" if path != "." else root)
    records = reading.record.records if reading.record else {}
    logs = [StoredLog(reading.directory, records[name]) for name in ("events", "metrics") if name in records]
    last_events: tuple[dict[str, object], ...] = ()
    metrics: tuple[MetricSummary, ...] = ()
    if logs:
        last_events = tuple(deque(logs[0].entries(), maxlen=_LAST_EVENTS))
        metrics = summarise_metrics(logs[1].entries())
    origin = origin_of(reading)
    return RunDetails(
        summary=summary,
        provenance=origin,
        config=origin.config.resolved if origin else {},
        metrics=metrics,
        last_events=last_events,
        files=reading.manifest.files if reading.manifest else (),
        discarded_bytes=sum(log.discarded for log in logs),
    )
