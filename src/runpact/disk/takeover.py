"""The run of a process that is gone, taken over to be sealed.

Knows: how its lock is had, which of its names may be written, what stands at the end of its logs.
Does not know: whether that process is gone, what the seal will say.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import stat
from collections.abc import Iterable, Iterator

from runpact.disk import io
from runpact.disk.layout import PRIVATE, RECORD, SEAL, TEMPORARY, RunPaths, ancestors
from runpact.disk.storedlog import StoredLog
from runpact.disk.tree import list_tree
from runpact.disk.writer import RunWriter
from runpact.model.errors import StorageError

_LOCK_SECONDS = 10.0
_TURN_SECONDS = 10.0


@contextlib.contextmanager
def take_over(directory: str, *, seconds: float = _LOCK_SECONDS) -> Iterator[int]:
    """Hold the lock on the birth record of a run for the length of the block; give the descriptor.

    Args:
        directory: Absolute path of the run.
        seconds: How long to wait for it; below zero not at all.

    Raises:
        StorageError: Somebody keeps it, or it cannot be had.
    """
    path = posixpath.join(directory, RECORD)
    with io.storing("lock", path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        with io.storing("lock", path):
            is_held = io.lock_within(descriptor, seconds)
        if not is_held:
            raise StorageError(
                "another process keeps the lock of the run",
                at=path,
                hint="a process of the run that is still alive; end it first",
            )
        yield descriptor
    finally:
        io.close_quietly(descriptor)


def demand_plain(directory: str, relatives: Iterable[str]) -> None:
    """Make sure that names can be written without leaving the run and without waiting on a pipe.

    Raises:
        StorageError: A link leads away on the way to one of them, or one of them is no file.
    """
    for relative in sorted({SEAL, *relatives}):
        for path in (relative, *ancestors(relative)):
            wanted = stat.S_ISREG if path == relative else stat.S_ISDIR
            try:
                mode = os.lstat(posixpath.join(directory, path)).st_mode if path else stat.S_IFDIR
            except FileNotFoundError:
                continue
            except OSError as error:
                raise io.storage_error(f"`{path}`", directory, error) from error
            if not wanted(mode):
                raise StorageError(
                    f"`{path}` of the run is a link or something else that cannot be written",
                    at=posixpath.join(directory, path),
                    expected="a file" if path == relative else "a directory",
                )


def torn_tail(directory: str, relative: str) -> bytes:
    """Return what stands behind the last whole line of a log; empty where nothing does.

    Raises:
        StorageError: It cannot be read.
    """
    log = StoredLog(directory, relative)
    for _entry in log.entries():
        continue
    path = posixpath.join(directory, relative)
    if log.discarded == 0:
        return b""
    try:
        with open(path, "rb") as file:
            file.seek(log.size)
            return file.read()
    except OSError as error:
        raise io.storage_error(f"log `{relative}`", path, error) from error


def unfinished_in(directory: str, *, pid: int) -> list[str]:
    """Return the files of a run that its processes were writing when they ended, relative to it.

    Args:
        directory: Absolute path of the run.
        pid: Of the process that owned it.
    """
    return [
        fact.path
        for fact in list_tree(directory)
        if fact.kind == "file" and _is_unfinished(posixpath.split(fact.path), pid)
    ]


def _is_unfinished(place: tuple[str, str], pid: int) -> bool:
    folder, name = place
    is_artifact = name.startswith(f"{TEMPORARY}{pid}-") or (folder == PRIVATE and name.startswith(TEMPORARY))
    return is_artifact or name.endswith(f".tmp-{pid}")


def writer_of(paths: RunPaths, lock: int, *, is_durable: bool) -> RunWriter:
    """Return what goes on writing where the last process of a run ended; torn last lines are cut off.

    Raises:
        StorageError: A process of the run keeps its turn to write.
    """
    writer = RunWriter(paths, os.dup(lock), is_durable=is_durable)
    try:
        writer.events.adopt()
        if not writer.events.exists:
            writer.events.open()
        writer.adopt_logs(seconds=_TURN_SECONDS)
        with io.storing("reserve", paths.ballast):
            io.remove_missing_ok(paths.ballast)  # in a sealed run nobody would remove it any more
    except BaseException:
        writer.close()
        raise
    return writer
