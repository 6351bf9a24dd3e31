"""Files and folders that a run reads.

Knows: how to pin them by digest in one pass, how to tell later whether they changed.
Does not know: what they are for.
"""

from __future__ import annotations

import functools
import hashlib
import os
import posixpath
import stat
import time
from collections.abc import Container, Iterator

import msgspec

from runpact.disk.layout import RECORD
from runpact.model.digest import PREFIX, digest_bytes, digest_of_set
from runpact.model.errors import CannotStartError
from runpact.model.names import readable_path

Stamp = tuple[int, ...]
"""Device, inode, size, times of change: whatever writes a file changes one of them."""

_ATTEMPTS = 3
"""How often a file that changes while it is hashed is tried."""
_CHUNK = 1 << 20
_SETTLED_NS = 2_000_000_000
"""A file younger than this may change again without a new time of change."""
_LEVELS = 128
_SIZE = 2
"""Index of the size in the stamp of a file."""
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class Pinned(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder as it was when it was hashed."""

    digest: str
    """Empty when it never held still."""
    size: int
    files: int | None
    """Number of files of a folder; None for a file."""
    stamp: Stamp


def look_at_input(path: str) -> os.stat_result:
    """Return what the system says of a file or folder that is to be read.

    Raises:
        CannotStartError: It does not exist, or is a pipe, socket or device.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise _refused(path, error) from error
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise CannotStartError(f"input `{path}` is neither a file nor a folder", at=path)
    return status


def pin_input(path: str, *, without: Container[str] = ()) -> Pinned:
    """Return digest and size of a file, or of a folder over the set of its paths and digests.

    Links to files are followed; a link to a folder stands for its text. A file that this process hashed
    before and that did not change since is not read again.

    Args:
        path: The file or folder.
        without: Names in a folder that are not of it.

    Raises:
        CannotStartError: It does not exist, cannot be read, or is a pipe, socket or device.
    """
    status = look_at_input(path)
    if not stat.S_ISDIR(status.st_mode):
        digest, settled = _pin_file(path, status)
        return Pinned(digest=digest, size=settled.st_size, files=None, stamp=_stamp(settled))
    digests, stamps, size = {}, [], 0
    for relative, place, below in _walk(path, "", 0):
        if relative in without:
            continue
        if below is None:
            digests[relative] = digest_bytes(b"link:" + os.fsencode(os.readlink(place)))
            continue
        digests[relative], settled = _pin_file(place, below)
        stamps.append((relative, _stamp(settled)))
        size += settled.st_size
    whole = digest_of_set(digests) if all(digests.values()) else ""
    return Pinned(digest=whole, size=size, files=len(digests), stamp=_stamp_of_all(stamps))


def stamp_input(path: str, *, without: Container[str] = ()) -> Stamp | None:
    """Return what `Pinned.stamp` would be now, without reading a file; None when it cannot be told."""
    try:
        status = look_at_input(path)
        if not stat.S_ISDIR(status.st_mode):
            return _stamp(status)
        found = [
            (relative, _stamp(below))
            for relative, _place, below in _walk(path, "", 0)
            if below and relative not in without
        ]
        return _stamp_of_all(found)
    except CannotStartError:
        return None


def run_around(path: str, *, root: str) -> str | None:
    """Return the run directory that holds a path below `root`; None when none does."""
    directory = posixpath.dirname(path)
    while directory != "/" and directory.startswith(root.rstrip("/") + "/"):
        if os.path.exists(posixpath.join(directory, RECORD)):
            return directory
        directory = posixpath.dirname(directory)
    return None


def _pin_file(path: str, status: os.stat_result) -> tuple[str, os.stat_result]:
    """Hash a file until it holds still; an empty digest says that it never did."""
    for _attempt in range(_ATTEMPTS):
        is_settled = time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > _SETTLED_NS
        hashed = _remembered if is_settled else _hash
        digest = hashed(path, _stamp(status))
        if digest:
            return digest, status
        _remembered.cache_clear()
        status = look_at_input(path)
    return "", status


def _hash(path: str, stamp: Stamp) -> str:
    """Return the digest of a file, empty when it was not the stamped one from beginning to end."""
    try:
        descriptor = os.open(path, _READ)
    except OSError as error:
        raise _refused(path, error) from error
    try:
        if _stamp(os.fstat(descriptor)) != stamp:
            return ""
        digest, buffer = hashlib.sha256(), bytearray(min(_CHUNK, stamp[_SIZE] + 1))
        view = memoryview(buffer)
        while count := os.readv(descriptor, [buffer]):
            digest.update(view[:count])
        return PREFIX + digest.hexdigest() if _stamp(os.fstat(descriptor)) == stamp else ""
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        os.close(descriptor)


_remembered = functools.lru_cache(maxsize=65536)(_hash)


def _walk(folder: str, prefix: str, level: int) -> Iterator[tuple[str, str, os.stat_result | None]]:
    """Yield relative path, path and status of every file; no status for a link that is not followed."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise _refused(folder, error) from error
    for entry in found:
        relative = prefix + readable_path(entry.name)
        if entry.is_dir(follow_symlinks=False):
            if level >= _LEVELS:
                raise CannotStartError(f"`{folder}` is nested too deep", at=folder)
            yield from _walk(entry.path, relative + "/", level + 1)
        elif entry.is_symlink() and not entry.is_file():
            yield relative, entry.path, None
        else:
            yield relative, entry.path, look_at_input(entry.path)


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _stamp_of_all(stamps: list[tuple[str, Stamp]]) -> Stamp:
    text = repr(stamps).encode("utf-8", "surrogateescape")
    return tuple(hashlib.sha256(text).digest())


def _refused(path: str, error: OSError | ValueError) -> CannotStartError:
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    return CannotStartError(f"cannot read input `{path}`: {reason}", at=path, hint="check the path")
