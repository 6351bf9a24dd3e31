"""Signals that we receive, passed on to the children that run.

Knows: which signals end, which only tell, what a terminal sends by itself.
Does not know: how a child is started.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

    from runpact.host.fence import Launch

_ENDING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})
_TELLING = frozenset({signal.SIGUSR1, signal.SIGUSR2})
"""Signals with a meaning of the command's own, as a batch system's warning that time is short."""
_FROM_TERMINAL = frozenset({signal.SIGINT, signal.SIGQUIT})


class Relay:
    """Passes the signals we receive on to our children while they run."""

    def __init__(self) -> None:
        """Begin without children and without a signal."""
        self.received: int | None = None
        """The first signal that was to end us."""
        self._children: list[tuple[subprocess.Popen[bytes], Launch]] = []
        self._count = 0
        self._is_at_work = False

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Take signals for the length of the block; inside another such block nothing more is done."""
        if self._is_at_work:
            yield
            return
        before: dict[signal.Signals, object] = {}
        self._is_at_work = True
        try:
            with contextlib.suppress(ValueError):  # only the main thread may take signals
                for number in _ENDING | _TELLING:
                    if (
                        signal.getsignal(number) is not signal.SIG_IGN
                    ):  # `nohup` is to hold for the child as well
                        before[number] = signal.signal(number, self._pass_on)
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)  # type: ignore[arg-type]  # as given by signal.signal
            self._is_at_work = False

    def attach(self, child: subprocess.Popen[bytes], launch: Launch) -> None:
        """Name a child and what started it; a signal that came before it was there reaches it now."""
        self._children = [*self._children, (child, launch)]
        if self.received is not None:
            launch.send(child, self.received)

    def detach(self, child: subprocess.Popen[bytes]) -> None:
        """Forget a child that has ended."""
        self._children = [each for each in self._children if each[0] is not child]

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        del frame
        if number in _TELLING:
            self._send(number)
            return
        self.received = self.received or number
        self._count += 1
        is_told = number in _FROM_TERMINAL and self._count == 1 and _shares_terminal()
        kill_from = 3
        self._send(signal.SIGKILL if self._count >= kill_from else number, is_told=is_told)

    def _send(self, number: int, *, is_told: bool = False) -> None:
        """Send a signal to each child, unless the terminal has sent it already."""
        for child, launch in self._children:
            if child.poll() is None and not (is_told and launch.isolated is None):
                with contextlib.suppress(ProcessLookupError):
                    launch.send(child, number)


def _shares_terminal() -> bool:
    """Whether a Ctrl-C of the terminal reaches the child by itself."""
    with contextlib.suppress(OSError):
        return os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()
    return False
