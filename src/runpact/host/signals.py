"""Signals that end a process, as exceptions.

Knows: how SIGTERM and SIGHUP become an exception that unwinds the stack like Ctrl-C does.
Does not know: what is cleaned up on the way.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_SIGNALLED = 128
_ENDING = (signal.SIGTERM, signal.SIGHUP)


class Terminated(SystemExit):
    """The process was asked to end; it unwinds and exits with 128 + the signal's number."""

    def __init__(self, number: int) -> None:
        """Store the number of the signal."""
        super().__init__(_SIGNALLED + number)
        self.number = number


@contextlib.contextmanager
def raising_on_termination() -> Iterator[None]:
    """Raise `Terminated` on SIGTERM and SIGHUP inside the block.

    Does nothing outside the main thread, and leaves handlers alone that somebody installed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _raise)
    try:
        yield
    finally:
        for number in taken:
            if signal.getsignal(number) is _raise:
                signal.signal(number, signal.SIG_DFL)


def raise_again(number: int) -> None:
    """Raise what a signal raises here, for one that was passed on to a child.

    Raises:
        KeyboardInterrupt: It was Ctrl-C.
        Terminated: It was another one.
    """
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise Terminated(number)


@contextlib.contextmanager
def putting_off_the_end() -> Iterator[None]:
    """Heed Ctrl-C and requests to end only when the block is done; a second one is heeded at once.

    Does nothing outside the main thread; a signal that is ignored, or ends the process at once, stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *_ENDING)}
    heeded = {number: handler for number, handler in before.items() if callable(handler)}
    come: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if come:
            heeded[signal.Signals(number)](number, frame)
        come.append(number)

    for number in heeded:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in heeded.items():
            signal.signal(number, handler)
        if come:
            heeded[signal.Signals(come[0])](come[0], None)


def _raise(number: int, frame: FrameType | None) -> None:
    del frame
    raise Terminated(number)
