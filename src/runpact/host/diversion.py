"""Keep stdout for one answer: whatever else is printed goes to stderr.

Knows: the file descriptor, so that output of C libraries and of child processes is diverted as well, and
Python's own stream.
Does not know: what is answered.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sys
from typing import TextIO

_OUT, _ERROR = 1, 2
_FIRST_FREE = 3


class Diversion:
    """Diverts stdout to stderr from `begin` on, and writes the answer where stdout led before."""

    def __init__(self, *, is_own: bool = False) -> None:
        """Store whether the process is there for the answer alone, so that stdout is not given back."""
        self._is_own = is_own
        self._kept = -1
        self._process = os.getpid()
        self._stream: TextIO | None = None
        self._is_lost = False
        """Stdout was closed when the process began: what stands at its number since then is nobody's."""
        self.is_begun = False

    def begin(self) -> None:
        """Divert; where stderr is closed, what is printed goes nowhere."""
        self._is_lost = sys.__stdout__ is None
        _occupy()
        _flush()
        self._kept = fcntl.fcntl(_OUT, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE)
        os.dup2(_ERROR, _OUT)
        self._stream, sys.stdout = sys.stdout, sys.stderr
        self.is_begun = True

    def answer(self, data: bytes) -> OSError | None:
        """Write the answer to the stdout of before; return why nobody can read it, if so.

        A forked child that fell out of the command writes nothing: the answer is its parent's.
        """
        if os.getpid() != self._process:
            return None
        if self._is_lost:
            return OSError(errno.EBADF, "stdout is closed")
        view = memoryview(data)
        try:
            while view:
                view = view[_written(self._kept, view) :]
        except OSError as error:
            return error
        return None

    def end(self) -> None:
        """Let stdout lead where it led before, unless the process ends now."""
        if self.is_begun and not self._is_own:
            _flush()
            sys.stdout = self._stream
            os.dup2(self._kept, _OUT)
            os.close(self._kept)
            self.is_begun = False


def _written(descriptor: int, view: memoryview) -> int:
    """Write a piece; wait for a reader where the descriptor does not."""
    try:
        return os.write(descriptor, view)
    except BlockingIOError:
        import select  # noqa: PLC0415 - only a stdout that somebody made non-blocking needs it

        select.select([], [descriptor], [])
        return 0


def _occupy() -> None:
    """Open what stdin, stdout and stderr are missing, so that no file of the program gets their numbers."""
    for number in (0, _OUT, _ERROR):
        try:
            os.fstat(number)
        except OSError as error:
            if error.errno == errno.EBADF:
                os.open(os.devnull, os.O_RDWR)


def _flush() -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
