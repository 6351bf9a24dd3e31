"""Gather what is recorded about one run.

Knows: which records answer which question, sealed or not.
Does not know: how the answer is shown.
"""

from __future__ import annotations

import msgspec

from runpact.disk.reader import Reading, read_log
from runpact.model.journal import Journal
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
    events, metrics = _log(reading, "events"), _log(reading, "metrics")
    origin = origin_of(reading)
    return RunDetails(
        summary=summary,
        provenance=origin,
        config=origin.config.resolved if origin else {},
        metrics=summarise_metrics(metrics.entries),
        last_events=events.entries[-_LAST_EVENTS:],
        files=reading.manifest.files if reading.manifest else (),
        discarded_bytes=events.discarded + metrics.discarded,
    )


def _log(reading: Reading, name: str) -> Journal:
    read = read_log(reading.directory, reading.record.records[name]) if reading.record else None
    return read[0] if read else Journal((), 0)
