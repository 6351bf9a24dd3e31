"""Whether what people said about runs can be read, and of which runs it was said.

Knows: that notes outlive a run that was moved elsewhere.
Does not know: where notes stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from runpact.model.doctor.diagnosis import Diagnosis, diagnose


class NotesState(msgspec.Struct, frozen=True, kw_only=True):
    """The tags and notes of one run."""

    path: str
    has_run: bool
    damaged: int = 0
    """Lines that cannot be read."""
    fault: str = ""
    """Why nothing of it can be read."""


def judge_notes(found: Iterable[NotesState]) -> Iterator[Diagnosis]:
    """Yield what is damaged, and what was said of runs that are not here."""
    for notes in found:
        if notes.fault or notes.damaged:
            yield diagnose(
                "damaged-record",
                "tags and notes of a run cannot all be read",
                path=notes.path,
                got=notes.fault or f"{notes.damaged} damaged lines",
                hint="restore the file from a copy; the lines that are whole go on to count",
            )
        if not notes.has_run:
            yield diagnose(
                "notes-without-run",
                "tags and notes of a run that is not in this workspace",
                path=notes.path,
                hint="they count again when the run comes back; remove the file if it is gone for good",
            )
