"""Writes the few files of a workspace that people edit.

Knows: never to overwrite what a person wrote.
Does not know: what the files say.
"""

from __future__ import annotations

import os
import posixpath
import shutil
import stat
from collections.abc import Callable

from runpact.disk import io
from runpact.disk.source import read_source
from runpact.model.errors import CannotStartError, StorageError

_MOST_BYTES = 16 * 1024**2


def read_text(path: str) -> str:
    """Return the content of a text file that people edit, empty when there is none.

    Raises:
        CannotStartError: It cannot be read, is no regular file, or is larger than people write.
    """
    data = read_if_there(path)
    try:
        return (data or b"").decode()
    except UnicodeDecodeError as error:
        raise CannotStartError(f"cannot read `{path}`: {error}", at=path, expected="UTF-8") from error


def read_if_there(path: str, *, limit: int = _MOST_BYTES) -> bytes | None:
    """Return the bytes of a file that people edit, None when there is none.

    Raises:
        CannotStartError: It cannot be read, is no regular file, or is larger than `limit`.
    """
    try:
        os.stat(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        pass  # opening it says what is wrong
    return read_source(path, limit=limit)


def write_new(path: str, text: str) -> bool:
    """Create a text file; False, and nothing done, when it exists."""
    with io.storing("file", path):
        io.make_parents(posixpath.dirname(path), sync=False)
        try:
            io.create_file(path, text.encode(), sync=False)
        except FileExistsError:
            return False
    return True


def rewrite_text(path: str, change: Callable[[str], str]) -> bool:
    """Replace a text file by what is made of its text, in turn with other processes that do so.

    Folders above it are made when they are missing.

    Returns:
        Whether anything was changed.

    Raises:
        StorageError: It stands as it stood.
    """
    folder = posixpath.dirname(path)
    with io.storing("file", path):
        io.make_parents(folder, sync=False)
    with io.storing("file", path), io.locked_directory(folder):
        if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
            raise StorageError(
                f"`{path}` is no file", at=path, expected="a file", got="a link, or something else"
            )
        before = read_text(path)
        after = change(before)
        if after != before:
            io.replace_file(path, after.encode(), sync=True)
    return after != before


def copy_missing(source: str, target: str, *, skip: frozenset[str]) -> list[str]:
    """Copy a tree of regular files; files that exist already are left as they are.

    Args:
        source: Absolute directory to copy.
        target: Absolute directory, made when missing.
        skip: Names of files and directories that are not copied.

    Returns:
        The paths copied, relative to `target`.
    """
    copied = []
    with io.storing("copy", target):
        for root, directories, files in os.walk(source):
            directories[:] = sorted(name for name in directories if name not in skip)
            below = os.path.relpath(root, source)
            os.makedirs(posixpath.normpath(posixpath.join(target, below)), exist_ok=True)
            for name in sorted(set(files) - skip):
                path = posixpath.normpath(posixpath.join(below, name))
                if not os.path.lexists(posixpath.join(target, path)):
                    shutil.copyfile(posixpath.join(source, path), posixpath.join(target, path))
                    copied.append(path)
    return copied
