"""What stands in a run directory, and the bytes of one file of it.

Knows: how to list, read and hash beneath a root without following a link or waiting on a pipe.
Does not know: what should be there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from typing import Self

from runpact.model.digest import HEX_DIGITS, SHA256
from runpact.model.errors import StorageError
from runpact.model.facts import FileFact

MAX_NAMES = 2_000_000
"""Most names listed in one run."""
MAX_LEVELS = 128
"""Deepest directory listed."""

_CHUNK = 1 << 20
_NEW = {name: getattr(hashlib, name) for name in HEX_DIGITS}
_ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_DIRECTORY = _ROOT | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def list_tree(root: str) -> tuple[FileFact, ...]:
    """Return every name below `root`, sorted by path; nothing is opened but directories.

    Raises:
        StorageError: The root cannot be listed, or holds more names than anyone can judge.
    """
    try:
        descriptor = os.open(root, _ROOT)
    except OSError as error:
        raise _refused(root, "", error) from error
    facts: list[FileFact] = []
    for fact in _list_directory(descriptor, root, "", 0):
        facts.append(fact)
        if len(facts) > MAX_NAMES:
            raise StorageError(
                f"`{root}` holds too many names", at=root, expected=f"at most {MAX_NAMES}", got="more"
            )
    facts.sort(key=_path_of)
    return tuple(facts)


def read_file(root: str, path: str, max_bytes: int) -> bytes:
    """Return the bytes of a regular file below `root`.

    Raises:
        StorageError: It is no regular file, is larger than `max_bytes`, or cannot be read.
    """
    descriptor = _open_file(root, path)
    try:
        _demand_regular(os.fstat(descriptor), path)
        data = _read_up_to(descriptor, max_bytes + 1)
    except OSError as error:
        raise _refused(root, path, error) from error
    finally:
        os.close(descriptor)
    if len(data) > max_bytes:
        raise StorageError(
            f"`{path}` is too large", at=path, expected=f"at most {max_bytes} bytes", got="more"
        )
    return data


class Folders:
    """Directories below a root, of which the last one asked for stays open: files come folder by folder."""

    def __init__(self, root: str) -> None:
        """Remember the root; nothing is opened yet."""
        self.root = root
        self._last = ""
        self._descriptor = -1

    def __enter__(self) -> Self:
        """Return this."""
        return self

    def __exit__(self, *_raised: object) -> None:
        """Close the directory that is open."""
        self._close()

    def descriptor(self, folder: str) -> int:
        """Return a directory that was entered part by part, so that no link on the way is followed.

        Raises:
            OSError: It cannot be entered.
        """
        if self._descriptor < 0 or folder != self._last:
            self._close()
            self._descriptor, self._last = _enter_parts(self.root, folder), folder
        return self._descriptor

    def _close(self) -> None:
        descriptor, self._descriptor = (
            self._descriptor,
            -1,
        )  # first, so that an interrupt closes nothing twice
        if descriptor >= 0:
            os.close(descriptor)


def open_regular(folders: Folders, path: str) -> int:
    """Open a regular file part by part, and return its descriptor, which the caller closes.

    Raises:
        StorageError: It is no regular file, or cannot be read.
    """
    descriptor = _open_file(folders.root, path, folders)
    try:
        _demand_regular(os.fstat(descriptor), path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def digest_file(
    root: str, path: str, algorithm: str = SHA256, *, folders: Folders | None = None
) -> tuple[str, int]:
    """Return digest, `<algorithm>:<hex>`, and size of a regular file, all read through one descriptor.

    Args:
        root: Absolute directory.
        path: Relative to it.
        algorithm: As `hashlib` names it.
        folders: Directories of the same root, for many files.

    Raises:
        StorageError: It is no regular file, cannot be read, or changed while it was hashed.
    """
    descriptor = _open_file(root, path, folders)
    try:
        before = os.fstat(descriptor)
        _demand_regular(before, path)
        digest, size = _hash(descriptor, before.st_size, algorithm)
        after = os.fstat(descriptor)
    except OSError as error:
        raise _refused(root, path, error) from error
    finally:
        os.close(descriptor)
    if size != before.st_size or _identity(before) != _identity(after):
        raise StorageError(
            f"`{path}` changed while hashing",
            at=path,
            expected=f"{before.st_size} bytes",
            got=f"{size} bytes",
            hint="wait until nothing writes the file any more",
        )
    return digest, size


def _path_of(fact: FileFact) -> str:
    return fact.path


def _list_directory(descriptor: int, root: str, prefix: str, level: int) -> Iterator[FileFact]:
    """List one directory and those below it; the descriptor is closed at the end."""
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                fact = _look_at(entry, root, prefix)
                if fact.kind == "dir":
                    yield from _enter(descriptor, root, fact, level + 1)
                else:
                    yield fact
    except OSError as error:
        raise _refused(root, prefix, error) from error
    finally:
        os.close(descriptor)


def _enter(parent: int, root: str, fact: FileFact, level: int) -> Iterator[FileFact]:
    name = fact.path.rpartition("/")[2]
    if level > MAX_LEVELS:
        yield _unlisted(fact, f"more than {MAX_LEVELS} levels below the run directory")
        return
    try:
        descriptor = os.open(name, _DIRECTORY, dir_fd=parent)
    except OSError as error:
        yield _unlisted(fact, os.strerror(error.errno or 0))
        return
    yield fact
    yield from _list_directory(descriptor, root, fact.path + "/", level)


def _unlisted(fact: FileFact, reason: str) -> FileFact:
    return FileFact(fact.path, fact.kind, fact.size, fact.mode, fault=reason)


def _look_at(entry: os.DirEntry[str], root: str, prefix: str) -> FileFact:
    """Describe one name; a name that vanishes meanwhile is described as what it was."""
    name = os.fsdecode(entry.name)
    path = prefix + name
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return FileFact(path, "other", fault="it vanished while the run was listed")
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISREG(status.st_mode):
        return FileFact(path, "file", status.st_size, mode)
    if stat.S_ISDIR(status.st_mode):
        return FileFact(path, "dir", 0, mode)
    if stat.S_ISLNK(status.st_mode):
        return _link(root, path, mode)
    return FileFact(path, "other", 0, mode)


def _link(root: str, path: str, mode: int) -> FileFact:
    place = os.path.join(root, path)
    try:
        target = os.readlink(place)
    except OSError:
        return FileFact(path, "symlink", 0, mode, escapes=True, fault="it cannot be read")
    inside = os.path.realpath(root) + os.sep
    is_inside = not os.path.isabs(target) and os.path.realpath(place).startswith(inside)
    return FileFact(path, "symlink", 0, mode, target, not is_inside)


def size_beneath(root: str, path: str) -> int | None:
    """Return the size of a regular file below a directory, through no link; None without one."""
    try:
        descriptor = _open_file(root, path)
    except StorageError:
        return None
    try:
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _open_file(root: str, path: str, folders: Folders | None = None) -> int:
    """Open a file part by part, so that no link on the way is followed."""
    folder, _slash, name = path.rpartition("/")
    if {"", ".", ".."} & {*(folder.split("/") if folder else ()), name} or "\0" in path:
        raise StorageError(f"`{path!r}` does not stay below the run directory", at=path)
    try:
        if folders is not None:
            return os.open(name, _FILE, dir_fd=folders.descriptor(folder))
        with Folders(root) as own:
            return os.open(name, _FILE, dir_fd=own.descriptor(folder))
    except OSError as error:
        raise _refused(root, path, error) from error


def _enter_parts(root: str, folder: str) -> int:
    descriptor = os.open(root, _ROOT)
    for name in folder.split("/") if folder else ():
        descriptor = _descend(descriptor, name)
    return descriptor


def _descend(parent: int, name: str) -> int:
    try:
        return os.open(name, _DIRECTORY, dir_fd=parent)
    finally:
        os.close(parent)


def _demand_regular(status: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise StorageError(f"`{path}` is not a regular file", at=path)


def _read_up_to(descriptor: int, limit: int) -> bytes:
    parts, left = [], limit
    while left and (chunk := os.read(descriptor, min(left, _CHUNK))):
        parts.append(chunk)
        left -= len(chunk)
    return b"".join(parts)


def _hash(descriptor: int, size: int, algorithm: str) -> tuple[str, int]:
    """Hash to the end of the file, or one byte past the size it should have.

    A small file is read at once; whether it grew is told by its status afterwards.
    """
    digest = _NEW[algorithm](usedforsecurity=False)
    if 0 < size < _CHUNK:
        data = _read_up_to(descriptor, size)
        digest.update(data)
        return f"{algorithm}:{digest.hexdigest()}", len(data)
    total, buffer = 0, bytearray(_CHUNK)
    view = memoryview(buffer)
    while total <= size and (count := os.readv(descriptor, [buffer])):
        digest.update(view[:count])
        total += count
    return f"{algorithm}:{digest.hexdigest()}", total


def _identity(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino


def _refused(root: str, path: str, error: OSError) -> StorageError:
    return StorageError(
        f"cannot read `{path or root}`: {os.strerror(error.errno or 0)}",
        at=path or root,
        got=errno.errorcode.get(error.errno or 0, "OSError"),
    )
