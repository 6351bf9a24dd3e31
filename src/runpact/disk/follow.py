"""A log that is still being written, read as it grows.

Knows: which bytes were read already, that the last line may not be whole yet.
Does not know: what the lines mean, when the log ends.
"""

from __future__ import annotations

import os
import posixpath

from runpact.model.journal import parse_line

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MOST = 16 << 20
"""Most bytes read at a time."""


class FollowedLog:
    """Gives the lines of a log that came since it was last asked."""

    def __init__(self, directory: str, relative: str) -> None:
        """Store where the log stands; it need not be there yet."""
        self._path = posixpath.join(directory, relative)
        self._size = 0
        self._count = 0

    def more(self) -> list[dict[str, object]]:
        """Return the entries that are whole and right; a damaged one is the last that is looked at."""
        data = self._bytes()
        found: list[dict[str, object]] = []
        position = 0
        while (end := data.find(b"\n", position)) >= 0:
            entry = parse_line(data[position:end])
            if entry is None or entry.get("seq") != self._count + 1:
                break
            found.append(entry)
            self._count += 1
            position = end + 1
        self._size += position
        return found

    def _bytes(self) -> bytes:
        try:
            descriptor = os.open(self._path, _READ)
        except OSError:
            return b""
        try:
            return os.pread(descriptor, _MOST, self._size)
        except OSError:
            return b""
        finally:
            os.close(descriptor)
