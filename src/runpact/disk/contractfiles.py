"""Reads the files of a contract, and nothing outside its folder.

Knows: how to stay below a folder.
Does not know: which files a contract has.
"""

from __future__ import annotations

import os
import posixpath

from runpact.disk.source import read_source
from runpact.model.errors import CannotStartError
from runpact.model.names import check_relative

MAX_BYTES = 1 << 20
_MAX_FILES = 200


def read_beneath(folder: str, relative: str) -> bytes:
    """Return a file's bytes; a link that leads out of the folder is refused.

    Raises:
        CannotStartError: It is missing, too large, no regular file, or outside.
        UnsafeNameError: The path is not one inside the folder.
    """
    check_relative(relative, what="file of the contract")
    path = posixpath.join(folder, relative)
    if _meets_link(folder, relative):
        real, root = os.path.realpath(path), os.path.realpath(folder)
        if not real.startswith(root.rstrip("/") + "/"):
            raise CannotStartError(
                f"`{relative}` leads out of the contract's folder",
                at=path,
                expected=f"a file below {folder}",
                got=real,
            )
    return read_source(path, limit=MAX_BYTES)


def _meets_link(folder: str, relative: str) -> bool:
    """Whether a symbolic link stands on the way from a folder to a file below it, or is that file."""
    at = folder
    for part in relative.split("/"):
        at = posixpath.join(at, part)
        if os.path.islink(at):
            return True
    return False


def files_below(folder: str, relative: str) -> list[str]:
    """Return the paths, relative to `folder`, of the regular files below one of its directories."""
    found: list[str] = []
    for root, directories, files in os.walk(posixpath.join(folder, relative)):
        directories.sort()
        for name in sorted(files):
            path = posixpath.join(root, name)
            if not os.path.islink(path) and len(found) < _MAX_FILES:
                found.append(posixpath.relpath(path, folder))
    return found


def is_file(folder: str, relative: str) -> bool:
    """Whether a file stands at a path below a folder."""
    return os.path.isfile(posixpath.join(folder, relative))
