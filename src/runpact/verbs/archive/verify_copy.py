"""Verify a curated copy: hold its files against its record.

Knows: which files may stand beside what is recorded.
Does not know: certificates; where one stands, it is verified by itself.
"""

from __future__ import annotations

import posixpath

from runpact.disk.archive import file_of_copy, files_of_copy
from runpact.model.archive.copy import RECORD, CopyRecord, judge_copy, parse_record
from runpact.model.errors import RunpactError
from runpact.model.finding import Finding, Report, Severity
from runpact.model.ledger.entry import Entry
from runpact.verbs.archive.copies import OPEN_NAMES


def verify_copy(folder: str) -> tuple[CopyRecord | None, Report]:
    """Return the record of a curated copy, and what is wrong with it; no record when it cannot be read.

    Args:
        folder: Absolute path of the copy.
    """
    try:
        record = parse_record(file_of_copy(folder, RECORD) or b"")
        found = files_of_copy(folder)
    except RunpactError as error:
        finding = Finding(
            code="damaged-record",
            severity=Severity.ERROR,
            path=RECORD,
            message=error.message,
            hint="restore it from version control",
        )
        return None, Report((finding,))
    return record, judge_copy(record.files, found, open_names=OPEN_NAMES)


def archive_fault(root: str, entry: Entry) -> str:
    """Return why a curated copy is not what the ledger says; nothing when every file of it is.

    Args:
        root: Absolute data root.
        entry: Of its promotion.
    """
    folder = posixpath.join(root, entry.at or "")
    try:
        found = files_of_copy(folder)
    except RunpactError:
        return f"its copy {entry.at} is not there"
    differing = [path for path, file in entry.files.items() if found.get(path) != file]
    return f"its copy {entry.at} was altered: {differing[0]}" if differing else ""
