"""Files that a user's processes keep for each other, outside every workspace.

Knows: how to tell a file that this user wrote from one that somebody put there.
Does not know: where the folder stands, what is in the files.

They can be deleted at any time. A file counts only where nobody else could have written it: the folder and
the file belong to this user, others may write neither, and no link stands in between.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import stat

from runpact.disk import io

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_MAX_BYTES = 1 << 23
MOST = 64
"""Files that are kept; with more, the oldest go."""


class KeptFiles:
    """A folder of files by name."""

    def __init__(self, folder: str) -> None:
        """Store the absolute folder; it need not be there."""
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes; None when there is none that this user alone could have written."""
        try:
            if not _is_ours(os.lstat(self._folder), stat.S_IFDIR):
                return None
            descriptor = os.open(posixpath.join(self._folder, name), _READ)
        except OSError:
            return None
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not _is_ours(status, stat.S_IFREG) or status.st_size > _MAX_BYTES:
                return None
            try:
                return file.read(_MAX_BYTES)
            except OSError:
                return None

    def keep(self, name: str, data: bytes) -> None:
        """Put a file there; where that is impossible, the next process finds none."""
        with contextlib.suppress(OSError):
            if not os.path.isdir(self._folder):
                io.make_parents(posixpath.dirname(self._folder), sync=False)
                io.make_directory(self._folder, mode=_FOLDER_MODE)
            if _is_ours(os.lstat(self._folder), stat.S_IFDIR):
                io.replace_file(posixpath.join(self._folder, name), data, sync=False, mode=_FILE_MODE)
                self._forget()

    def _forget(self) -> None:
        """Remove the oldest beyond `MOST`."""
        names = os.listdir(self._folder)
        if len(names) <= MOST:
            return
        paths = [posixpath.join(self._folder, name) for name in names]
        aged = sorted((os.lstat(path).st_mtime_ns, path) for path in paths)
        for _age, path in aged[: len(aged) - MOST]:
            io.remove_quietly(path)


def _is_ours(status: os.stat_result, sort: int) -> bool:
    is_sort = stat.S_IFMT(status.st_mode) == sort
    return is_sort and status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_WRITE
