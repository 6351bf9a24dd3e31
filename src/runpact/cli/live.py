"""Progress of a pipeline as it happens: a line for each stage, and on a terminal what runs now.

Knows: when a line is final and when it is written over.
Does not know: how a stage is run.
"""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from runpact.cli.output import VERDICT_COLOUR, paint
from runpact.model.finding import Verdict

if TYPE_CHECKING:
    from runpact.workspace.pipelines import Progress

_TICK_SECONDS = 0.5
_CLEAR = "\r\x1b[K"


class Live:
    """Tells on stderr what happens; a context manager."""

    def __init__(self, *, is_shown: bool) -> None:
        """Store whether anything is told; on a terminal the last line tells what runs now."""
        self._is_shown = is_shown
        self._is_alive = is_shown and sys.stderr.isatty()
        self._running: dict[str, float] = {}
        self._turn = threading.Lock()
        self._end = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        """Begin to tell."""
        if self._is_alive:
            self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the last line away."""
        self._end.set()
        if self._is_alive:
            self._ticker.join()
            self._write(_CLEAR)

    def tell(self, progress: Progress) -> None:
        """Tell that something happened to a stage."""
        with self._turn:
            if progress.moment == "began":
                self._running[progress.name] = time.monotonic()
            else:
                self._running.pop(progress.name, None)
            if self._is_shown:
                self._write((_CLEAR if self._is_alive else "") + _line(progress) + "\n")

    def _tick(self) -> None:
        while not self._end.wait(_TICK_SECONDS):
            with self._turn:
                now = time.monotonic()
                told = [f"{name} {now - began:.0f} s" for name, began in self._running.items()]
                self._write(_CLEAR + ", ".join(told))

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def _line(progress: Progress) -> str:
    if progress.moment == "began":
        return f"{progress.name}  runs: {progress.why}"
    if progress.moment == "skipped" or progress.result is None:
        ended = progress.result.status if progress.result is not None else Verdict.OK
        more = f" with {paint(ended.value, VERDICT_COLOUR[ended], stream=sys.stderr)}" * (
            ended is not Verdict.OK
        )
        return f"{progress.name}  {progress.moment}: {progress.why}{more}"
    status = progress.result.status
    word = paint(status.value, VERDICT_COLOUR[status], stream=sys.stderr)
    return f"{progress.name}  {word} in {progress.result.measured.duration_seconds:.1f} s"
