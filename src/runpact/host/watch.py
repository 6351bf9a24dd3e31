"""Sees what changed in folders since a moment, by the file system's own times.

Knows: how to walk folders within limits of names and time.
Does not know: which changes matter.

A name whose time of change (ctime, which nobody can set) is later than the moment was written, made,
renamed or had its mode changed. So nothing needs to be listed beforehand.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator

import msgspec

_SKIPPED_IN = frozenset({".runpact", "pyvenv.cfg"})
"""A folder that holds one of these is a run or a virtual environment: nothing to look into."""
_LOOKS_PER_CLOCK = 256
_NO_SKEW_NS = 1_000_000_000
_AHEAD_NS = 86_400 * 1_000_000_000


Identity = tuple[int, int]
"""Device and inode of a file."""


class Moment(msgspec.Struct, frozen=True):
    """A point in time as the file systems tell it."""

    clock_ns: int
    """Since 1970, on this machine's clock."""
    device: int = -1
    """A device with a clock of its own, as a file server has."""
    skew_ns: int = 0
    """How far that clock is ahead."""

    def on(self, device: int) -> int:
        """Return the moment in the times of one device."""
        return self.clock_ns + (self.skew_ns if device == self.device else 0)

    def until(self, device: int) -> int:
        """Return what no time on a device can be later than, unless the clock was set back since.

        What a clock that was ahead has written before the run is no change of the run.
        """
        return self.on(device) + max(0, time.time_ns() - self.clock_ns) + _AHEAD_NS


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What changed since a moment."""

    changed: tuple[str, ...]
    removed_in: tuple[str, ...]
    """Folders in which names changed although none of what is there did."""
    looked_at: int
    is_complete: bool
    """Neither limit was reached."""


def moment_of(began_ns: int, directory: str) -> Moment:
    """Return a moment of the recent past, with the clock of the device that holds a fresh directory.

    Args:
        began_ns: When it was, nanoseconds since 1970.
        directory: Something that was changed just now.
    """
    try:
        status = os.stat(directory)
    except OSError:
        return Moment(began_ns)
    skew = status.st_ctime_ns - time.time_ns()
    return Moment(began_ns, status.st_dev, skew) if abs(skew) > _NO_SKEW_NS else Moment(began_ns)


def output_files() -> frozenset[Identity]:
    """Return the files that this process's own output was sent to, as by `> train.log`."""
    found = []
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode):
                found.append((status.st_dev, status.st_ino))
    return frozenset(found)


def repository_above(directory: str) -> str | None:
    """Return the folder of the git repository around a directory; None outside one."""
    while directory != "/":
        if os.path.exists(os.path.join(directory, ".git")):
            return directory
        directory = os.path.dirname(directory)
    return None


def changes_since(
    moment: Moment,
    roots: Iterable[str],
    *,
    is_free: Callable[[str], bool],
    most_names: int,
    most_seconds: float,
    outputs: frozenset[Identity] = frozenset(),
) -> Changes:
    """Return what changed below `roots` since `moment`.

    Args:
        moment: When to count from.
        roots: Absolute folders, none inside another.
        is_free: Whether a path may change; a free folder is not looked into.
        most_names: Give up after so many names.
        most_seconds: Give up after so long.
        outputs: Files that may change, wherever they stand.
    """
    walk = _Walk(moment, is_free, most_names, time.monotonic() + most_seconds, outputs)
    is_complete = all(walk.through(root) for root in roots)
    return Changes(
        changed=tuple(sorted(walk.changed)),
        removed_in=tuple(sorted(walk.removed_in)),
        looked_at=walk.looked_at,
        is_complete=is_complete,
    )


class _Walk:
    """One walk and its findings."""

    def __init__(
        self,
        moment: Moment,
        is_free: Callable[[str], bool],
        most: int,
        deadline: float,
        outputs: frozenset[Identity],
    ) -> None:
        self.moment = moment
        self.is_free = is_free
        self.most = most
        self.deadline = deadline
        self.outputs = outputs
        self.latest: dict[int, int] = {}
        """What no time can be later than, by device."""
        self.looked_at = 0
        self.changed: list[str] = []
        self.removed_in: list[str] = []
        self.waiting: list[tuple[str, os.stat_result]] = []
        """Folders to be listed, as they looked from above."""

    def through(self, root: str) -> bool:
        """Walk one root; False when a limit stopped it."""
        try:
            self.waiting.append((root, os.stat(root)))
        except OSError:
            return True
        while self.waiting:
            folder, status = self.waiting.pop()
            for _name in self._list(folder, status, is_root=folder == root):
                if self._is_over():
                    return False
        return True

    def _is_since(self, status: os.stat_result) -> bool:
        device = status.st_dev
        return self.moment.on(device) < status.st_ctime_ns <= self._until(device)

    def _until(self, device: int) -> int:
        if device not in self.latest:
            self.latest[device] = self.moment.until(device)
        return self.latest[device]

    def _is_over(self) -> bool:
        self.looked_at += 1
        if self.looked_at > self.most:
            return True
        return self.looked_at % _LOOKS_PER_CLOCK == 0 and time.monotonic() > self.deadline

    def _list(self, folder: str, status: os.stat_result, *, is_root: bool) -> Iterator[None]:
        """Note what changed in a folder, one name at each step."""
        try:
            with os.scandir(folder) as entries:
                found = list(entries)
        except OSError:
            return
        if not is_root and not _SKIPPED_IN.isdisjoint(entry.name for entry in found):
            return
        is_explained = False
        for entry in found:
            yield
            try:
                each = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # gone meanwhile
            is_changed = self._is_since(each)
            is_explained |= is_changed
            if stat.S_ISDIR(each.st_mode):
                if not entry.name.startswith(".") and not self.is_free(entry.path):
                    self.waiting.append((entry.path, each))
            elif (
                is_changed and (each.st_dev, each.st_ino) not in self.outputs and not self.is_free(entry.path)
            ):
                self.changed.append(entry.path)
        device = status.st_dev
        if not is_explained and self.moment.on(device) < status.st_mtime_ns <= self._until(device):
            self.removed_in.append(folder)
