"""Gather what a page says of a run that somebody asks about.

Knows: which facts a page shows, and where they are.
Does not know: how it looks.
"""

from __future__ import annotations

import posixpath

from runpact.disk.storedlog import StoredLog
from runpact.disk.tree import list_tree
from runpact.model.contract.language import Kind
from runpact.model.contract.sessions import word_of
from runpact.model.reproduction import config_copy, reproduction
from runpact.model.runpage.facts import OwnForm, PageFacts, Told, page_of
from runpact.verbs.finding.contents import contents_of
from runpact.verbs.finding.standing import stand
from runpact.verbs.judging.check import CheckedRun
from runpact.verbs.judging.compare import series_in
from runpact.verbs.judging.show import RunDetails


def facts_of(
    details: RunDetails, checked: CheckedRun, *, root: str, kind: Kind | None, own: OwnForm | None = None
) -> PageFacts:
    """Return what is known of a run, and the verdict on it.

    Args:
        details: Its records.
        checked: The verdict.
        root: Absolute data root.
        kind: Of the contract; None where it does not know the run's.
        own: What is said first of a run of a special sort.
    """
    summary = details.summary
    directory = posixpath.normpath(posixpath.join(root, summary.path))
    reading, _standing = stand(directory)
    files = tuple((each.path, each.size, each.digest) for each in details.files) or tuple(
        (fact.path, fact.size, "") for fact in list_tree(directory) if fact.kind == "file"
    )
    contents = contents_of(directory, kind, [path for path, _size, _digest in files])
    record = reading.record
    again = (
        reproduction(
            record,
            StoredLog(directory, record.records["events"]).entries(),
            config_copy=config_copy(kind, summary.path),
        ).command
        if record is not None
        else None
    )
    return page_of(
        Told(
            path=summary.path,
            status=word_of(kind, summary.state) if kind is not None else summary.state.value,
            state=summary.state.value,
            reason=summary.reason,
            verdict=checked.verdict,
            judged_by=checked.judged_by,
            kind=summary.kind,
            contract=summary.contract,
            uid=summary.uid,
            started=summary.started,
            ended=summary.ended,
            seconds=summary.duration_seconds,
            origin=details.provenance,
            again=again,
            series=series_in(reading),
            results=contents.results,
            metadata=contents.metadata if record is None else None,
            config=contents.config,
            evidence=contents.evidence,
            tables=contents.tables,
            findings=checked.report.findings,
            files=files,
            notes=(*details.tags, *(each.text for each in details.notes)),
            own=own,
        )
    )
