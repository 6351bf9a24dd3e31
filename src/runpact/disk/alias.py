"""Stable names for what stages produce: relative links, or directories of copies.

Knows: how one takes the place of another so that a reader sees the old one or the new one.
Does not know: which alias leads where.
"""

from __future__ import annotations

import os
import posixpath

from runpact.disk import io
from runpact.disk.source import read_chunks
from runpact.model.errors import StorageError

_PREPARED = ".alias-"


def set_link(directory: str, alias: str, target: str) -> None:
    """Make an alias a link to `target`, relative to the experiment's directory.

    Raises:
        StorageError: Something that is no link stands there, or the file system refused.
    """
    path = posixpath.join(directory, alias)
    with io.storing(f"alias `{alias}`", path):
        if os.path.lexists(path) and not os.path.islink(path):
            raise _taken(alias, path)
        io.replace_link(path, target)


def set_directory(directory: str, alias: str, files: dict[str, str]) -> None:
    """Make an alias a directory of copies.

    Args:
        directory: The experiment's, absolute.
        alias: The name.
        files: Absolute path of each original, by its path in the alias.

    Raises:
        StorageError: The older alias still stands there.
    """
    path = posixpath.join(directory, alias)
    prepared = posixpath.join(directory, f"{_PREPARED}{alias}")
    with io.storing(f"alias `{alias}`", path):
        io.remove_tree_quietly(prepared)
        io.make_directory(prepared)
        for relative, source in files.items():
            target = posixpath.join(prepared, relative)
            io.make_parents(posixpath.dirname(target), sync=False)
            io.create_file(target, b"".join(read_chunks(source)), sync=False)
        remove_alias(directory, alias)
        io.publish(prepared, path)


def remove_alias(directory: str, alias: str) -> bool:
    """Take an alias away, whole, so that nobody reads half of it; False when there was none.

    Raises:
        StorageError: It is a file that no stage made.
    """
    path = posixpath.join(directory, alias)
    with io.storing(f"alias `{alias}`", path):
        if os.path.islink(path):
            io.remove_missing_ok(path)
            return True
        if not os.path.lexists(path):
            return False
        if not os.path.isdir(path):
            raise _taken(alias, path)
        gone = posixpath.join(directory, f"{_PREPARED}gone-{alias}")
        io.remove_tree_quietly(gone)
        io.publish(path, gone)
        io.remove_tree_quietly(gone)
        return True


def link_target(directory: str, alias: str) -> str | None:
    """Return where an alias that is a link leads to, as its text says; None for anything else."""
    try:
        return os.readlink(posixpath.join(directory, alias))
    except OSError:
        return None


def _taken(alias: str, path: str) -> StorageError:
    return StorageError(
        f"the alias `{alias}` cannot be set: something else stands there",
        at=path,
        expected="nothing, or a link that runpact made",
        hint="move it away, then run the stage again",
    )
