"""Logs that the processes of one command write in turn.

Knows: whose turn it is, how a log goes on from what another process wrote.
Does not know: what the lines mean.

The lock of the run belongs to the process that seals it. Its children take turns by a second lock, on the
event log; that process holds it from the command's end until the seal, so nothing is written after it.
"""

from __future__ import annotations

import os
import threading
import weakref
from types import TracebackType

from runpact.disk import io
from runpact.disk.appendlog import AppendLog
from runpact.disk.layout import RECORD, RunPaths
from runpact.disk.writer import RunWriter
from runpact.model.errors import ClosedRunError


class AttachedWriter(RunWriter):
    """Writes into a run that another process owns and seals."""

    def __init__(self, paths: RunPaths, *, is_durable: bool) -> None:
        """Store the run's paths; nothing is locked between two lines.

        Args:
            paths: Of the run's records.
            is_durable: Flush artifacts to the device.
        """
        with io.storing("run directory", paths.directory):
            record = os.open(paths.at(RECORD), os.O_RDONLY | os.O_CLOEXEC)
        super().__init__(paths, record, is_durable=is_durable)
        turn = _Turn(paths)
        self.events = _SharedLog(paths, "events", turn)
        self.metrics = _SharedLog(paths, "metrics", turn)

    @property
    def is_open(self) -> bool:
        """Whether the run is not sealed yet."""
        return self._lock >= 0 and not os.path.lexists(self.paths.seal)

    def _check_open(self) -> None:
        _demand_unsealed(self.paths)


class _Turn:
    """The lock that the processes of a run, and the threads of each, take turns by."""

    def __init__(self, paths: RunPaths) -> None:
        self.paths = paths
        self.open()
        reopen = weakref.WeakMethod(self.open)
        os.register_at_fork(after_in_child=lambda: (reopen() or _nothing)())

    def open(self) -> None:
        """Open the file to lock; a forked child would share the descriptor, and with it the lock."""
        self._lock = threading.Lock()
        with io.storing("log", self.paths.directory):
            self._descriptor = io.open_shared(self.paths.at(self.paths.records["events"]))

    def take(self) -> None:
        """Wait for the turn.

        Raises:
            ClosedRunError: The run was sealed meanwhile.
        """
        self._lock.acquire()
        try:
            io.lock(self._descriptor)
            _demand_unsealed(self.paths)
        except BaseException:
            self.give()
            raise

    def give(self) -> None:
        """End the turn."""
        io.unlock(self._descriptor)
        self._lock.release()


class _SharedLog(AppendLog):
    """A log that other processes append to as well; it looks what they wrote before each line."""

    def __init__(self, paths: RunPaths, name: str, turn: _Turn) -> None:
        relative = paths.records[name]
        super().__init__(paths.at(relative), relative)
        self._turn = turn
        self._lock = self  # type: ignore[assignment]  # it is its own turn

    def open(self) -> None:
        """Open the file, made when missing."""
        with io.storing("log", self._path):
            self._descriptor = io.open_shared(self._path)

    def __enter__(self) -> None:
        with io.storing("log", self._path):
            self._turn.take()
        try:
            if not self.exists:
                self.open()
            if os.fstat(self._descriptor).st_size != self.size:
                self.expect_others()
        except BaseException:
            self._turn.give()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._turn.give()


def _demand_unsealed(paths: RunPaths) -> None:
    if os.path.lexists(paths.seal):
        raise ClosedRunError(
            "the run is sealed; nothing can be added to it",
            at=paths.directory,
            hint="what outlives the command of a run cannot write into it; wait for it in the command",
        )


def _nothing() -> None:
    """Stand in for what is gone."""
