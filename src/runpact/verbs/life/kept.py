"""Tell the files of a layout that a program wrote by itself from those that runpact wrote.

Knows: what this run, or the process whose run it takes over, wrote there last.
Does not know: what stands in them, how they are written.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from runpact.disk.tree import digest_file
from runpact.model.contract.language import Entry
from runpact.model.errors import StorageError
from runpact.model.recovery import WRITTEN
from runpact.verbs.life.opened import OpenRun


def note_born(run: OpenRun, due: Iterable[tuple[str, Entry]]) -> None:
    """Log what files that may change are at the start, so that whoever seals the run knows them again."""
    files = {path: run.derived[path] for path, entry in due if entry.written == "change"}
    if files:
        run.note(WRITTEN, files=files)


def without_kept(
    run: OpenRun, due: Iterable[tuple[str, Entry]], *, lifecycle: Entry | None
) -> tuple[tuple[str, Entry], ...]:
    """Return the entries whose files are runpact's to write; what a program wrote is never replaced.

    Of a stage the orchestrator has the last word. The names are logged before any of the files is written: a
    process that goes on from here knows that they are none of the program's.

    Args:
        run: About to be sealed.
        due: The entries with their paths.
        lifecycle: Of a session, the one whose document runpact alone writes.
    """
    if run.record.stage is not None:
        return tuple(due)
    own = tuple(each for each in due if each[1] == lifecycle or not _is_the_programs(run, each[0]))
    unsaid = {path: None for path, _entry in own if run.derived.get(path, "") is not None}
    if unsaid:
        run.note(WRITTEN, files=unsaid)
    return own


def _is_the_programs(run: OpenRun, path: str) -> bool:
    """Whether something stands there that runpact did not write."""
    if path in run.derived and run.derived[path] is None:
        return False
    if not os.path.lexists(run.writer.paths.at(path)):
        return False
    try:
        return digest_file(run.dir, path)[0] != run.derived.get(path)
    except StorageError:  # no plain file: runpact writes no other
        return True
