"""The lock file of a project.

Knows: the names of lock files, where they are looked for.
Does not know: what becomes of them.
"""

from __future__ import annotations

import functools
import os
import re

import msgspec

from runpact.host.peek import peek_bytes
from runpact.model.discretion import is_inside

MAX_LOCK = 16_000_000
"""Largest lock file that is copied, bytes."""
_NAMES = frozenset(
    [
        "uv.lock",
        "poetry.lock",
        "pdm.lock",
        "pixi.lock",
        "conda-lock.yml",
        "conda-lock.yaml",
        "Pipfile.lock",
        "pylock.toml",
    ]
)
_FURTHER = re.compile(r"pylock\.[^./]+\.toml|requirements[^/]*\.txt")
_PINNED = re.compile(rb"^[A-Za-z0-9][^#\n]*(==|@ )", re.MULTILINE)
_MOST = 16


class Lock(msgspec.Struct, frozen=True):
    """A lock file as it stands in the project."""

    place: str
    """Absolute path."""
    data: bytes
    size: int
    """More than `MAX_LOCK` when the bytes are not all of it."""


def find_locks(folders: tuple[str, ...], top: str | None) -> tuple[Lock, ...]:
    """Return the lock files of the nearest folder that has some.

    Args:
        folders: Absolute folders to begin in; the next is tried when the one before led to nothing.
        top: Where the way up ends; a folder outside of it is looked into itself and no further.
    """
    for folder in folders:
        while True:
            found = tuple(filter(None, map(_read, _candidates(folder))))
            if found:
                return found
            if top is None or folder == top or not is_inside(folder, top):
                break
            folder = os.path.dirname(folder)  # noqa: PLW2901 - walks up
    return ()


def _candidates(folder: str) -> list[str]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    chosen = sorted(name for name in names if name in _NAMES or _FURTHER.fullmatch(name))
    return [os.path.join(folder, name) for name in chosen[:_MOST]]


def _read(path: str) -> Lock | None:
    """Return a lock file; None for one that cannot be read, and for requirements without a pin."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return _read_once(path, (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino))


@functools.lru_cache(maxsize=_MOST)
def _read_once(path: str, stamp: tuple[int, ...]) -> Lock | None:
    """Read a file again only when it changed: it may be large, and runs many."""
    del stamp
    data = peek_bytes(path, MAX_LOCK + 1)
    is_lock = not os.path.basename(path).startswith("requirements") or _PINNED.search(data)
    return Lock(path, data, len(data)) if data and is_lock else None
