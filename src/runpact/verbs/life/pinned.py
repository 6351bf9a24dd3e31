"""Files pinned by digest: how they are pinned, and whether they are still those that were.

Knows: what a record says of a file, a link and anything else.
Does not know: whose files they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

import msgspec

from runpact.disk.tree import Folders, digest_file
from runpact.model.digest import digest_bytes
from runpact.model.errors import RunpactError, StorageError
from runpact.model.facts import FileFact
from runpact.model.finding import Finding, Severity
from runpact.model.manifest import FileRecord
from runpact.model.names import readable_path

HINT = "restore the file from a copy, or start another run; a sealed run is never repaired"

_ATTEMPTS = 3
"""How often a file that changes while it is hashed is tried."""
_KINDS = {"symlink": "symlink", "special": "other"}
"""Sort of file that a record's type stands for; all others are files."""
_NONE: Mapping[str, FileRecord] = MappingProxyType({})
_NAMELESS: Mapping[str, str] = MappingProxyType({})


def pin_file(
    folders: Folders,
    fact: FileFact,
    *,
    known: Mapping[str, FileRecord] = _NONE,
    names: Mapping[str, str] = _NAMELESS,
) -> FileRecord:
    """Pin a file by digest; a symbolic link is pinned by the text of its target.

    Args:
        folders: Of the directory it stands in.
        fact: The file; its path is kept as it is on disk.
        known: Records made while writing, by path; each holds as long as its size agrees.
        names: Names of the contract's entries, by path.
    """
    if fact.kind == "symlink":
        text = (fact.target or "").encode("utf-8", "surrogateescape")
        return FileRecord(fact.path, len(text), digest_bytes(text), type="symlink")
    if fact.kind != "file":
        return FileRecord(fact.path, 0, digest_bytes(b""), type="special")
    record = known.get(fact.path)
    if record is not None and record.size == fact.size:
        return record
    return _hashed(folders, fact.path, fact.size, names.get(fact.path, ""))


def as_readable(record: FileRecord) -> FileRecord:
    """Return the record with a path that JSON can hold."""
    path = readable_path(record.path)
    return record if path == record.path else msgspec.structs.replace(record, path=path)


def _hashed(folders: Folders, path: str, size: int, entry: str) -> FileRecord:
    """Pin a file by its bytes; one that cannot be read gets no digest, so that it never verifies."""
    for _attempt in range(_ATTEMPTS):
        try:
            digest, size = digest_file(folders.root, path, folders=folders)
        except StorageError:
            continue
        return FileRecord(path, size, digest, entry=entry)
    return FileRecord(path, size, "", entry=entry, type="unreadable")


def compare_pinned(
    root: str,
    records: Iterable[FileRecord],
    facts: Iterable[FileFact],
    *,
    is_left_out: Callable[[str], bool] = lambda _path: False,
    shown: Callable[[str], str] = str,
) -> Iterator[Finding]:
    """Yield what is missing, is another file, or was added since the files were pinned.

    Args:
        root: Absolute directory.
        records: What was pinned, by paths relative to it.
        facts: What stands there.
        is_left_out: Whether a path is not compared.
        shown: How findings name a path.
    """
    present = {readable_path(fact.path): fact for fact in facts if fact.kind != "dir"}
    with Folders(root) as folders:
        for record in records:
            fact = present.pop(record.path, None)
            if is_left_out(record.path):
                continue
            path = shown(record.path)
            if fact is None:
                yield damage("missing-file", path, "the file is missing", record.digest)
            else:
                yield from _file(folders, record, fact, path)
    for path, fact in present.items():
        if not is_left_out(path):
            yield damage("added-file", shown(path), "the file is not part of the sealed run", got=fact.kind)


def _file(folders: Folders, record: FileRecord, fact: FileFact, path: str) -> Iterator[Finding]:
    kind = fact.kind
    if kind != _KINDS.get(record.type, "file"):
        yield damage("digest-mismatch", path, f"the file became a {kind}", record.type or "file", kind)
        return
    try:
        got = _digest(folders, record, fact)
    except RunpactError as error:
        yield damage("unreadable", path, error.message)
        return
    if got != record.digest:
        yield damage("digest-mismatch", path, "the file is not the one sealed", record.digest, got)


def _digest(folders: Folders, record: FileRecord, fact: FileFact) -> str:
    if record.type == "symlink":
        return digest_bytes((fact.target or "").encode("utf-8", "surrogateescape"))
    if record.type == "special":
        return digest_bytes(b"")
    return digest_file(folders.root, fact.path, folders=folders)[0]


def damage(
    code: str, path: str, message: str, expected: str | None = None, got: str | None = None
) -> Finding:
    """Return that something sealed is not as it was."""
    return Finding(
        code=code, severity=Severity.ERROR, message=message, path=path, expected=expected, got=got, hint=HINT
    )
