"""An experiment's directory: its lock, its attempts, its records beside them.

Knows: where attempts stand, how one is put aside, how the request is replaced under its lock.
Does not know: what a stage is for.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import time
from types import TracebackType
from typing import Self

from runpact.disk import io
from runpact.disk.appendlog import AppendLog
from runpact.disk.discover import directories_of
from runpact.disk.layout import ATTEMPTS, PIPELINE, PRIVATE
from runpact.model.errors import StorageError

_PAUSE_SECONDS = 0.02
_AT_ONCE = -1.0


class ExperimentLock:
    """The lock by which one process at a time changes an experiment; a context manager.

    The locked file is replaced, never rewritten: its successor is locked before it takes the name, so that
    whoever waits for the old one finds the new one locked.
    """

    def __init__(self, directory: str) -> None:
        """Store the experiment's absolute directory; nothing is locked yet."""
        self._path = posixpath.join(directory, PIPELINE)
        self._descriptor = -1

    def acquire(self, seconds: float) -> bool:
        """Hold the lock; False when another process keeps it longer than so many seconds.

        Raises:
            StorageError: The file system refused.
        """
        deadline = time.monotonic() + seconds
        with io.storing("experiment", self._path):
            while True:
                if self._try():
                    return True
                if time.monotonic() >= deadline:
                    return False
                time.sleep(_PAUSE_SECONDS)

    def _try(self) -> bool:
        descriptor = io.open_shared(self._path)
        if io.lock_within(descriptor, _AT_ONCE) and _is_at(descriptor, self._path):
            self._descriptor = descriptor
            return True
        io.close_quietly(descriptor)
        return False

    def replace(self, data: bytes) -> None:
        """Replace what the file says, holding the lock all the time.

        Raises:
            StorageError: It was not replaced.
        """
        with io.storing("experiment", self._path):
            descriptor = io.replace_locked(self._path, data)
        io.close_quietly(self._descriptor)
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; a second call does nothing."""
        if self._descriptor >= 0:
            io.close_quietly(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        """Return the lock itself, which is held already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lock back."""
        self.release()


def _is_at(descriptor: int, path: str) -> bool:
    try:
        named = os.stat(path)
    except FileNotFoundError:
        return False
    held = os.fstat(descriptor)
    return (held.st_dev, held.st_ino) == (named.st_dev, named.st_ino)


def stage_directories(directory: str) -> list[str]:
    """Return the names of the directories in an experiment that have runpact's records."""
    return [
        name for name in directories_of(directory) if os.path.isdir(posixpath.join(directory, name, PRIVATE))
    ]


def older_attempts(directory: str, name: str) -> list[int]:
    """Return the numbers of a stage's older attempts, in order."""
    return sorted(
        int(each) for each in directories_of(posixpath.join(directory, ATTEMPTS, name)) if each.isdecimal()
    )


def put_aside(directory: str, name: str, number: int) -> None:
    """Move the last attempt at a stage to the older ones, whole.

    Raises:
        StorageError: It stands where it stood, or its number is taken.
    """
    source = posixpath.join(directory, name)
    folder = posixpath.join(directory, ATTEMPTS, name)
    target = posixpath.join(folder, str(number))
    with io.storing("older attempt", target):
        io.make_parents(folder, sync=True)
        try:
            io.publish(source, target)
        except FileExistsError:
            raise StorageError(f"attempt {number} at {name} stands there already", at=target) from None
        io.sync_directory(folder)
        io.sync_directory(directory)


def remove_birth_ballast(directory: str) -> None:
    """Free the reserve of an experiment: each attempt has its own."""
    io.remove_quietly(posixpath.join(directory, PRIVATE, "ballast"))


def open_log(directory: str, relative: str) -> AppendLog:
    """Open the experiment's log of events to go on with it; only who holds the lock may.

    Raises:
        StorageError: The file system refused.
    """
    log = AppendLog(posixpath.join(directory, relative), relative)
    log.adopt()
    return log


def replace_record(directory: str, relative: str, data: bytes) -> None:
    """Replace a view or a cache of the experiment; a power cut may cost it, and it is derived again.

    Raises:
        StorageError: The older one still stands there.
    """
    path = posixpath.join(directory, relative)
    with io.storing(f"`{relative}`", path):
        io.replace_file(path, data, sync=False)


def clear_staged(directory: str, prefix: str) -> None:
    """Remove attempts whose creation was never completed; only who holds the lock may."""
    with contextlib.suppress(OSError):
        for name in os.listdir(directory):
            if name.startswith(prefix):
                io.remove_tree_quietly(posixpath.join(directory, name))
