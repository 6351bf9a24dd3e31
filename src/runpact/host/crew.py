"""Processes that a program's own function is called in, several at once.

Knows: how they are forked, asked, ended, and that they do not outlive who forked them.
Does not know: what they are asked.

They are forked at once, before their maker opens anything: so they hold nothing of what it opens later. One
that dies takes the question with it that it was asked, and no other.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import signal
import struct
import time
import warnings
from collections.abc import Callable
from typing import NoReturn

from runpact.model.errors import StorageError

Serve = Callable[[bytes], bytes]
_HEAD = struct.Struct("!Q")
_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of prctl."""
_PATIENCE_SECONDS = 5.0
_PAUSE_SECONDS = 0.02


class WorkerDiedError(Exception):
    """The process ended before it answered."""

    def __init__(self, how: str) -> None:
        """Store how it ended."""
        super().__init__(how)
        self.how = how


class Crew:
    """Forked processes that serve questions; `ask` may be called in several threads."""

    def __init__(self, count: int, serve: Serve) -> None:
        """Fork so many processes.

        Args:
            count: How many.
            serve: Is called in them with each question; returns the answer.

        Raises:
            StorageError: The system lets no further process begin.
        """
        self._idle: queue.SimpleQueue[_Worker | None] = queue.SimpleQueue()
        self._workers: list[_Worker] = []
        try:
            for _number in range(count):
                self._workers.append(_Worker(serve, self._workers))
        except OSError as error:
            self.close()
            raise StorageError(
                f"no further process can be started: {os.strerror(error.errno or 0)}", hint="use fewer jobs"
            ) from error
        for worker in self._workers:
            self._idle.put(worker)

    def ask(self, question: bytes) -> bytes:
        """Return the answer of the next process that is free.

        Raises:
            WorkerDiedError: It ended before it answered; the others go on without it.
            StorageError: All of them have ended.
        """
        worker = self._idle.get()
        if worker is None:
            self._idle.put(None)
            raise StorageError(
                "every process that trials are called in has ended", hint="use one job to see why"
            )
        try:
            return worker.ask(question)
        finally:
            is_last = all(each.status is not None for each in self._workers)
            if worker.status is None or is_last:
                self._idle.put(None if is_last else worker)

    def stop(self) -> None:
        """Have each process end what it does."""
        for worker in self._workers:
            worker.send(signal.SIGTERM)

    def close(self) -> None:
        """Let all processes end; one that does not is killed."""
        for worker in self._workers:
            worker.let_go()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for worker in self._workers:
            worker.wait(deadline)


class _Worker:
    """One forked process and the two pipes to it."""

    def __init__(self, serve: Serve, others: list[_Worker]) -> None:
        asked, self._ask = os.pipe()
        self._answers, answered = os.pipe()
        self.status: int | None = None
        parent = os.getpid()
        with warnings.catch_warnings():  # of threads of libraries, which the child does not use
            warnings.simplefilter("ignore", DeprecationWarning)
            self.pid = os.fork()
        if self.pid == 0:
            for descriptor in (self._ask, self._answers, *(end for each in others for end in each.ends)):
                os.close(descriptor)
            _serve_until_end(serve, asked, answered, parent)
        os.close(asked)
        os.close(answered)

    @property
    def ends(self) -> tuple[int, int]:
        """Its maker's ends of the pipes."""
        return self._ask, self._answers

    def ask(self, question: bytes) -> bytes:
        """Return its answer."""
        try:
            _write(self._ask, question)
            answer = _read(self._answers)
        except OSError:
            answer = None
        if answer is None:
            self.wait(time.monotonic() + _PATIENCE_SECONDS)
            raise WorkerDiedError(_how(self.status or 0))
        return answer

    def send(self, number: int) -> None:
        """Send it a signal, if it lives."""
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def let_go(self) -> None:
        """Ask it nothing any more."""
        with contextlib.suppress(OSError):
            os.close(self._ask)

    def wait(self, deadline: float) -> None:
        """Wait for its end; kill it at a moment of the monotonic clock."""
        while self.status is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                pid, status = self.pid, 0
            if pid:
                self.status = status
            elif time.monotonic() > deadline:
                self.send(signal.SIGKILL)
            if not pid:
                time.sleep(_PAUSE_SECONDS)


def _serve_until_end(serve: Serve, asked: int, answered: int, parent: int) -> NoReturn:
    """Answer questions until there are no more; leave nothing of the maker's to be done at the end."""
    code = 1
    try:
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
        if os.getppid() == parent:  # else it died before it could be held to that
            while (question := _read(asked)) is not None:
                _write(answered, serve(question))
        code = 0
    finally:
        os._exit(code)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(_HEAD.pack(len(data)) + data)
    while view:
        view = view[os.write(descriptor, view) :]


def _read(descriptor: int) -> bytes | None:
    head = _exactly(descriptor, _HEAD.size)
    return None if head is None else _exactly(descriptor, _HEAD.unpack(head)[0])


def _exactly(descriptor: int, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        piece = os.read(descriptor, size - len(data))
        if not piece:
            return None
        data += piece
    return data


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"its process was ended by signal {os.WTERMSIG(status)}"
    return f"its process ended with {os.waitstatus_to_exitcode(status)}"
