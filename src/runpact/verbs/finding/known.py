"""An existing run as a program holds it.

Knows: where it stands, so that people can say something about it.
Does not know: what is in its documents.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from runpact.model.annotations import Annotations, Note
from runpact.model.summary import RunSummary
from runpact.verbs.finding.annotate import note_run, read_of_run, tag_run


class KnownRun(RunSummary, frozen=True, kw_only=True):
    """What is known of a run, with its tags and notes."""

    directory: str
    """Absolute path."""
    root: str = ""
    """Absolute data root; tags and notes are kept there."""

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of the run, sorted; read anew each time."""
        return self._annotations().tags

    @property
    def notes(self) -> tuple[Note, ...]:
        """What people noted about the run, oldest first; read anew each time."""
        return self._annotations().notes

    def told(self) -> list[tuple[str, object]]:
        """Return what a notebook shows of the run."""
        said = Annotations() if self.uid is None else self._annotations()
        remarks = "\n".join(note.text for note in said.notes)
        return [*super().told(), ("tags", " ".join(said.tags)), ("note", remarks)]

    def tag(self, *add: str, remove: Iterable[str] = ()) -> tuple[str, ...]:
        """Give the run tags and take others from it, beside the run; return what it has then."""
        removed = (remove,) if isinstance(remove, str) else tuple(remove)
        tagged = tag_run(self.root, self.directory, shown=self.path, add=add, remove=removed)
        return tagged.annotations.tags

    def note(self, text: str) -> None:
        """Add a note to the run, beside it."""
        note_run(self.root, self.directory, text, shown=self.path, environ=os.environ)

    def _annotations(self) -> Annotations:
        return read_of_run(self.root, self.directory, shown=self.path).annotations
