"""The files of a run, as they are compared.

Knows: which files are a run's own and not a record, and that a file must be the one that was sealed.
Does not know: what makes two files alike.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

import msgspec

from runpact.disk.layout import PRIVATE
from runpact.disk.reader import Reading
from runpact.disk.tree import digest_file, list_tree
from runpact.formats.inspect import Inspector
from runpact.model.compare.side import Contents
from runpact.model.contract.kind import Records
from runpact.model.digest import digest_bytes
from runpact.model.errors import StorageError
from runpact.model.facts import ArrayValues, Facts, FileFact, Form, FormatFault
from runpact.model.manifest import FileRecord
from runpact.model.run import RunRecord


def layout_files(reading: Reading) -> Iterator[FileRecord]:
    """Yield the files of a run's layout: as the manifest pins them, or as they stand in an unsealed run."""
    manifest, records = reading.manifest, _own_records(reading.record)
    is_sealed = manifest is not None and manifest.sealed
    found = manifest.files if manifest is not None and is_sealed else _standing_files(reading.directory)
    has_attempts = reading.record is not None and reading.record.sealed == "by_stage"
    for each in found:
        is_attempts_record = has_attempts and f"/{PRIVATE}/" in each.path
        if not (each.path in records or each.path.startswith(f"{PRIVATE}/") or is_attempts_record):
            yield each


def _own_records(record: RunRecord | None) -> frozenset[str]:
    return frozenset(record.records.values() if record else (Records().manifest,))


def _standing_files(directory: str) -> Iterator[FileRecord]:
    for fact in list_tree(directory):
        if fact.kind != "dir" and not fact.path.startswith(f"{PRIVATE}/"):
            yield _pinned(directory, fact)


def _pinned(directory: str, fact: FileFact) -> FileRecord:
    if fact.kind == "symlink":
        return FileRecord(fact.path, 0, digest_bytes((fact.target or "").encode()), type="symlink")
    try:
        digest, size = digest_file(directory, fact.path)
    except StorageError:
        return FileRecord(fact.path, fact.size, "", type="unreadable")
    return FileRecord(fact.path, size, digest)


def place_files(reading: Reading) -> Iterator[FileRecord]:
    """Yield the files that were sealed with a run in its places, each as `<place>:<path in it>`."""
    manifest = reading.manifest
    for name, place in manifest.places.items() if manifest is not None else ():
        for file in place.files:
            yield msgspec.structs.replace(file, path=f"{name}:{file.path}")


def contents_of(reading: Reading, files: Mapping[str, FileRecord]) -> Contents:
    """Return what stands in the files of a run and of its places, by the paths they are compared under."""
    own = SealedContents(reading.directory, files)
    manifest = reading.manifest
    if manifest is None or not manifest.places:
        return own
    placed = {
        f"{name}:": SealedContents(
            posixpath.normpath(posixpath.join(reading.directory, place.from_run)),
            {file.path: file for file in place.files},
        )
        for name, place in manifest.places.items()
    }
    return _WithPlaces(own, placed)


class _WithPlaces:
    """Asks the place that a path begins with, else the run itself."""

    def __init__(self, own: SealedContents, placed: Mapping[str, SealedContents]) -> None:
        self._own = own
        self._placed = placed

    def facts(self, path: str, form: Form) -> Facts | FormatFault:
        """Return what is known of a file."""
        contents, inside = self._found(path)
        return contents.facts(inside, form)

    def rows(self, path: str, form: Form) -> list[dict[str, object]] | FormatFault:
        """Return the rows of a table."""
        contents, inside = self._found(path)
        return contents.rows(inside, form)

    def values(self, path: str, name: str) -> ArrayValues | str:
        """Return the values of an array by name."""
        contents, inside = self._found(path)
        return contents.values(inside, name)

    def _found(self, path: str) -> tuple[SealedContents, str]:
        place, colon, inside = path.partition(":")
        contents = self._placed.get(place + colon)
        return (self._own, path) if contents is None else (contents, inside)


class SealedContents:
    """What stands in the files of a run, as long as they are the files that its record names."""

    def __init__(self, directory: str, files: Mapping[str, FileRecord]) -> None:
        self._directory = directory
        self._files = files
        self._inspector = Inspector(directory)
        self._faults: dict[str, FormatFault | None] = {}

    def facts(self, path: str, form: Form) -> Facts | FormatFault:
        """Return what is known of a file."""
        return self._fault(path) or self._inspector.facts(path, form)

    def rows(self, path: str, form: Form) -> list[dict[str, object]] | FormatFault:
        """Return the rows of a table."""
        return self._fault(path) or self._inspector.rows(path, form)

    def values(self, path: str, name: str) -> ArrayValues | str:
        """Return the values of an array by name."""
        return self._inspector.values(path, name)

    def _fault(self, path: str) -> FormatFault | None:
        if path not in self._faults:
            self._faults[path] = self._hold_against(self._files[path])
        return self._faults[path]

    def _hold_against(self, record: FileRecord) -> FormatFault | None:
        if record.type == "symlink":
            return FormatFault("not-a-document", "it is a link")
        try:
            digest, _size = digest_file(self._directory, record.path)
        except StorageError as error:
            return FormatFault("unreadable", error.message)
        is_sealed = digest == record.digest
        return None if is_sealed else FormatFault("digest-mismatch", "it is not the file that was sealed")
