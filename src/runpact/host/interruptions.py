"""Signals that end the process, let in only while a command runs.

Knows: handlers; that a command is unwound by an exception, and an answer is never cut in two.
Does not know: what the command does.
"""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self, TypeVar

from runpact.host.signals import Terminated

T = TypeVar("T")

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SIGNALLED = 128
_PATIENCE_SECONDS = 0.5
_UNWINDING_SECONDS = 5.0
"""After a signal, how long no other one disturbs a command that unwinds."""


class Interruptions:
    """Notes SIGINT, SIGTERM and SIGHUP; raises them inside `run` alone.

    Outside the main thread it changes nothing.
    """

    def __init__(self, *, is_own: bool = False) -> None:
        """Store whether the process is there for the command alone, so that signals are not given back."""
        self._is_own = is_own
        self.number: int | None = None
        """The first signal that came."""
        self._is_inside = False
        self._deaf_until = 0.0
        self._code: int | None = None
        self._asked_at: float | None = None
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        """Take the signals over; one that was ignored, as by `nohup`, stays so."""
        if threading.current_thread() is threading.main_thread():
            for number in _ENDING:
                before = signal.getsignal(number)
                if before is not signal.SIG_IGN:
                    self._before[number] = before
                    signal.signal(number, self._come)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # as given by signal.getsignal
        self._before.clear()

    def run(self, command: Callable[[], T]) -> T:
        """Run a command; a signal unwinds it by `KeyboardInterrupt` or `Terminated`.

        Raises:
            Terminated: A signal came before it began.
        """
        try:
            self._is_inside = True
            if self.number is not None:
                raise Terminated(self.number)
            return command()
        finally:
            self._is_inside = False

    def over(self, code: int) -> None:
        """Have a signal that comes from now on end this process with the exit code that was answered.

        While the interpreter is taken down it would give the signals back, so from then on they are ignored.
        """
        if not self._is_own:
            return
        self._code = code
        for number in self._before:
            atexit.register(signal.signal, number, signal.SIG_IGN)
        self._before.clear()

    def _insist(self, number: int, now: float) -> None:
        """End the process that is asked again while it answers, as where nobody reads the answer."""
        if self._asked_at is None:
            self._asked_at = now
        elif now - self._asked_at > _PATIENCE_SECONDS:
            os._exit(_SIGNALLED + number)

    def _come(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self._code is not None:
            os._exit(self._code)
        if self.number is None:
            self.number = number
        now = time.monotonic()
        if not self._is_inside and self._is_own:
            self._insist(number, now)
        if self._is_inside and now >= self._deaf_until:
            self._deaf_until = now + _UNWINDING_SECONDS
            if number == signal.SIGINT:
                raise KeyboardInterrupt
            raise Terminated(number)
