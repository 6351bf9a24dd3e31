"""The folders that decide whether a path may be written while a run is open.

Knows: which of them decides; which can be opened by a fence that only ever allows.
Does not know: how a write is noticed or refused, what is really on disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from runpact.model.confinement import CACHE_NAMES, is_cache_name
from runpact.model.names import readable_path
from runpact.model.template import compile_glob, glob_to_regex

_WILD = re.compile(r"[*?]")


class Openings(NamedTuple):
    """What a fence opens of a territory; it only ever allows, so it may differ from what was declared."""

    own: tuple[str, ...]
    """Folders of the run."""
    caches: tuple[str, ...]
    """Folders and files that anyone may write."""
    declared: tuple[str, ...] = ()
    """Those of them that a glob names as a folder with all in it."""
    wide: tuple[str, ...] = ()
    """Declared globs whose whole folder is opened, since a fence knows no patterns."""
    closed: tuple[str, ...] = ()
    """Caches and globs that stay closed: to open them would open what is to be held."""


class Territory:
    """The folders that decide whether a path may be written while a run is open.

    The innermost folder that holds a path decides: a cache in the workspace is free, a workspace in the
    temporary directory is not.
    """

    def __init__(
        self,
        *,
        root: str,
        home: str,
        own: tuple[str, ...],
        watched: tuple[str, ...],
        caches: tuple[str, ...],
        globs: tuple[str, ...] = (),
    ) -> None:
        """Store the folders, all of them absolute and free of links.

        Args:
            root: Data root of the workspace.
            home: The home directory.
            own: Folders of the run.
            watched: Folders of which nothing else may be written.
            caches: Folders that anyone may write.
            globs: Paths that anyone may write; relative to the root, absolute, or from `~/`.
        """
        self._root, self._home = _folder(root), _folder(home)
        self._globs = tuple(self._compiled(glob) for glob in globs)
        self.own = tuple(map(_folder, own))
        self._watched = tuple(map(_folder, watched))
        self._caches = tuple(map(_folder, caches))
        rows = dict.fromkeys(map(_folder, watched), False)
        rows |= dict.fromkeys(map(_folder, (*caches, *own)), True)
        self._rows = tuple(sorted(rows.items(), key=_by_length, reverse=True))

    def allows(self, path: str) -> bool:
        """Whether an absolute path, free of links, may be written."""
        for folder, is_free in self._rows:
            if path.startswith(folder) or path == folder[:-1]:
                if is_free:
                    return True
                break
        return self._is_cache(path)

    def ignores(self, path: str) -> bool:
        """Whether it is of no interest that a path could not be written: the run's own, or kept by a tool."""
        return is_below(path, self.own) or not CACHE_NAMES.isdisjoint(path.split("/"))

    def leads_to_free(self, path: str) -> bool:
        """Whether a folder of this path lies on the way to one that may be written, and so may be made."""
        inside = _folder(path)
        return any(is_free and folder.startswith(inside) for folder, is_free in self._rows)

    def openings(self, globs: Iterable[str]) -> Openings:
        """Return what a fence that only ever allows can open.

        A folder that holds one that is to be held stays closed, though `allows` tells the two apart.

        Args:
            globs: Those of the territory's that the fenced program may write, and not runpact alone.
        """
        declared = [(glob, *self._folder_of(glob)) for glob in globs]
        can_open = [each for each in declared if not self._holds(each[1])]
        caches = [cache for cache in self._caches if not self._holds(cache)]
        closed = [cache.rstrip("/") for cache in self._caches if self._holds(cache)]
        return Openings(
            own=tuple(each[:-1] for each in self.own),
            caches=tuple(
                dict.fromkeys([each.rstrip("/") for each in caches] + [each[1] for each in can_open])
            ),
            declared=tuple(path for glob, path, is_whole in can_open if is_whole and glob.endswith("/**")),
            wide=tuple(glob for glob, _path, is_whole in can_open if not is_whole),
            closed=tuple(dict.fromkeys(closed + [each[0] for each in declared if self._holds(each[1])])),
        )

    def _holds(self, path: str) -> bool:
        """Whether a path is, or lies above, a folder that is to be held and is none of the run's own."""
        folder = _folder(path)
        return any(each.startswith(folder) for each in self._watched if each not in self.own)

    def _folder_of(self, glob: str) -> tuple[str, bool]:
        """Return the path that all of a glob lies at or below, and whether the glob names all of that."""
        wild = _WILD.search(glob)
        fixed = glob[: wild.start()].rpartition("/")[0] if wild else glob
        if glob.startswith("/"):
            path = fixed or "/"
        elif glob.startswith("~/"):
            path = self._home + fixed.removeprefix("~").removeprefix("/")
        else:
            path = self._root + fixed
        return path.rstrip("/") or "/", wild is None or glob == f"{fixed}/**"

    def _is_cache(self, path: str) -> bool:
        *folders, name = path.split("/")
        if not CACHE_NAMES.isdisjoint(folders) or is_cache_name(name):
            return True
        return any(glob.fullmatch(each) for glob in self._globs for each in (path, f"{path}/"))

    def _compiled(self, glob: str) -> re.Pattern[str]:
        if glob.startswith("/"):
            return compile_glob(glob)
        base, rest = (self._home, glob[2:]) if glob.startswith("~/") else (self._root, glob)
        return re.compile(re.escape(base) + glob_to_regex(rest))

    def shown(self, path: str) -> str:
        """Return how people and records are told a path: relative to the workspace, or from `~/`."""
        for folder, short in ((self._root, ""), (self._home, "~/")):
            if path.startswith(folder) and folder != "/":
                return readable_path(short + path[len(folder) :])
        return readable_path(path)


def is_below(path: str, folders: Iterable[str]) -> bool:
    """Whether a path is one of these, or lies in one."""
    return any(path == folder or path.startswith(_folder(folder)) for folder in folders)


def _folder(path: str) -> str:
    return path.rstrip("/") + "/"


def _by_length(row: tuple[str, bool]) -> int:
    return len(row[0])
