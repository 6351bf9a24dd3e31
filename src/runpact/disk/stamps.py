"""Stamps: what tells, without reading it, that a file is the one that was read.

Knows: inode, size, time of change; how young a stamp proves nothing.
Does not know: what the files are.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping

from runpact.disk.layout import PRIVATE

Stamp = tuple[int, ...] | None
"""Inode, size and time of change; None for what is not there; empty when it proves nothing."""

_GRAIN = 100_000_000
"""Nanoseconds: what is written again within them may keep its stamp. Their clocks tick every 1 to 10 ms."""
_COARSE_GRAIN = 2_100_000_000
"""The same for file systems that count in seconds."""
_SECOND = 1_000_000_000


def stamp_of(path: str) -> Stamp:
    """Return the stamp of a file or directory, itself if it is a link."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return (0, error.errno or 0)
    except ValueError:  # no file can be called so
        return None
    return (status.st_ino, status.st_size, status.st_ctime_ns)


def directory_stamp(path: str) -> tuple[int, ...] | None:
    """Return the stamp of the names in a directory, through a link; None when there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino, status.st_ctime_ns)


def names_below(folder: str) -> tuple[dict[str, Stamp], tuple[str, ...]]:
    """Return the directories from a folder on with the stamps that prove their names, and all files in them.

    Paths are relative to the folder, itself an empty one; what cannot be listed has an empty stamp. Private
    records of a run are left out.
    """
    stamps: dict[str, Stamp] = {}
    names: list[str] = []
    waiting = [""]
    while waiting:
        below = waiting.pop()
        path = f"{folder}/{below}".rstrip("/")
        stamps[below] = settled(directory_stamp(path))
        prefix = f"{below}/" if below else ""
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting += [prefix + entry.name] * (entry.name != PRIVATE)
                    else:
                        names.append(prefix + entry.name)
        except OSError:
            stamps[below] = None if stamps[below] is None else ()
    return stamps, tuple(sorted(names))


def are_names_same(folder: str, stamps: Mapping[str, Stamp]) -> bool:
    """Whether no name was added below a folder, nor taken away, since its directories had these stamps."""
    return all(
        stamp != () and directory_stamp(f"{folder}/{below}".rstrip("/")) == stamp
        for below, stamp in stamps.items()
    )


def settled(stamp: Stamp) -> Stamp:
    """Return a stamp taken just now if it proves something from now on, else an empty one.

    To be asked before the file is read: a change in the same tick of the clock leaves the same stamp.
    """
    if not stamp:
        return stamp
    grain = _GRAIN if stamp[-1] % _SECOND else _COARSE_GRAIN
    return stamp if stamp[-1] < time.time_ns() - grain else ()


def stamps_of(directory: str, relatives: Iterable[str]) -> dict[str, Stamp]:
    """Return the stamp of each file below a directory, about to be read, by its relative path."""
    return {relative: settled(stamp_of(f"{directory}/{relative}")) for relative in relatives}


def are_same(directory: str, stamps: dict[str, Stamp]) -> bool:
    """Whether files still have the stamps they had; an empty one is like none."""
    return all(stamp != () and stamp_of(f"{directory}/{path}") == stamp for path, stamp in stamps.items())


def has_changed(directory: str, stamps: Mapping[str, Stamp]) -> bool:
    """Whether a file is not the one that was read; of what was too young then, nothing is known.

    The one loop that every answer pays for by the hundred.
    """
    for relative, stamp in stamps.items():
        if stamp == ():
            continue
        try:
            status = os.lstat(f"{directory}/{relative}")
        except OSError:
            if stamp_of(f"{directory}/{relative}") != stamp:
                return True
        else:
            if stamp != (status.st_ino, status.st_size, status.st_ctime_ns):
                return True
    return False
