"""Progress of a sweep: on a terminal one line that is written over, elsewhere nothing.

Knows: what is worth telling while trials run.
Does not know: how they are run.
"""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from runpact.cli.output import paint

if TYPE_CHECKING:
    from runpact.model.sweep.objective import Objective
    from runpact.verbs.sweep.conduct import TrialNews

_CLEAR = "\r\x1b[K"
_REST_SECONDS = 0.1


class SweepLive:
    """Tells on stderr how far a sweep is; a context manager."""

    def __init__(self, *, is_shown: bool) -> None:
        """Store whether anything is told."""
        self._is_alive = is_shown and sys.stderr.isatty()
        self._turn = threading.Lock()
        self._count, self._objective = 0, None  # type: tuple[int, Objective | None]
        self._done = self._failed = self._running = 0
        self._best: float | None = None
        self._told = 0.0

    def __enter__(self) -> Self:
        """Begin to tell."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line away."""
        if self._is_alive:
            self._write(_CLEAR)

    def expect(self, count: int, objective: Objective) -> None:
        """Hear how many trials there will be, and what they are after."""
        self._count, self._objective = count, objective

    def tell(self, news: TrialNews) -> None:
        """Tell that something happened to a trial."""
        with self._turn:
            self._running += {"began": 1, "ended": -1}.get(news.moment, 0)
            end = news.end
            if end is not None:
                self._done += 1
                self._failed += end.is_failed
                value = end.objective
                if value is not None and end.is_done and self._objective is not None:
                    key = self._objective.key
                    self._best = value if self._best is None else min(self._best, value, key=key)
            now = time.monotonic()
            if self._is_alive and now - self._told > _REST_SECONDS:
                self._told = now
                self._write(_CLEAR + self._line())

    def _line(self) -> str:
        best = "" if self._best is None else f", best {self._best:.6g}"
        failed = paint(f", {self._failed} failed", "red", stream=sys.stderr) if self._failed else ""
        return f"{self._done} of {self._count} trials, {self._running} running{failed}{best}"

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
