"""The front door to tags and notes.

Knows: which run of a workspace a person means.
Does not know: where tags and notes are kept.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runpact.verbs.finding.annotate import AnnotatedRun  # noqa: TC004 - exported for annotations alone
    from runpact.workspace import Workspace

__all__ = ["AnnotatedRun", "annotated", "note", "tag"]


def annotated(place: Workspace, reference: str) -> AnnotatedRun:
    """Return the tags and notes of a run."""
    from runpact.verbs.finding.annotate import read_of_run

    directory = place.resolve(reference)
    return read_of_run(place.data_root, directory, shown=place.shown(directory))


def tag(
    place: Workspace, reference: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> AnnotatedRun:
    """Give a run tags and take others from it; the run itself never changes."""
    from runpact.verbs.finding.annotate import tag_run

    directory = place.resolve(reference)
    return tag_run(place.data_root, directory, shown=place.shown(directory), add=add, remove=remove)


def note(place: Workspace, reference: str, text: str) -> AnnotatedRun:
    """Add a note to a run; the run itself never changes."""
    from runpact.verbs.finding.annotate import note_run

    directory = place.resolve(reference)
    return note_run(place.data_root, directory, text, shown=place.shown(directory), environ=os.environ)
