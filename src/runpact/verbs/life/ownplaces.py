"""The directories that a run owns outside its own: pinned when it is sealed, compared when it is verified.

Knows: where they stand, and how a record names them so that a workspace can be moved.
Does not know: what must stand in them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from runpact.disk.reader import is_directory
from runpact.disk.tree import Folders, list_tree
from runpact.model.errors import StorageError
from runpact.model.facts import FileFact
from runpact.model.finding import Finding, Severity
from runpact.model.manifest import FileRecord, Manifest, PlaceRecord
from runpact.model.names import is_relative
from runpact.verbs.finding.places import named_by, place_folders
from runpact.verbs.life.opened import OpenRun
from runpact.verbs.life.pinned import as_readable, compare_pinned, damage, pin_file


class PinnedPlace(NamedTuple):
    """A place of a run, as its manifest is to tell it."""

    name: str
    folder: str
    """Absolute."""
    record: PlaceRecord
    facts: tuple[FileFact, ...]
    """What stood there."""


def pin_places(run: OpenRun) -> tuple[PinnedPlace, ...]:
    """Return the places of a run with every file of them pinned by digest.

    One that does not exist is pinned as empty: what is put there later was never part of the run.
    """
    folders = place_folders(run.kind, run.root, named_by(run.record))
    return tuple(_pin_place(run, name, folder) for name, folder in folders.items())


def _pin_place(run: OpenRun, name: str, folder: str) -> PinnedPlace:
    facts, files = _pinned(folder) if is_directory(folder) else ((), ())
    path, own = (posixpath.relpath(each, run.root) for each in (folder, run.dir))
    return PinnedPlace(name, folder, PlaceRecord(path, own, files), facts)


def _pinned(folder: str) -> tuple[tuple[FileFact, ...], tuple[FileRecord, ...]]:
    try:
        facts = list_tree(folder)
    except StorageError:
        return (), (FileRecord(posixpath.curdir, 0, "", type="unreadable"),)  # never verifies
    with Folders(folder) as folders:
        return facts, tuple(as_readable(pin_file(folders, fact)) for fact in facts if fact.kind != "dir")


def verify_places(directory: str, manifest: Manifest) -> Iterator[Finding]:
    """Yield every file of the run's places that is missing, changed or added since the run was sealed.

    Args:
        directory: Absolute path of the run.
        manifest: Its sealed one.
    """
    for name, place in manifest.places.items():
        if is_relative(place.path) and is_relative(place.run):
            yield from _place(directory, name, place)
        else:
            yield damage("damaged-record", place.path, f"the place `{name}` leads out of every workspace")


def _place(directory: str, name: str, place: PlaceRecord) -> Iterator[Finding]:
    folder = posixpath.normpath(posixpath.join(directory, place.from_run))
    if is_directory(folder):
        try:
            facts = list_tree(folder)
        except StorageError as error:
            yield damage("unreadable", place.from_run, error.message)
            return
        yield from compare_pinned(
            folder, place.files, facts, shown=lambda path: posixpath.join(place.from_run, path)
        )
    elif place.files and place.run != "." and not directory.endswith(f"/{place.run}"):
        yield _left_behind(name, place)
    else:
        for file in place.files:
            path = posixpath.join(place.from_run, file.path)
            yield damage("missing-file", path, f"the file of the place `{name}` is missing", file.digest)


def _left_behind(name: str, place: PlaceRecord) -> Finding:
    """Return that the run was moved without what it owns, so that nobody can tell of it."""
    return Finding(
        code="place-not-here",
        severity=Severity.INCOMPLETE,
        message=f"the run was moved without its place `{name}`, whose files were sealed with it",
        path=place.from_run,
        expected=f"{len(place.files)} files in `{place.path}`, where `{place.run}` is the run",
        got="nothing",
        hint="copy the place along, as it stood to the run; or verify the run where it was made",
    )
