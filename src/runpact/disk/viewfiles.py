"""The files of a registry view, and what the cache keeps about them.

Knows: how a file is replaced so that nobody reads half of it, how writers take turns.
Does not know: what is in the files.

Files are not flushed: they can be made again, and a power cut costs no more than that.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
import stat
import time
from collections.abc import Iterable, Iterator

import msgspec

from runpact.disk import io
from runpact.disk.bounds import demand_inside
from runpact.disk.cachefolder import make_cache
from runpact.disk.layout import CACHE
from runpact.model.digest import digest_bytes

_DIGITS = 12
_OLD_SECONDS = 60.0
_LEFTOVER = re.compile(r"\.tmp-[0-9]+")


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _read(path: str) -> bytes | None:
    """Return the bytes of a file; None when there is none, or no regular one."""
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            return file.read() if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
    except OSError:
        return None


class ViewState(msgspec.Struct, frozen=True):
    """How a view was written last."""

    rows: int
    """Runs that it lists, or at least this many where nobody counted."""
    moment: float
    """When that was, seconds since 1970."""
    seconds: float
    """How long it took."""
    standing: str = ""
    """What the index stood at."""


class Turn:
    """A writer's turn at the files of a view."""

    def __init__(self, descriptor: int, path: str) -> None:
        """Store the open lock file."""
        self._descriptor = descriptor
        self._path = path

    @property
    def is_mine(self) -> bool:
        """Whether the lock file is still the one that is held; a deleted one keeps nobody out."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), os.lstat(self._path))
        except OSError:
            return False


class ViewFiles:
    """The files of one view below a data root."""

    def __init__(self, root: str, files: str) -> None:
        """Store the root and what the contract calls the files; nothing is opened yet."""
        self._root = root
        self._folder = posixpath.join(root, CACHE)
        self._stem = posixpath.join(self._folder, f"view-{digest_bytes(files.encode())[-_DIGITS:]}")

    @contextlib.contextmanager
    def turn(self, seconds: float) -> Iterator[Turn | None]:
        """Wait for one's turn to write, at most so long; gives None when it did not come.

        Raises:
            StorageError: Nothing can be kept in the cache.
        """
        path = f"{self._stem}.lock"
        deadline = time.monotonic() + seconds
        descriptor = -1
        try:
            with io.storing("lock", path):
                make_cache(self._folder)
                while True:
                    descriptor = io.open_shared(path)
                    turn = Turn(descriptor, path)
                    is_held = io.lock_within(descriptor, deadline - time.monotonic())
                    if turn.is_mine or not is_held:
                        break
                    io.close_quietly(descriptor)  # the file was deleted, or replaced, while we waited
            yield turn if is_held else None
        finally:
            io.close_quietly(descriptor)

    def state(self) -> ViewState | None:
        """Return how the view was written last; None when that is not known."""
        try:
            return msgspec.json.decode(_read(f"{self._stem}.json") or b"", type=ViewState)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    def keep(self, state: ViewState) -> None:
        """Keep how the view was written; for who has the turn.

        Raises:
            StorageError: It cannot be kept.
        """
        path = f"{self._stem}.json"
        with io.storing("cache", path):
            io.replace_file(path, msgspec.json.encode(state), sync=False)

    @property
    def is_marked(self) -> bool:
        """Whether a run ended since the view was written last, and left it to somebody else."""
        return os.path.lexists(f"{self._stem}.stale")

    def mark(self) -> None:
        """Note that the view lacks something.

        Raises:
            StorageError: It cannot be noted.
        """
        path = f"{self._stem}.stale"
        with io.storing("cache", path), contextlib.suppress(FileExistsError):
            make_cache(self._folder)
            io.create_file(path, b"", sync=False)

    def unmark(self) -> None:
        """Take the note back; to be done before the runs are looked at, so that none of theirs is lost.

        Raises:
            StorageError: It cannot be taken back, so that the view would count as stale for ever.
        """
        path = f"{self._stem}.stale"
        with io.storing("cache", path):
            io.remove_missing_ok(path)

    def has(self, path: str) -> bool:
        """Whether a file stands at a path relative to the root."""
        return os.path.isfile(posixpath.join(self._root, path))

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file; None when there is none, or no regular one.

        Args:
            path: Relative to the root.
        """
        return _read(posixpath.join(self._root, path))

    def write(self, path: str, data: bytes) -> None:
        """Replace a file.

        Args:
            path: Relative to the root.
            data: Its content to be.

        Raises:
            StorageError: It cannot be written; the file is as it was.
        """
        full = posixpath.join(self._root, path)
        demand_inside(self._root, posixpath.dirname(full))
        with io.storing(f"`{path}`", full):
            io.make_parents(posixpath.dirname(full), sync=False)
            io.replace_file(full, data, sync=False)

    def sweep(self, paths: Iterable[str]) -> None:
        """Remove what writers that were killed left beside these files."""
        for path in paths:
            folder, name = posixpath.split(posixpath.join(self._root, path))
            with contextlib.suppress(OSError):
                for found in os.listdir(folder):
                    if found.startswith(name) and _LEFTOVER.fullmatch(found.removeprefix(name)):
                        self._remove_old(posixpath.join(folder, found))

    @staticmethod
    def _remove_old(path: str) -> None:
        with contextlib.suppress(OSError):
            if time.time() - os.lstat(path).st_mtime > _OLD_SECONDS:
                io.remove_quietly(path)
