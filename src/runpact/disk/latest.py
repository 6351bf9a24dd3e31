"""Convenience copies and links outside a run.

Knows: how a copy is replaced so that a reader never sees half of it.
Does not know: which copies a layout wants.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import stat
from typing import NamedTuple

from runpact.disk import io
from runpact.disk.source import read_chunks
from runpact.disk.tree import digest_file
from runpact.model.errors import StorageError


def replace_copy(source: str, target: str, *, newest: str, sync: bool) -> None:
    """Replace `target` by the bytes of `source`, unless a newer run was copied there meanwhile.

    Args:
        source: Absolute path of a file of a sealed run.
        target: Absolute path of the copy.
        newest: Start of that run, RFC 3339; kept as the copy's modification time in order.
        sync: Make the copy durable, so that a power cut leaves the old one or the new one.

    Raises:
        StorageError: The copy was not replaced.
    """
    with io.storing("copy", target):
        io.make_parents(posixpath.dirname(target), sync=sync)
        with io.locked_directory(posixpath.dirname(target)):
            moment = _nanoseconds(newest)
            if not _is_newer(target, moment):
                io.replace_file(target, b"".join(read_chunks(source)), sync=sync)
                io.set_modified(target, moment)


def is_standing(path: str) -> bool:
    """Whether anything stands at a path.

    Raises:
        StorageError: It cannot be told.
    """
    with io.storing("copy", path):
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
    return True


def replace_link(source: str, target: str, *, newest: str, sync: bool) -> None:
    """Make `target` a relative link to `source`, unless it leads to a newer run already.

    Args:
        source: Absolute path of a file or directory of a sealed run.
        target: Absolute path of the link.
        newest: Start of that run, RFC 3339; kept as the link's modification time in order.
        sync: Make the directories above it durable.

    Raises:
        StorageError: The link was not replaced.
    """
    with io.storing("link", target):
        io.make_parents(posixpath.dirname(target), sync=sync)
        with io.locked_directory(posixpath.dirname(target)):
            moment = _nanoseconds(newest)
            if not _is_newer(target, moment):
                io.replace_link(target, posixpath.relpath(source, posixpath.dirname(target)))
                io.set_modified(target, moment)


class Standing(NamedTuple):
    """What stands where a copy or link should."""

    link: str | None
    """Text of a link."""
    digest: str | None
    """Of a file; None also when it cannot be read."""
    is_older: bool
    """Its time is not after the start of the newest run, so that it comes from a run."""


def standing_at(target: str, *, newest: str) -> Standing | None:
    """Return what stands at an absolute path; None when nothing does.

    Args:
        target: Where a copy or link should be.
        newest: Start of the run that it should come from, RFC 3339.
    """
    try:
        status = os.lstat(target)
        link = os.readlink(target) if stat.S_ISLNK(status.st_mode) else None
    except OSError:
        return None
    digest = None
    if stat.S_ISREG(status.st_mode):
        with contextlib.suppress(StorageError):
            digest = digest_file(posixpath.dirname(target), posixpath.basename(target))[0]
    return Standing(link, digest, is_older=status.st_mtime_ns <= _nanoseconds(newest))


def _is_newer(target: str, moment: int) -> bool:
    try:
        return os.lstat(target).st_mtime_ns > moment
    except FileNotFoundError:
        return False


def _nanoseconds(moment: str) -> int:
    from datetime import datetime  # noqa: PLC0415 - only runs with copies pay for it

    return int(datetime.fromisoformat(moment).timestamp() * 1_000_000) * 1000
