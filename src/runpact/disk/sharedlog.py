"""Logs and artifacts that the processes of one command write in turn.

Knows: whose turn it is, how a log goes on from what another process wrote.
Does not know: what the lines mean.

The lock of the run belongs to the process that seals it. Its children take turns by a second lock, on the
event log; that process holds it from the command's end until the seal, so nothing is written after it. In a
turn a process appends a line, creates the temporary file of an artifact, gives an artifact its name or takes
it back.
"""

from __future__ import annotations

import contextlib
import functools
import os
import posixpath
import threading
from collections.abc import Callable
from typing import TypeVar

from runpact.disk import io
from runpact.disk.appendlog import AppendLog
from runpact.disk.layout import PRIVATE, RECORD, RunPaths
from runpact.disk.writer import RunWriter
from runpact.model.errors import ClosedRunError, RunpactError

T = TypeVar("T")


class AttachedWriter(RunWriter):
    """Writes into a run that another process owns and seals."""

    seals = False

    def __init__(self, paths: RunPaths, *, is_durable: bool) -> None:
        """Store the run's paths; nothing is locked between two lines.

        Args:
            paths: Of the run's records.
            is_durable: Flush artifacts to the device.
        """
        with io.storing("run directory", paths.directory):
            record = os.open(paths.at(RECORD), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        super().__init__(paths, record, is_durable=is_durable)
        self._turn = _Turn(paths)
        self.events = _SharedLog(paths, "events", self._turn)
        self.metrics = _SharedLog(paths, "metrics", self._turn)

    @property
    def is_open(self) -> bool:
        """Whether the run is not sealed yet."""
        return self._lock >= 0 and not os.path.lexists(self.paths.seal)

    def _check_open(self) -> None:
        if self._lock < 0:
            super()._check_open()
        _demand_unsealed(self.paths)

    def _temporary_of(self, path: str) -> str:
        """Prepare artifacts among runpact's own records, where the one that seals may remove what is left."""
        return posixpath.join(self.paths.at(PRIVATE), posixpath.basename(super()._temporary_of(path)))

    def _create(self, temporary: str) -> int:
        return self._turn.do(functools.partial(super()._create, temporary))

    def _publish_file(self, temporary: str, path: str, *, sync: bool, replaces: bool) -> None:
        publish = functools.partial(super()._publish_file, temporary, path, sync=sync, replaces=replaces)
        self._turn.do(publish)

    def discard(self, relative: str) -> None:
        """Take back an artifact that was not acknowledged, unless the run was sealed with it."""
        with contextlib.suppress(RunpactError):
            self._turn.do(functools.partial(super().discard, relative))


class _Turn:
    """The lock that the processes of a run, and the threads of each, take turns by."""

    def __init__(self, paths: RunPaths) -> None:
        self.paths = paths
        self._descriptor = -1
        self._threads = threading.Lock()
        os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        """Let go in a forked child, which would share the lock itself with its parent."""
        self._threads = threading.Lock()
        io.close_quietly(self._descriptor)
        self._descriptor = -1

    def do(self, call: Callable[[], T]) -> T:
        """Wait for the turn, then do it.

        Raises:
            ClosedRunError: The run was sealed meanwhile.
            StorageError: There is no turn to be had.
        """
        with self._threads:
            try:
                self._begin()
                return call()
            finally:
                io.unlock(self._descriptor)

    def _begin(self) -> None:
        with io.storing("log", self.paths.directory):
            if self._descriptor < 0:
                path = self.paths.at(self.paths.records["events"])
                self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            io.lock(self._descriptor)
        _demand_unsealed(self.paths)


class _SharedLog(AppendLog):
    """A log that other processes append to as well; it looks what they wrote before each line."""

    def __init__(self, paths: RunPaths, name: str, turn: _Turn) -> None:
        relative = paths.records[name]
        super().__init__(paths.at(relative), relative)
        self._turn = turn
        self._lock = contextlib.nullcontext()  # a turn is one thread's; a forked child could find a lock held

    def open(self) -> None:
        """Open the file, made when missing."""
        with io.storing("log", self._path):
            self._descriptor = io.open_shared(self._path)

    def append(self, fields: dict[str, object]) -> int:
        """Append one entry in turn; return its number."""
        return self._turn.do(functools.partial(self._append, fields))

    def _append(self, fields: dict[str, object]) -> int:
        self._look()
        return super().append(fields)

    def append_point(self, time: float, step: float | None, values: dict[str, float]) -> None:
        """Append one metric point for each name in turn."""
        self._turn.do(functools.partial(self._append_point, time, step, values))

    def _append_point(self, time: float, step: float | None, values: dict[str, float]) -> None:
        self._look()
        super().append_point(time, step, values)

    def _look(self) -> None:
        if not self.exists:
            self.open()
        with io.storing("log", self._path):
            if os.fstat(self._descriptor).st_size == self.size:
                return
        self.expect_others()
        self.check_whole()


def _demand_unsealed(paths: RunPaths) -> None:
    if os.path.lexists(paths.seal):
        raise ClosedRunError(
            "the run is sealed; nothing can be added to it",
            at=paths.directory,
            hint="what outlives the command of a run cannot write into it; wait for it in the command",
        )
