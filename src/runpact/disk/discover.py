"""Finds run directories below a workspace.

Knows: how to descend level by level without entering a run.
Does not know: contracts; it is told what a level's names look like.
"""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from runpact.disk.layout import PRIVATE, STAGED

_NOTHING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
Level = Callable[[str], bool]
"""Whether a directory of that name may stand at this level."""


def find_runs(root: str, levels: tuple[Level, ...]) -> Iterator[str]:
    """Yield the relative paths of the directories that are, or look like, runs.

    A directory is one when it holds runpact's records, when it is being created, or when its whole
    path fits. A folder above the runs that cannot be listed is yielded in their place, so that what it
    hides is not taken for nothing. Nothing below a run is entered. A folder above the runs may be a
    symbolic link, as to a larger disk; a run may not.

    Args:
        root: Absolute directory to begin in.
        levels: One test for each part of the path, outermost first.
    """
    yield from _descend(root, "", levels)


def find_recorded(root: str, *, depth: int = 6) -> Iterator[str]:
    """Yield the relative paths of all directories with runpact's records, at most `depth` levels down."""
    if os.path.isdir(posixpath.join(root, PRIVATE)):
        yield "."
        return
    yield from _descend(root, "", (lambda _name: True,) * depth, needs_records=True)


def _descend(
    root: str, prefix: str, levels: tuple[Level, ...], *, needs_records: bool = False
) -> Iterator[str]:
    if not levels:
        return
    fits, below = levels[0], levels[1:]
    names = _directories(posixpath.join(root, prefix), is_followed=bool(below))
    if names is None:
        if not needs_records:
            yield prefix or "."
        return
    for name in names:
        path = posixpath.join(prefix, name)
        if name.startswith(STAGED) or _is_recorded(root, path):
            yield path
        elif fits(name) and not name.startswith("."):
            if not below and not needs_records:
                yield path
            else:
                yield from _descend(root, path, below, needs_records=needs_records)


def _is_recorded(root: str, path: str) -> bool:
    return os.path.isdir(posixpath.join(root, path, PRIVATE))


def _directories(path: str, *, is_followed: bool) -> list[str] | None:
    """Return the names of a folder's directories, none where there is no folder; None when it hides them."""
    try:
        with os.scandir(path) as entries:
            return sorted(entry.name for entry in entries if _is_directory(entry, is_followed=is_followed))
    except OSError as error:
        return [] if error.errno in _NOTHING else None


def _is_directory(entry: os.DirEntry[str], *, is_followed: bool) -> bool:
    """Whether a name leads to a directory; a link in a circle leads nowhere and hides no other name."""
    try:
        return entry.is_dir(follow_symlinks=is_followed)
    except OSError:
        return False


def directories_of(path: str) -> list[str]:
    """Return the names of the directories below `path`, hidden ones and links left out, sorted."""
    return [name for name in _directories(path, is_followed=False) or () if not name.startswith(".")]


class Listed(NamedTuple):
    """A directory in another one."""

    name: str
    inode: int
    is_link: bool
    """It is a link to one."""


_NOBODY: Mapping[str, int] = MappingProxyType({})


def listed_in(
    path: str, known: Mapping[str, int] = _NOBODY, met: set[str] | None = None
) -> list[Listed] | None:
    """Return the directories below `path`, also through links; None when it hides them.

    Args:
        path: Absolute.
        known: Inode of directories that need no second look, by name.
        met: Takes the names of those of them that stand there, which are left out of the answer.
    """
    found = []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                inode = known.get(entry.name)
                if inode is not None and inode == entry.inode() and entry.is_dir(follow_symlinks=False):
                    if met is not None:
                        met.add(entry.name)
                    continue
                is_link = entry.is_symlink()
                if _is_directory(entry, is_followed=is_link):
                    found.append(Listed(entry.name, entry.inode(), is_link))
    except OSError as error:
        return [] if error.errno in _NOTHING else None
    return found


def is_recorded(root: str, path: str) -> bool:
    """Whether a directory has runpact's records, or is being created to have them."""
    return posixpath.basename(path).startswith(STAGED) or _is_recorded(root, path)


def holds_runs(directory: str) -> bool:
    """Whether directories with runpact's records stand anywhere in a run's own."""
    below = (posixpath.join(directory, name) for name in directories_of(directory))
    return any(True for folder in below for _found in find_recorded(folder))
