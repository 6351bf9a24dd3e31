"""What stands beside the runs of a workspace: its directories, the log of all runs.

Knows: how processes append to one log so that each line stays whole.
Does not know: what a contract asks for, what the lines say.
"""

from __future__ import annotations

import os
import posixpath
import threading
from collections.abc import Iterable

from runpact.disk import io
from runpact.model.errors import StorageError

_LONGEST_WAIT_SECONDS = 2.0
"""A process that was stopped in its turn keeps nobody from writing for longer."""


def make_directories(root: str, directories: Iterable[str]) -> None:
    """Make the directories that are missing; what stands there stays as it is.

    Args:
        root: Absolute data root, made when missing.
        directories: Relative to it; a link to a directory is as good as one.

    Raises:
        StorageError: One cannot be made, or something else has its name.
    """
    missing = [path for each in directories if not os.path.isdir(path := posixpath.join(root, each))]
    for path in missing:
        if os.path.lexists(path) and not os.path.isdir(path):  # another run may have made it just now
            raise StorageError(
                f"`{posixpath.relpath(path, root)}` of the workspace is no directory",
                at=path,
                expected="a directory, or a link to one",
                got="a link that leads nowhere" if os.path.islink(path) else "a file",
                hint="is the volume mounted that it is to stand on?",
            )
    for path in missing:
        with io.storing("workspace directory", path):
            io.make_parents(path, sync=False)


class CommonLog:
    """A log that the runs of a workspace append to, each line with one write."""

    def __init__(self, path: str, *, what: str = "log of all runs") -> None:
        """Store its absolute path, and how it is called when it cannot be written."""
        self.path = path
        self._what = what
        self._descriptor = -1
        self._threads = threading.Lock()

    def append(self, line: bytes) -> None:
        """Append one line, in turn with other processes; a line that cannot be written whole is taken back.

        The file may be moved or deleted between two lines: the next one begins it anew. It is kept open so
        that a process that fenced itself goes on writing.

        Args:
            line: With its newline.

        Raises:
            StorageError: It was not written.
        """
        with self._threads, io.storing(self._what, self.path):
            self._reopen()
            has_turn = io.lock_within(self._descriptor, _LONGEST_WAIT_SECONDS)
            try:
                self._append(line, has_turn=has_turn)
            finally:
                io.unlock(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        io.close_quietly(self._descriptor)
        self._descriptor = -1

    def _reopen(self) -> None:
        if self._descriptor >= 0 and not self._is_ours():
            self.close()
        if self._descriptor < 0:
            io.make_parents(posixpath.dirname(self.path), sync=False)
            self._descriptor = io.open_shared(self.path, is_read=True)

    def _is_ours(self) -> bool:
        """Whether the path still leads to the file that is open."""
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(self._descriptor))
        except FileNotFoundError:
            return False

    def _append(self, line: bytes, *, has_turn: bool) -> None:
        """Append with one write, which stays whole without a turn too; only who has it may cut the file."""
        size = os.fstat(self._descriptor).st_size
        is_torn = size > 0 and os.pread(self._descriptor, 1, size - 1) != b"\n"
        try:
            io.append_line(self._descriptor, b"\n" + line if is_torn else line)
        except OSError:
            if has_turn:
                io.cut(self._descriptor, size)
            raise
