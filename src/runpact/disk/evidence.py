"""Folders of evidence: a certificate with the reports that it rests on.

Knows: `<folder>/<label>/` with certificate and subject's report, `<folder>/baseline/` with the baseline's.
Does not know: what is in them.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping

from runpact.disk import io
from runpact.disk.layout import PRIVATE, RECORD
from runpact.disk.source import read_source
from runpact.disk.tree import digest_file, list_tree, read_file
from runpact.model.errors import StorageError, WriteOnceError
from runpact.model.evidence.names import FILE

MAX_SIZE = 16_000_000
"""Bytes of a report or certificate; nothing larger is read."""
_READ_ONLY = 0o444


def certificates_at(path: str) -> tuple[str, ...]:
    """Return the certificates that a path means: itself, the one in it, or those in the folders below it.

    Returns:
        Absolute paths; none for what is no place of certificates, such as a run.
    """
    if os.path.isfile(path) and path.endswith(".json"):
        return (path,)
    if not os.path.isdir(path) or os.path.lexists(posixpath.join(path, PRIVATE)):
        return ()
    own = posixpath.join(path, FILE)
    if os.path.lexists(own):
        return (own,)
    below = [posixpath.join(path, name, FILE) for name in sorted(os.listdir(path))]
    return tuple(place for place in below if os.path.lexists(place))


def read_certificate(path: str) -> bytes:
    """Return the bytes of a certificate.

    Raises:
        CannotStartError: It cannot be read.
    """
    return read_source(path, limit=MAX_SIZE)


def read_beside(certificate: str, relative: str) -> bytes | None:
    """Return the bytes of a file by its path from a certificate's folder; None when nothing stands there.

    No link is followed, and nothing above the folder of the evidence is looked at.

    Raises:
        StorageError: It is no regular file, or cannot be read.
    """
    folder = posixpath.dirname(certificate)
    root = posixpath.dirname(folder)
    path = posixpath.normpath(posixpath.join(posixpath.basename(folder), relative))
    return read_file(root, path, MAX_SIZE) if os.path.lexists(posixpath.join(root, path)) else None


def digest_in_store(store: str, path: str) -> tuple[str, int] | None:
    """Return digest and size of a file in a store, by its path there; None when it is not there.

    Raises:
        StorageError: It is no regular file, or cannot be read.
    """
    return digest_file(store, path) if os.path.lexists(posixpath.join(store, path)) else None


def files_beside(certificate: str) -> tuple[str, ...]:
    """Return what stands in the folder of a certificate, relative to it; folders end with a slash."""
    facts = list_tree(posixpath.dirname(certificate))
    return tuple(f"{fact.path}/" if fact.kind == "dir" else fact.path for fact in facts)


def keep_file(path: str, data: bytes) -> bool:
    """Create a file that is never written again; say whether it was new.

    Raises:
        WriteOnceError: Another file stands there.
        StorageError: It cannot be written.
    """
    with io.storing("evidence", path):
        io.make_parents(posixpath.dirname(path), sync=True)
        temporary = io.temporary_of(path)
        io.remove_quietly(temporary)
        io.create_file(temporary, data, sync=True, mode=_READ_ONLY)
        try:
            io.publish_file(temporary, path)
        except FileExistsError:
            io.remove_quietly(temporary)
            return _demand_equal(path, data)
        except BaseException:
            io.remove_quietly(temporary)
            raise
        io.sync_directory(posixpath.dirname(path))
    return True


def _demand_equal(path: str, data: bytes) -> bool:
    try:
        present = read_file(posixpath.dirname(path), posixpath.basename(path), MAX_SIZE)
    except StorageError:
        present = None
    if present != data:
        raise WriteOnceError(
            f"`{posixpath.basename(path)}` stands there already, and is another one",
            at=path,
            hint="evidence is never overwritten: name another folder with --out",
        )
    return False


def keep_evidence(folder: str, files: Mapping[str, bytes]) -> None:
    """Create files by their path below a folder, in order; equal ones that stand there are left alone.

    Raises:
        WriteOnceError: Another file stands where one of them belongs.
        StorageError: One cannot be written.
    """
    for path, data in files.items():
        keep_file(posixpath.join(folder, path), data)


def siblings_of(directory: str) -> tuple[str, ...]:
    """Return the run directories beside a run, by their names."""
    folder, own = posixpath.split(directory)
    places = [posixpath.join(folder, name) for name in sorted(os.listdir(folder)) if name != own]
    return tuple(place for place in places if os.path.lexists(posixpath.join(place, RECORD)))
