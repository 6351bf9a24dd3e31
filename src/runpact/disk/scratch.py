"""Scratch copies of trees.

Knows: how to copy a tree aside, change files in it, and leave nothing behind.
Does not know: why.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import shutil
import tempfile
from collections.abc import Iterator

from runpact.model.errors import CannotStartError
from runpact.model.names import check_relative


@contextlib.contextmanager
def scratch_copy(folder: str) -> Iterator[ScratchTree]:
    """Give a copy of a folder that is gone afterwards; links are copied as links.

    Raises:
        CannotStartError: There is no such folder.
    """
    if not os.path.isdir(folder):
        raise CannotStartError(f"no tree at `{folder}`", at=folder, expected="a directory", got="nothing")
    with tempfile.TemporaryDirectory(prefix="runpact-tree-") as above:
        root = posixpath.join(above, posixpath.basename(folder))
        shutil.copytree(folder, root, symlinks=True)
        yield ScratchTree(root)


class ScratchTree:
    """A tree that may be changed."""

    def __init__(self, root: str) -> None:
        """Store its absolute folder."""
        self.root = root

    def path(self, relative: str) -> str:
        """Return the absolute path of a file in it.

        Raises:
            UnsafeNameError: The path leaves the tree.
        """
        return posixpath.join(self.root, check_relative(relative, what="path"))

    def read(self, relative: str) -> bytes:
        """Return a file's bytes."""
        with _reported(relative), open(self.path(relative), "rb") as file:
            return file.read()

    def write(self, relative: str, data: bytes) -> None:
        """Write a file, its directories made when missing."""
        path = self.path(relative)
        with _reported(relative):
            os.makedirs(posixpath.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)

    def delete(self, relative: str) -> None:
        """Remove a file or a whole directory."""
        path = self.path(relative)
        with _reported(relative):
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)

    def rename(self, old: str, new: str) -> None:
        """Rename a file or directory."""
        with _reported(old):
            os.makedirs(posixpath.dirname(self.path(new)), exist_ok=True)
            os.rename(self.path(old), self.path(new))


@contextlib.contextmanager
def _reported(relative: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotStartError(
            f"the tree cannot be changed at `{relative}`: {error.strerror or error}", at=relative
        ) from error
