"""The records of an experiment itself: its attempts hold what they were, and they are held against that.

Knows: that a birth record never changes, and that a log only grows.
Does not know: files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runpact.model.digest import digest_bytes
from runpact.model.finding import Finding, Severity
from runpact.model.journal import read_journal
from runpact.model.pipeline.result import ExperimentHeld, LogHeld

_HINT = "restore it from a copy; birth record and configuration never change, and the log only grows"


def hold(record: bytes, log: bytes) -> ExperimentHeld:
    """Return what an attempt holds of its experiment: of the log all entries that are whole and right."""
    journal = read_journal(log)
    events = LogHeld(count=len(journal.entries), size=journal.size, digest=digest_bytes(log[: journal.size]))
    return ExperimentHeld(record=digest_bytes(record), events=events)


def judge_held(
    held: Iterable[ExperimentHeld],
    *,
    record: tuple[str, bytes],
    log: tuple[str, bytes | None],
) -> Iterator[Finding]:
    """Yield where birth record and log of an experiment are not what its attempts hold, or no log at all.

    Args:
        held: What the attempts hold; nothing of those of an earlier version.
        record: Path and bytes of the birth record.
        log: Path and bytes of the log; None when it is missing or cannot be read.
    """
    known = sorted(held, key=lambda each: each.events.size)
    digest = digest_bytes(record[1])
    other = next((each.record for each in known if each.record != digest), None)
    if other is not None:
        yield damage(
            "digest-mismatch", record[0], "the birth record is not the one that a stage had", other, digest
        )
    path, data = log
    if data is None:
        yield damage("missing-file", path, "the log is missing, or cannot be read")
        return
    journal = read_journal(data)
    if b"\n" in data[journal.size :]:
        count = len(journal.entries)
        yield damage("digest-mismatch", path, f"only the first {count} entries of the log follow each other")
    elif known:
        longest = known[-1].events
        got = digest_bytes(data[: longest.size])
        if got != longest.digest:
            message = f"the log does not begin with the {longest.count} entries that a stage saw"
            yield damage("digest-mismatch", path, message, longest.digest, got)


def damage(
    code: str, path: str, message: str, expected: str | None = None, got: str | None = None
) -> Finding:
    """Return what is wrong with a record of an experiment that never changes."""
    return Finding(
        code=code,
        severity=Severity.ERROR,
        message=message,
        path=path,
        expected=expected,
        got=got,
        hint=_HINT,
    )
