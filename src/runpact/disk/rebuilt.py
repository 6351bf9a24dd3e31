"""Folders below the cache of a workspace in which runs are made again.

Knows: that each is held while it is used, and that one which nobody holds may go.
Does not know: what is done in them.
"""

from __future__ import annotations

import contextlib
import functools
import os
import posixpath
from collections.abc import Callable, Iterator

from runpact.disk import io
from runpact.disk.layout import CACHE

_PREFIX = "again-"
_HELD = "held"
_OUT, _ERR = "stdout.log", "stderr.log"
_LONGEST = 300
Store = Callable[[bytes], None]
TREE = "tree"
"""Name of the working tree in such a folder."""


@contextlib.contextmanager
def held_home(root: str, *, is_kept: bool) -> Iterator[str]:
    """Make a folder for the length of the block, and hold it; it is gone afterwards unless it is to be kept.

    Args:
        root: Absolute data root.
        is_kept: Leave it where it is.

    Raises:
        StorageError: It cannot be made.
    """
    cache = posixpath.join(root, CACHE)
    home = posixpath.join(cache, f"{_PREFIX}{os.getpid()}-{os.urandom(4).hex()}")
    with io.storing("working folder", home):
        io.make_parents(cache, sync=False)
        with contextlib.suppress(FileExistsError):
            io.create_file(posixpath.join(cache, ".gitignore"), b"*\n", sync=False)
        io.make_directory(home)
        descriptor = io.open_locked(posixpath.join(home, _HELD))
    try:
        yield home
    finally:
        if not is_kept:
            io.remove_tree_quietly(home)
        io.close_quietly(descriptor)


def remove_stale(root: str, drop: Callable[[str], None]) -> None:
    """Remove what somebody left who was killed while making a run again.

    Args:
        root: Absolute data root.
        drop: Lets a working tree go; is given its absolute path.
    """
    cache = posixpath.join(root, CACHE)
    try:
        names = sorted(name for name in os.listdir(cache) if name.startswith(_PREFIX))
    except OSError:
        return
    for home in (posixpath.join(cache, name) for name in names):
        if not _is_held(home):
            drop(posixpath.join(home, TREE))
            io.remove_tree_quietly(home)


def _is_held(home: str) -> bool:
    """Whether somebody works in a folder; one that was to be kept is nobody's, and says so."""
    path = posixpath.join(home, _HELD)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return True  # kept: its holder removed the mark
    try:
        return not io.lock_within(descriptor, 0.0)
    finally:
        io.close_quietly(descriptor)


@contextlib.contextmanager
def kept_output(home: str) -> Iterator[tuple[Store, Store]]:
    """Keep what a command prints in files of such a folder; give what stores stdout and stderr.

    Raises:
        StorageError: They cannot be made.
    """
    with contextlib.ExitStack() as stack:
        descriptors = []
        for name in (_OUT, _ERR):
            with io.storing("output", home):
                descriptors.append(io.open_append(posixpath.join(home, name)))
            stack.callback(io.close_quietly, descriptors[-1])
        out, err = (functools.partial(io.write_all, each) for each in descriptors)
        yield out, err


def last_words(home: str) -> str:
    """Return the last line that a command printed on stderr."""
    with open(posixpath.join(home, _ERR), encoding="utf-8", errors="replace") as file:
        lines = file.read().strip().splitlines()
    return lines[-1][:_LONGEST] if lines else "it printed nothing"


def keep_home(home: str) -> None:
    """Leave a folder to its user: nobody clears it away any more."""
    io.remove_quietly(posixpath.join(home, _HELD))


def make_folders(path: str) -> None:
    """Make a folder and those above it.

    Raises:
        StorageError: It cannot be made.
    """
    with io.storing("folder", path):
        io.make_parents(path, sync=False)
