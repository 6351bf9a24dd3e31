"""Reads the untracked files of a project into memory, up to limits.

Knows: which of too many are taken, and why another is left.
Does not know: git; what becomes of the bytes.
"""

from __future__ import annotations

import os
import posixpath
import stat

import msgspec

from runpact.disk.draft import CapturedFile
from runpact.disk.tree import read_file
from runpact.model.discretion import has_secret_name, is_source
from runpact.model.errors import StorageError
from runpact.model.names import readable_path
from runpact.model.provenance import LeftOut

MAX_FILE = 1_000_000
"""Largest file taken, bytes."""
MAX_TOTAL = 10_000_000
"""Most bytes taken together."""
MAX_FILES = 200
"""Most files taken."""
_MAX_LOOKED_AT = 20_000
_MAX_PATH = 1000


class Gathered(msgspec.Struct, frozen=True):
    """Files read, and those left out."""

    files: dict[str, CapturedFile]
    """By path relative to the root they were listed for."""
    left_out: tuple[LeftOut, ...]


def read_untracked(root: str, paths: tuple[str, ...]) -> Gathered:
    """Read files below a folder: sources first, small ones first, until a limit is reached.

    Args:
        root: Absolute folder.
        paths: Relative to it; a folder, which is not looked into, ends in a slash.
    """
    files: dict[str, CapturedFile] = {}
    left_out = [
        LeftOut(readable_path(path), None, "not looked at: there are too many")
        for path in paths[_MAX_LOOKED_AT:]
    ]
    total = 0
    for _is_data, size, path, mode in sorted(_look_at(root, path) for path in paths[:_MAX_LOOKED_AT]):
        reason = _refusal(path, mode, size) or _limit(len(files), total + size)
        data = b""
        if not reason:
            try:
                data = read_file(root, path, MAX_FILE)
            except StorageError as error:
                reason = error.message
        if reason:
            left_out.append(LeftOut(readable_path(path), size if mode else None, reason))
        else:
            files[path] = CapturedFile(data, is_executable=bool(mode & stat.S_IXUSR))
            total += len(data)
    return Gathered(dict(sorted(files.items())), tuple(left_out))


def _look_at(root: str, path: str) -> tuple[bool, int, str, int]:
    try:
        status = os.lstat(posixpath.join(root, path))
    except OSError:
        return True, 0, path, 0
    return not is_source(path), status.st_size, path, status.st_mode


def _refusal(path: str, mode: int, size: int) -> str:
    if path.endswith("/"):
        return "a repository of its own"
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    if readable_path(path) != path:
        return "its name is not UTF-8"
    if not stat.S_ISREG(mode):
        return "no regular file" if mode else "it cannot be read"
    if has_secret_name(path):
        return "its name is that of a secret"
    if len(os.fsencode(path)) > _MAX_PATH:
        return f"its path is longer than {_MAX_PATH} bytes"
    return f"larger than {MAX_FILE:,} bytes" if size > MAX_FILE else ""


def _limit(count: int, total: int) -> str:
    if count >= MAX_FILES:
        return f"{MAX_FILES} files are stored already"
    return f"more than {MAX_TOTAL:,} bytes together" if total > MAX_TOTAL else ""
