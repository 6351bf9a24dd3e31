"""Stable names for what stages produce: relative links, or directories of copies.

Knows: how one takes the place of another so that a reader sees the old one or the new one.
Does not know: which alias leads where.
"""

from __future__ import annotations

import os
import posixpath

from runpact.disk import io
from runpact.disk.layout import ALIASES
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
        remove_alias(directory, alias)
        io.make_parents(posixpath.join(directory, ALIASES), sync=False)
        io.make_directory(prepared)
        for relative, source in files.items():
            target = posixpath.join(prepared, relative)
            io.make_parents(posixpath.dirname(target), sync=False)
            io.create_file(target, b"".join(read_chunks(source)), sync=False)
        io.replace_file(_mark(directory, alias), b"", sync=False)
        io.publish(prepared, path)


def remove_alias(directory: str, alias: str) -> bool:
    """Take an alias away, whole, so that nobody reads half of it; False when there was none.

    Raises:
        StorageError: It is something that runpact did not make.
    """
    path = posixpath.join(directory, alias)
    with io.storing(f"alias `{alias}`", path):
        if os.path.islink(path):
            io.remove_missing_ok(path)
            return True
        if not os.path.lexists(path):
            return False
        if not _is_ours(directory, alias):
            raise _taken(alias, path)
        gone = posixpath.join(directory, f"{_PREPARED}gone-{alias}")
        io.remove_tree_quietly(gone)
        io.publish(path, gone)
        io.remove_missing_ok(_mark(directory, alias))
        io.remove_tree_quietly(gone)
        return True


def is_directory_set(directory: str, alias: str) -> bool:
    """Whether a directory that runpact made stands at an alias."""
    path = posixpath.join(directory, alias)
    return os.path.isdir(path) and not os.path.islink(path) and _is_ours(directory, alias)


def _is_ours(directory: str, alias: str) -> bool:
    return os.path.lexists(_mark(directory, alias))


def _mark(directory: str, alias: str) -> str:
    """Return the file that tells a directory of copies from one that a person made."""
    return posixpath.join(directory, ALIASES, alias)


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
