"""Reads a file that a person named.

Knows: how to read it in pieces without waiting on a pipe or a device.
Does not know: what it is for.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator

from runpact.model.errors import CannotStartError
from runpact.model.template import compile_glob

_CHUNK = 1 << 20


def read_chunks(path: str) -> Iterator[bytes]:
    """Yield the bytes of a regular file.

    Raises:
        CannotStartError: It does not exist, cannot be read, or is no regular file.
    """
    descriptor = _open(path)
    try:
        while chunk := os.read(descriptor, _CHUNK):
            yield chunk
    finally:
        os.close(descriptor)


def read_source(path: str, *, limit: int) -> bytes:
    """Return the bytes of a regular file of at most `limit` bytes.

    Raises:
        CannotStartError: It cannot be read, or is larger.
    """
    parts, size = [], 0
    for chunk in read_chunks(path):
        size += len(chunk)
        if size > limit:
            raise CannotStartError(
                f"`{path}` is too large", expected=f"at most {limit} bytes", got=f"more than {limit} bytes"
            )
        parts.append(chunk)
    return b"".join(parts)


def _open(path: str) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise CannotStartError(f"cannot read `{path}`: {reason}", at=path, hint="check the path") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise CannotStartError(f"`{path}` is not a regular file", at=path)
    return descriptor


def matching_files(root: str, glob: str) -> Iterator[str]:
    """Yield the files below `root` whose relative path fits a glob; hidden folders are not entered."""
    pattern = compile_glob(glob)
    fixed = posixpath.dirname(glob.partition("*")[0].partition("?")[0])
    start = posixpath.join(root, fixed) if fixed else root
    for folder, directories, files in os.walk(start):
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        for name in sorted(files):
            path = posixpath.relpath(posixpath.join(folder, name), root)
            if pattern.fullmatch(path) and os.path.isfile(posixpath.join(folder, name)):
                yield path


def is_there(path: str) -> bool:
    """Whether anything stands at a path, a link that leads nowhere included."""
    return os.path.lexists(path)
