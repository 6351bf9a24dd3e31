"""A progress bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

_QUIET_SECONDS = 10.0
_WIDTH = 32


class ProgressBar:
    """Shows how far a long piece of work is."""

    def __init__(
        self,
        total: int,
        what: str,
        stream: TextIO = sys.stderr,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Store what is counted; nothing is shown yet."""
        self._total, self._what, self._stream, self._clock = total, what, stream, clock
        self._is_terminal = stream.isatty()
        self._shown = clock()

    def show(self, done: int, remark: str) -> None:
        """Show the state, not more often than useful."""
        now = self._clock()
        is_last = done == self._total
        if now - self._shown < (0.1 if self._is_terminal else _QUIET_SECONDS) and not is_last:
            return
        self._shown = now
        if self._is_terminal:
            full = _WIDTH * done // self._total
            bar = "█" * full + "░" * (_WIDTH - full)
            self._stream.write(
                f"\r{self._what} {bar} {done}/{self._total} {remark}" + ("\n" if is_last else "")
            )
        else:
            self._stream.write(f"{self._what} {done}/{self._total} {remark}\n")
        self._stream.flush()
