"""Files of tags and notes, one for each run, beside the runs.

Knows: where they stand, how a line is added so that none is lost or half.
Does not know: what a line says.

1. Take the lock of the run's file. 2. Cut a torn last line off: its writer was never told that it is kept.
3. Append one line with one write; a refused one is cut off again. 4. Flush.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
from collections.abc import Callable

from runpact.disk import io
from runpact.disk.bounds import demand_inside
from runpact.disk.layout import NOTES
from runpact.disk.stamps import Stamp, stamp_of
from runpact.model.annotations import complete_lines
from runpact.model.errors import StorageError

_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WAIT_SECONDS = 60.0


def read_annotation_bytes(root: str, uid: str) -> bytes:
    """Return the file of a run; empty when nobody said anything.

    Raises:
        StorageError: It cannot be read.
    """
    path = _path(root, uid)
    try:
        with open(path, "rb", opener=lambda name, _flags: os.open(name, _READ)) as stream:
            return stream.read()
    except FileNotFoundError:
        return b""
    except OSError as error:
        message = f"tags and notes cannot be read: {os.strerror(error.errno or 0)}"
        raise StorageError(message, at=path) from error


def annotation_stamps(root: str) -> dict[str, Stamp]:
    """Return the stamp of each run's file of tags and notes, by uid."""
    folder = posixpath.join(root, NOTES)
    try:
        names = os.listdir(folder)
    except OSError:
        return {}
    uids = (name.removesuffix(".jsonl") for name in names if name.endswith(".jsonl"))
    return {uid: stamp_of(posixpath.join(folder, f"{uid}.jsonl")) for uid in uids if _UID.fullmatch(uid)}


def append_annotation(root: str, uid: str, line_after: Callable[[bytes], bytes]) -> bytes:
    """Add a line to the file of a run, in turn with other processes; return the whole file.

    Args:
        root: Absolute data root.
        uid: Of the run.
        line_after: Returns the line to add, given the complete lines there are; empty for none.

    Raises:
        StorageError: Nothing was added.
    """
    path = _path(root, uid)
    demand_inside(root, posixpath.dirname(path))
    with io.storing("tags and notes", path):
        io.make_parents(posixpath.dirname(path), sync=True)
        is_new = not os.path.lexists(path)
        descriptor = io.open_shared(path)
    try:
        with io.storing("tags and notes", path):
            if not io.lock_within(descriptor, _WAIT_SECONDS):
                raise StorageError("another process keeps the lock for too long", at=path, hint="try again")
            if is_new:
                io.sync_directory(posixpath.dirname(path))
            data = read_annotation_bytes(root, uid)
            return _append(descriptor, data, complete_lines(data), line_after)
    finally:
        io.close_quietly(descriptor)


def _append(descriptor: int, data: bytes, whole: bytes, line_after: Callable[[bytes], bytes]) -> bytes:
    line = line_after(whole)
    if not line:
        return whole
    if len(whole) < len(data):
        io.cut(descriptor, len(whole))
    try:
        io.append_line(descriptor, line)
        io.sync(descriptor)
    except OSError:
        with contextlib.suppress(OSError):
            io.cut(descriptor, len(whole))
        raise
    return whole + line


def _path(root: str, uid: str) -> str:
    if not _UID.fullmatch(uid):
        raise StorageError("the run's uid is none", expected="a UUID", got=uid[:80])
    return posixpath.join(root, NOTES, f"{uid}.jsonl")
