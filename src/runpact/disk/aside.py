"""What `runpact doctor` moves out of the way: never removed, and with a way back.

Knows: where such things stand, how they are moved so that a crash leaves them in one place or the other.
Does not know: what is moved, or why.

A thing keeps its path from the workspace's root below a folder that is named after the moment:
`.runpact-aside/<moment>/runs/.new-…`. Moving it back is all that it takes to take it back.
"""

from __future__ import annotations

import contextlib
import errno
import os
import posixpath

from runpact.disk import io
from runpact.disk.layout import ASIDE
from runpact.model.errors import StorageError

_NOTE = (
    b"`runpact doctor --fix` moved these things here. Each stands under the path that it had in the\n"
    b"workspace, below a folder that is named after the moment: move it back to take it back. Nothing\n"
    b"reads this folder.\n"
)
_MOST_NUMBERS = 1000


class Aside:
    """One folder for what is moved away at one time; it is made with the first thing."""

    def __init__(self, root: str, label: str) -> None:
        """Store the absolute root of the workspace and the name of the folder."""
        self.root = root
        self.label = label
        self.kept: tuple[str, ...] = ()
        """Where everything stands that was set aside so far, relative to the root."""

    def move(self, path: str) -> str:
        """Move what stands at a path, relative to the root, and return where it stands then.

        A folder on another file system than the root has things moved aside within itself.

        Raises:
            StorageError: It stands where it stood.
        """
        with io.storing("what is set aside", posixpath.join(self.root, path)):
            try:
                return self._moved(path, "")
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
            return self._moved(path, posixpath.dirname(path))

    def keep(self, path: str, data: bytes) -> str:
        """Write bytes that are about to be cut off a file at that path; return where they stand.

        Raises:
            StorageError: They were not kept.
        """
        with io.storing("what is set aside", posixpath.join(self.root, path)):
            for kept in self._names("", path):
                target = posixpath.join(self.root, kept)
                self._make_room(target, "")
                with contextlib.suppress(FileExistsError):
                    io.create_file(target, data, sync=True)
                    io.sync_directory(posixpath.dirname(target))
                    self.kept += (kept,)
                    return kept
        raise _full(path)

    def _moved(self, path: str, base: str) -> str:
        source = posixpath.join(self.root, path)
        is_directory = os.path.isdir(source) and not os.path.islink(source)
        move = io.publish if is_directory else io.publish_file
        for kept in self._names(base, posixpath.relpath(path, base or ".")):
            target = posixpath.join(self.root, kept)
            self._make_room(target, base)
            with contextlib.suppress(FileExistsError):
                move(source, target)
                self.kept += (kept,)
                for folder in (posixpath.dirname(target), posixpath.dirname(source)):
                    io.sync_directory(folder)
                return kept
        raise _full(path)

    def _names(self, base: str, path: str) -> list[str]:
        plain = posixpath.join(base, ASIDE, self.label, path)
        return [plain, *(f"{plain}~{number}" for number in range(2, _MOST_NUMBERS))]

    def _make_room(self, target: str, base: str) -> None:
        folder = posixpath.join(self.root, base, ASIDE)
        if os.path.islink(folder):
            raise StorageError(
                f"`{ASIDE}` is a link",
                at=folder,
                expected="a folder of runpact's own",
                hint="remove the link",
            )
        io.make_parents(folder, sync=True)
        for name, content in ((".gitignore", b"*\n"), ("README", _NOTE)):
            path = posixpath.join(folder, name)
            if not _holds(path, content):  # as when a process was killed while it wrote
                io.replace_file(path, content, sync=False)
        io.make_parents(posixpath.dirname(target), sync=True)


def sets_aside(root: str) -> list[str]:
    """Return the names of the folders in which something was set aside, the oldest first."""
    folder = posixpath.join(root, ASIDE)
    try:
        return sorted(name for name in os.listdir(folder) if os.path.isdir(posixpath.join(folder, name)))
    except OSError:
        return []


def _holds(path: str, content: bytes) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(len(content) + 1) == content
    except OSError:
        return False


def _full(path: str) -> StorageError:
    return StorageError(f"`{path}` cannot be set aside: too many things of that name were", at=path)
