"""Say something about a run: tags and notes, beside it.

Knows: that a run is named by its uid, which survives moving it; that no secret is kept.
Does not know: how a line is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from runpact.disk.annotations import append_annotation, read_annotation_bytes
from runpact.disk.reader import read_run
from runpact.host.clock import now
from runpact.model.annotations import (
    Annotation,
    Annotations,
    annotation_line,
    check_note,
    check_tags,
    read_annotations,
)
from runpact.model.errors import CannotStartError, UsageError
from runpact.verbs.capturing.mask import find_secrets, patterns_in


class AnnotatedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run and what people said about it."""

    uid: str
    path: str
    """As it is shown: relative to the data root where it lies inside."""
    annotations: Annotations


def read_of_run(root: str, directory: str, *, shown: str) -> AnnotatedRun:
    """Return the tags and notes of a run.

    Raises:
        CannotStartError: The directory has no uid.
    """
    uid = _uid_of(directory, shown)
    return AnnotatedRun(uid=uid, path=shown, annotations=annotations_of(root, uid))


def annotations_of(root: str, uid: str) -> Annotations:
    """Return the tags and notes of the run with that uid."""
    return read_annotations(read_annotation_bytes(root, uid))


def tag_run(
    root: str, directory: str, *, shown: str, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> AnnotatedRun:
    """Give a run tags and take others from it; return what it has then.

    Raises:
        UsageError: One of them is no tag, or is added and removed at once.
        CannotStartError: The directory has no uid.
    """
    added, removed = check_tags(add), check_tags(remove)
    both = next((tag for tag in added if tag in removed), None)
    if both is not None:
        raise UsageError(f"the tag `{both}` is added and removed at once", got=both)
    uid = _uid_of(directory, shown)

    def line_after(before: bytes) -> bytes:
        present = set(read_annotations(before).tags)
        new = tuple(tag for tag in added if tag not in present)
        gone = tuple(tag for tag in removed if tag in present)
        return annotation_line(before, Annotation(time=now(), add=new, remove=gone)) if new or gone else b""

    data = append_annotation(root, uid, line_after)
    return AnnotatedRun(uid=uid, path=shown, annotations=read_annotations(data))


def note_run(root: str, directory: str, text: str, *, shown: str, environ: Mapping[str, str]) -> AnnotatedRun:
    """Add a note to a run, without the secrets of the environment and those of a known shape.

    Raises:
        UsageError: The text is empty or too long.
        CannotStartError: The directory has no uid.
    """
    masker = find_secrets(environ, patterns_in(environ), config={}, command=())
    note = masker.text("note", check_note(text))
    uid = _uid_of(directory, shown)
    data = append_annotation(
        root, uid, lambda before: annotation_line(before, Annotation(time=now(), note=note))
    )
    return AnnotatedRun(uid=uid, path=shown, annotations=read_annotations(data))


def _uid_of(directory: str, shown: str) -> str:
    reading = read_run(directory)
    known = reading.record or reading.manifest
    if known is None:
        raise CannotStartError(
            f"`{shown}` has no uid to keep tags and notes by",
            at=shown,
            expected="a run that runpact made",
            got="a directory without its records",
            hint="a name may lead to something else tomorrow; keep the note in the directory itself",
        )
    return known.uid
