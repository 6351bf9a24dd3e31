"""Signal that a request began, and how it ended: best effort.

Knows: that a beginning has exactly one end, and that a signal which cannot be written changes nothing.
Does not know: what the request is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import msgspec

from runpact.disk.surroundings import CommonLog
from runpact.host import clock
from runpact.model.errors import RunpactError
from runpact.model.machine.answer import Answer
from runpact.model.machine.application import SUCCEEDED
from runpact.model.machine.signals import (
    COMPLETED,
    FAILED,
    NO_MODE,
    STARTED,
    Moment,
    completed_fields,
    failed_fields,
    signal_line,
)


class Signals:
    """The lifecycle signals of one request."""

    def __init__(self, path: str | None, warn: Callable[[str], None]) -> None:
        """Store where they go.

        Args:
            path: File that lines are appended to; None for none.
            warn: Told once, when a line cannot be written.
        """
        self._warn: Callable[[str], None] | None = warn
        fixed = self._fixed(path) if path else None
        self._log = CommonLog(fixed, what="signal") if fixed else None
        self._moment = Moment(mode=NO_MODE, request_id=None, invocation=clock.new_uid())
        self._more: dict[str, object] = {}
        self._why = "", ""
        self._is_over = False
        self._process = os.getpid()

    def put(self, /, **fields: object) -> None:
        """Add fields to the line that tells of the end."""
        self._more.update(fields)

    def name(self, facts: Mapping[str, object]) -> None:
        """Have the line of the end name a run; what the command put there itself, and its result, stay."""
        self._more = {**completed_fields(facts), **self._more}

    def failed(self, word: str, reason: str) -> None:
        """Hear of what sort an answer is that is no success, and why."""
        self._why = word, " ".join(reason.split())

    def begin(self, mode: str, request_id: str | None) -> None:
        """Say that a request is being carried out."""
        self._moment = msgspec.structs.replace(self._moment, mode=mode, request_id=request_id)
        self._write(STARTED)

    def end(self, answer: Answer) -> None:
        """Say how it ended; only the first time counts."""
        if self._is_over:
            return
        self._is_over = True
        if self._moment.request_id is None:
            self._moment = msgspec.structs.replace(self._moment, request_id=answer.request_id)
        fields = self._more | completed_fields(answer.result)
        if answer.exit_code == SUCCEEDED:
            self._write(COMPLETED, **fields)
        else:
            self._write(FAILED, **(fields | failed_fields(answer, *self._why)))
        if self._log is not None:
            self._log.close()

    def _write(self, event: str, /, **fields: object) -> None:
        if self._log is None or os.getpid() != self._process:  # a forked child has nothing to say
            return
        try:
            line = signal_line(event, self._moment, clock.now(), **fields)
            self._log.append(line)
        except (RunpactError, TypeError, ValueError, RecursionError, OverflowError) as error:
            self._told(error)

    def _told(self, error: Exception) -> None:
        """Say once that signals are not written."""
        if self._warn is not None:
            warn, self._warn = self._warn, None
            warn(f"no signal written: {' '.join(str(error).split())}")

    def _fixed(self, path: str) -> str | None:
        """Return a path that stays the same wherever the command goes; None where that cannot be told."""
        try:
            return os.path.realpath(path)
        except (OSError, ValueError) as error:
            self._told(error)
            return None
