"""Folders of curated copies on disk.

Knows: how a copy is made ready beside its place, and gets its name in one step.
Does not know: what is in it.

1. Write every file of the copy below a hidden folder beside its place, and flush it. 2. Give each folder its
name unless that is taken. 3. Flush the place. Whatever happens before the second step leaves nothing but the
hidden folder, which the next one who promotes removes: only one does at a time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import posixpath
from collections.abc import Iterator, Mapping

import msgspec

from runpact.disk import io
from runpact.disk.source import read_chunks
from runpact.disk.tree import digest_file, list_tree, read_file
from runpact.model.digest import PREFIX
from runpact.model.errors import StorageError
from runpact.model.ledger.entry import ArchivedFile

STAGING = ".promoting-"
"""Prefix of the hidden folder."""
REMOVING = f"{STAGING}not-"
"""Prefix of a folder that is being removed; whoever promotes or removes next removes the rest of it."""
_READ_ONLY = 0o444
_MAX_SIZE = 1 << 30


class Original(msgspec.Struct, frozen=True):
    """A file that is copied piece by piece, since it may be larger than memory."""

    path: str
    """Absolute."""
    file: ArchivedFile
    """What it must still be while it is copied."""

    def pieces(self) -> Iterator[bytes]:
        """Yield its bytes.

        Raises:
            StorageError: It is not what it was.
        """
        digest, size = hashlib.sha256(), 0
        for piece in read_chunks(self.path):
            digest.update(piece)
            size += len(piece)
            yield piece
        found = ArchivedFile(PREFIX + digest.hexdigest(), size)
        if found != self.file:
            raise StorageError(
                "a file changed before it was copied",
                at=self.path,
                expected=f"{self.file.sha256}, {self.file.size} bytes",
                got=f"{found.sha256}, {found.size} bytes",
            )


Content = bytes | Original


@contextlib.contextmanager
def staged(parent: str, files: Mapping[str, Content]) -> Iterator[str]:
    """Make files ready in a hidden folder below `parent`, and return that folder; it is gone afterwards.

    Args:
        parent: Absolute; made when missing.
        files: By their path, each in a folder.

    Raises:
        StorageError: They cannot be written.
    """
    staging = posixpath.join(parent, f"{STAGING}{os.getpid()}")
    with io.storing("curated copy", parent):
        io.make_parents(parent, sync=True)
        remove_leftovers(parent)
    try:
        with io.storing("curated copy", staging):
            io.make_directory(staging)
            for path, data in files.items():
                place = posixpath.join(staging, path)
                io.make_parents(posixpath.dirname(place), sync=False)
                pieces = data if isinstance(data, bytes) else data.pieces()
                io.create_file(place, pieces, sync=True, mode=_READ_ONLY)
            for folder, _directories, _files in os.walk(staging, topdown=False):
                io.sync_directory(folder)
        yield staging
    finally:
        io.remove_tree_quietly(staging)


def remove_leftovers(parent: str) -> None:
    """Remove what somebody left who was interrupted while promoting; nobody else may promote meanwhile."""
    for name in leftovers_in(parent):
        io.remove_tree_quietly(posixpath.join(parent, name))


def leftovers_in(parent: str) -> list[str]:
    """Return the names of hidden folders in which copies were made ready."""
    try:
        return sorted(name for name in os.listdir(parent) if name.startswith(STAGING))
    except OSError:
        return []


def retract(folder: str, home: str) -> None:
    """Remove a copy for good: it loses its name in one step, then its files.

    Args:
        folder: Absolute, of the copy.
        home: Absolute folder in which it is hidden while its files go; copies are made ready there as well.

    Raises:
        StorageError: It stands there as before.
    """
    try:
        os.lstat(folder)
    except (FileNotFoundError, NotADirectoryError):  # somebody else was faster
        return
    except OSError:
        pass  # giving it another name says what is wrong
    parent, name = posixpath.split(folder)
    hidden = posixpath.join(home, f"{REMOVING}{os.getpid()}-{name}")
    remove_leftovers(home)
    with io.storing("removal", folder):
        io.publish(folder, hidden)
        io.sync_directory(parent)
    io.remove_tree_quietly(hidden)


def files_of_copy(folder: str) -> dict[str, ArchivedFile]:
    """Return every file below a folder with digest and size; what is no plain file has no digest.

    Raises:
        StorageError: The folder cannot be listed.
    """
    found = {}
    for fact in list_tree(folder):
        if fact.kind == "dir":
            continue
        try:
            digest, size = digest_file(folder, fact.path)
        except StorageError:
            digest, size = "", fact.size
        found[fact.path] = ArchivedFile(digest, size)
    return found


def file_of_copy(folder: str, name: str) -> bytes | None:
    """Return the bytes of a file in a folder; None when nothing of that name stands there.

    Raises:
        StorageError: It is no plain file.
    """
    is_there = os.path.lexists(posixpath.join(folder, name))
    return read_file(folder, name, _MAX_SIZE) if is_there else None


def copies_at(path: str, record: str) -> tuple[str, ...]:
    """Return the curated copies that a path means: itself, or those in the folders below it.

    Args:
        path: Absolute.
        record: Name of the file that tells a copy.
    """
    if not os.path.isdir(path):
        return ()
    if os.path.lexists(posixpath.join(path, record)):
        return (path,)
    below = [posixpath.join(path, name) for name in sorted(os.listdir(path)) if not name.startswith(".")]
    return tuple(place for place in below if os.path.lexists(posixpath.join(place, record)))
