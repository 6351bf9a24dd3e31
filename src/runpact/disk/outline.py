"""Lists what stands in a folder, with what tells a change unread.

Knows: names, sizes and times.
Does not know: what of it matters.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
from collections.abc import Callable


def list_stamps(root: str, is_of_concern: Callable[[str], bool]) -> dict[str, tuple[int, ...]]:
    """Return size, times of change and inode by path of each file below a folder; folders have no stamp.

    The time of change (ctime) cannot be set: it tells a file that was written with its old time, and rights.

    Args:
        root: Absolute.
        is_of_concern: Whether a path, relative to it, is listed; a folder that is not is not entered.
    """
    found: dict[str, tuple[int, ...]] = {}
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        for entry in _listed(posixpath.join(root, folder)):
            path = posixpath.join(folder, entry.name)
            if not is_of_concern(path):
                continue
            with contextlib.suppress(FileNotFoundError):  # it went meanwhile, so it does not stand there
                found[path] = _stamp(entry)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
    return found


def _listed(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []


def _stamp(entry: os.DirEntry[str]) -> tuple[int, ...]:
    status = entry.stat(follow_symlinks=False)
    is_folder = entry.is_dir(follow_symlinks=False)
    return () if is_folder else (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
