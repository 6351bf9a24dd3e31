"""The ledger of a workspace on disk.

Knows: how a line is added so that none is lost, half, or between two others of one writer.
Does not know: what a line says.

1. Take the lock of the file. 2. Cut a torn last line off: its writer was never told that it is kept.
3. Append one line with one write; a refused one is cut off again. 4. Flush.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
from collections.abc import Iterator

from runpact.disk import io
from runpact.disk.layout import LEDGER
from runpact.disk.tree import read_file
from runpact.model.errors import StorageError

_MAX_SIZE = 1 << 30
_WAIT_SECONDS = 120.0


def read_ledger_bytes(root: str) -> bytes:
    """Return the ledger of a workspace; empty when nothing was ever done.

    Raises:
        StorageError: It cannot be read.
    """
    if not os.path.lexists(posixpath.join(root, LEDGER)):
        return b""
    return read_file(root, LEDGER, _MAX_SIZE)


class HeldLedger:
    """The ledger while no other process may add to it."""

    def __init__(self, root: str, descriptor: int) -> None:
        """Store the absolute root and the descriptor that holds the lock."""
        self._root = root
        self._descriptor = descriptor

    def read(self) -> bytes:
        """Return all of it."""
        return read_ledger_bytes(self._root)

    def append(self, line: bytes, *, after: int) -> None:
        """Add a line, durably.

        Args:
            line: With its newline.
            after: Bytes that stand before it; what is behind them is torn and is cut off.

        Raises:
            StorageError: Nothing was added.
        """
        with io.storing("ledger", posixpath.join(self._root, LEDGER)):
            if os.fstat(self._descriptor).st_size > after:
                io.cut(self._descriptor, after)
            try:
                io.append_line(self._descriptor, line)
                io.sync(self._descriptor)
            except OSError:
                with contextlib.suppress(OSError):
                    io.cut(self._descriptor, after)
                raise


@contextlib.contextmanager
def held_ledger(root: str) -> Iterator[HeldLedger]:
    """Hold the ledger for the length of the block; it is made when missing.

    Raises:
        StorageError: It cannot be had.
    """
    path = posixpath.join(root, LEDGER)
    with io.storing("ledger", path):
        is_new = not os.path.lexists(path)
        descriptor = io.open_shared(path)
    try:
        with io.storing("ledger", path):
            if not io.lock_within(descriptor, _WAIT_SECONDS):
                raise StorageError("another process keeps the ledger for too long", at=path, hint="try again")
            if is_new:
                io.sync_directory(root)
        yield HeldLedger(root, descriptor)
    finally:
        io.close_quietly(descriptor)
