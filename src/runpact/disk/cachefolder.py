"""The cache of a workspace: what can be deleted at any time.

Knows: where it stands, how a new generation of a file takes the place of the old one.
Does not know: what is in the files.

A generation is a file with a name of its own; a link names the current one. Nothing is ever written at a
name that another process may still have open.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
from collections.abc import Iterator

from runpact.disk import io
from runpact.disk.bounds import demand_inside, leads_out
from runpact.disk.layout import CACHE
from runpact.model.errors import StorageError

_NOTE = b"Signature: 8a477f597d28d172789f06886806bc55\n# Made by runpact; it can be deleted at any time.\n"
_WAIT_SECONDS = 60.0


class CacheFile:
    """A file of the cache, in generations."""

    def __init__(self, root: str, name: str) -> None:
        """Store the workspace's data root and the name of the link."""
        self.folder = posixpath.join(root, CACHE)
        self.link = posixpath.join(self.folder, name)
        self._stem, self._suffix = posixpath.splitext(name)

    def current(self) -> str | None:
        """Return the path of the current generation; None when there is none that could be trusted."""
        try:
            name = os.readlink(self.link)
        except OSError:
            return None
        if self._leads_out:
            return None
        is_ours = posixpath.basename(name) == name and name.startswith(f"{self._stem}-")
        path = posixpath.join(self.folder, name)
        return path if is_ours and _is_file(path) and all(map(_is_file_or_none, _family(path))) else None

    @property
    def has_folder(self) -> bool:
        """Whether the workspace has a cache."""
        return os.path.isdir(self.folder)

    @property
    def _leads_out(self) -> bool:
        return os.path.islink(self.folder) and leads_out(posixpath.dirname(self.folder), self.folder)

    @property
    def obstacle(self) -> str:
        """Why nothing can be kept there; empty when something can."""
        if os.path.lexists(self.folder):
            if not os.path.isdir(self.folder):
                return "what stands there is no folder"
            if self._leads_out:
                return "a link leads out of the workspace"
            return "" if os.access(self.folder, os.W_OK | os.X_OK) else "the folder may not be written"
        above = posixpath.dirname(self.folder)
        return "" if os.access(above, os.W_OK | os.X_OK) else "the folder cannot be made"

    def leftovers(self) -> list[str]:
        """Return what builders left that never ended, as paths; none while somebody builds."""
        path = posixpath.join(self.folder, f"{self._stem}.lock")
        try:
            if not os.path.isfile(path):
                return []
            descriptor = io.open_shared(path)
        except OSError:
            return []
        try:
            return self._not_current() if io.lock_within(descriptor, 0) else []
        except OSError:
            return []
        finally:
            io.close_quietly(descriptor)

    def clear(self) -> None:
        """Remove what builders left.

        Raises:
            StorageError: Another process builds for too long.
        """
        with self.alone(), io.storing("cache", self.folder):
            self._sweep()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one that builds, for the length of the block.

        Raises:
            StorageError: Nothing can be kept there, or another process builds for too long.
        """
        path = posixpath.join(self.folder, f"{self._stem}.lock")
        with io.storing("cache", path):
            make_cache(self.folder)
            descriptor = io.open_shared(path)
        try:
            if not io.lock_within(descriptor, _WAIT_SECONDS):
                raise StorageError("another process builds the cache", at=path, hint="try again later")
            yield
        finally:
            io.close_quietly(descriptor)

    @contextlib.contextmanager
    def building(self) -> Iterator[str]:
        """Give the path of a generation to be; it becomes current unless the block fails.

        Only for who is alone.

        Raises:
            StorageError: Nothing can be kept there.
        """
        path = posixpath.join(self.folder, f"{self._stem}-{os.urandom(8).hex()}{self._suffix}")
        try:
            yield path
            with io.storing("cache", self.link):
                io.sync_path(path)
                if not os.path.islink(self.link):
                    io.remove_quietly(self.link)
                io.replace_link(self.link, posixpath.basename(path))
                self._sweep()
        except BaseException:
            for leftover in _family(path):
                io.remove_quietly(leftover)
            raise

    def _sweep(self) -> None:
        """Remove generations that are not current; who has one open keeps what it has."""
        for path in self._not_current():
            io.remove_quietly(path)

    def _not_current(self) -> list[str]:
        current = self.current()
        kept = posixpath.basename(current) if current else None
        link = posixpath.basename(self.link)
        return [
            posixpath.join(self.folder, name)
            for name in sorted(os.listdir(self.folder))
            if (name.startswith(f"{self._stem}-") and not (kept and name.startswith(kept)))
            or name.startswith(f"{link}.tmp-")
        ]


def make_cache(folder: str) -> None:
    """Make the folder of the cache, with what keeps it out of repositories and backups; raises `OSError`.

    Raises:
        StorageError: A link leads out of the workspace.
    """
    if os.path.islink(folder):
        demand_inside(posixpath.dirname(folder), folder)
    if not os.path.isdir(folder):
        with contextlib.suppress(FileExistsError):
            io.make_directory(folder)
    for name, content in ((".gitignore", b"*\n"), ("CACHEDIR.TAG", _NOTE)):
        with contextlib.suppress(FileExistsError):
            io.create_file(posixpath.join(folder, name), content, sync=False)


def _is_file_or_none(path: str) -> bool:
    """Whether SQLite may open it: it would wait for ever for the other end of a pipe."""
    return _is_file(path) or not os.path.lexists(path)


def _is_file(path: str) -> bool:
    return os.path.isfile(path) and not os.path.islink(path)


def _family(path: str) -> tuple[str, ...]:
    return (path, f"{path}-wal", f"{path}-shm", f"{path}-journal")
