"""The end of a log.

Knows: how it is read without the rest, and without waiting for what is no file.
Does not know: whose log it is.
"""

from __future__ import annotations

import os
import stat

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
_MOST_BYTES = 8192


def last_lines(path: str, most: int) -> tuple[str, ...]:
    """Return the last lines of a log that are not empty; none when it cannot be read."""
    try:
        descriptor = os.open(path, _READ)
    except OSError:
        return ()
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return ()
        begin = max(0, status.st_size - _MOST_BYTES)
        data = os.pread(descriptor, _MOST_BYTES, begin)
    except OSError:
        return ()
    finally:
        os.close(descriptor)
    lines = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
    return tuple(lines[-most:])
