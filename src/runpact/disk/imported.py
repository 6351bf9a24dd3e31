"""Files that an experiment takes over from a legacy folder.

Knows: how a file is copied or linked without following a link, and without touching its source.
Does not know: which files.
"""

from __future__ import annotations

import hashlib
import os
import posixpath

from runpact.disk import io
from runpact.disk.tree import Folders, open_regular
from runpact.model.digest import PREFIX
from runpact.model.errors import StorageError

_CHUNK = 1 << 20


def copy_in(folders: Folders, source: str, target: str) -> tuple[str, int]:
    """Copy a regular file to a place that must be free; return digest and size of what was copied.

    Args:
        folders: Of the legacy folder.
        source: Relative to it.
        target: Absolute.

    Raises:
        StorageError: It is no regular file, cannot be read, or the place is taken.
    """
    temporary = io.temporary_of(target)
    descriptor = open_regular(folders, source)
    try:
        with io.storing("imported file", target):
            io.make_parents(posixpath.dirname(target), sync=False)
            io.remove_quietly(temporary)
            copied = _copied(descriptor, temporary)
            io.publish_file(temporary, target)
    finally:
        io.remove_quietly(temporary)
        os.close(descriptor)
    return copied


def _copied(source: int, target: str) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    descriptor = io.open_append(target)
    try:
        while chunk := os.read(source, _CHUNK):
            io.write_all(descriptor, chunk)
            digest.update(chunk)
            size += len(chunk)
        io.sync(descriptor)
    finally:
        io.close(descriptor)
    return PREFIX + digest.hexdigest(), size


def link_in(source: str, target: str) -> None:
    """Make a link to a file of a legacy folder.

    Args:
        source: Absolute path of the file, or relative to the link's directory.
        target: Absolute path of the link; a link there is replaced.

    Raises:
        StorageError: Something else stands there.
    """
    with io.storing("imported link", target):
        io.make_parents(posixpath.dirname(target), sync=False)
        if os.path.lexists(target) and not os.path.islink(target):
            raise StorageError("something that is no link stands where a link is to stand", at=target)
        io.replace_link(target, source)
