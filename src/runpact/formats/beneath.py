"""Opens one file below a directory for reading.

Knows: how to follow no link on the way, and not to wait on a pipe or a device.
Does not know: what the file holds.
"""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from runpact.model.facts import FormatFault

_ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_DIRECTORY = _ROOT | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def open_beneath(root: str, path: str) -> BinaryIO | FormatFault:
    """Return the open file, or why it cannot be read."""
    parts = path.split("/")
    if {"", ".", ".."}.intersection(parts) or "\0" in path:
        return FormatFault("unreadable", "its name does not stay below the run directory")
    try:
        descriptor = _open(root, parts)
    except FileNotFoundError:
        return FormatFault("missing-file", "there is no such file")
    except OSError as error:
        return FormatFault("unreadable", f"cannot be opened: {os.strerror(error.errno or 0)}")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return FormatFault("unreadable", "it is not a regular file")
    return os.fdopen(descriptor, "rb")


def _open(root: str, parts: list[str]) -> int:
    parent = os.open(root, _ROOT)
    try:
        for directory in parts[:-1]:
            above, parent = parent, os.open(directory, _DIRECTORY, dir_fd=parent)
            os.close(above)
        return os.open(parts[-1], _FILE, dir_fd=parent)
    finally:
        os.close(parent)
