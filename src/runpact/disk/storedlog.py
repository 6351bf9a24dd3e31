"""A log as it stands, read piece by piece: its length costs time and no memory.

Knows: how entries are cut out of pieces; that a log may be of any length, and a line of it may not.
Does not know: what the lines mean.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator

from runpact.model.journal import parse_line

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PIECE = 1 << 20
_LONGEST_LINE = 64 * 1024 * 1024
"""No writer makes a longer one; what has no newline for so long is damage."""


class StoredLog:
    """The entries of one log, in order, as far as they are whole and right."""

    def __init__(self, directory: str, relative: str) -> None:
        """Store where the log stands; nothing is opened yet."""
        self._path = posixpath.join(directory, relative)
        self.count = 0
        """Entries given so far."""
        self.size = 0
        """Their bytes."""
        self.discarded = 0
        """Bytes behind the last right line: a torn or damaged tail; known once all entries were given."""

    @property
    def exists(self) -> bool:
        """Whether anything stands there."""
        return os.path.lexists(self._path)

    def entries(self) -> Iterator[dict[str, object]]:
        """Yield the longest valid prefix; stop at the first bad line or gap in `seq`.

        Nothing is yielded of what cannot be opened or is no regular file.
        """
        self.count = self.size = self.discarded = 0
        try:
            descriptor = os.open(self._path, _READ)
        except (OSError, ValueError):
            return
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                yield from self._prefix(descriptor)
                self.discarded = max(os.fstat(descriptor).st_size - self.size, 0)
        finally:
            os.close(descriptor)

    def _prefix(self, descriptor: int) -> Iterator[dict[str, object]]:
        rest = b""
        while piece := _read(descriptor):
            data = rest + piece
            position = 0
            while (end := data.find(b"\n", position)) >= 0:
                entry = parse_line(data[position:end])
                if entry is None or entry.get("seq") != self.count + 1:
                    return
                self.count += 1
                self.size += end + 1 - position
                position = end + 1
                yield entry
            rest = data[position:]
            if len(rest) > _LONGEST_LINE:
                return


def _read(descriptor: int) -> bytes:
    """Return the next piece; nothing at the end, and where the device reports an error."""
    try:
        return os.read(descriptor, _PIECE)
    except OSError:
        return b""
