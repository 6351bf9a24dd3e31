"""The program of a stage: `with runpact.stage() as st:`.

Knows: which end of a block is which exit code.
Does not know: what stands in a stage.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar, overload

from runpact.model.errors import CannotStartError, RunpactError
from runpact.model.finding import Report, Verdict
from runpact.verbs.life.active import describe
from runpact.verbs.pipeline.stage import ActiveStage, StageEndError, told_in

_Result = TypeVar("_Result")
_CLOSED = frozenset({Verdict.INCOMPLETE, Verdict.ERROR})


@overload
def stage() -> PendingStage: ...
@overload
def stage(function: Callable[[ActiveStage], _Result], /) -> Callable[[], _Result]: ...


def stage(
    function: Callable[[ActiveStage], _Result] | None = None, /
) -> PendingStage | Callable[[], _Result]:
    """Be the program of a stage: `with runpact.stage() as st:`, or `@runpact.stage` on a function of `st`.

    What the stage reads is validated before the block, what it writes after it. However the block ends, what
    the stage says of itself is written, and the process ends with the exit code of the contract: 0 OK,
    1 WARNING, 2 INCOMPLETE, 3 ERROR. After an OK the program goes on behind the block.
    """
    if function is None:
        return PendingStage()
    return _decorated(function)


def _decorated(function: Callable[[ActiveStage], _Result]) -> Callable[[], _Result]:
    @functools.wraps(function)
    def wrapped() -> _Result:
        with PendingStage() as active:
            return function(active)

    return wrapped


class PendingStage:
    """A stage about to begin; a context manager."""

    def __init__(self) -> None:
        """Begin with nothing: the stage is found when the block is entered."""
        self._active: ActiveStage | None = None

    def __enter__(self) -> ActiveStage:
        """Find the stage that this process is the program of, and validate what it reads.

        Raises:
            StageEndError: An input may not be read; the stage ends with INCOMPLETE. Or a person started the
                program: the attempt was made by a child of it and has ended, or could not be made.
        """
        told = told_in(os.environ)
        if told is None:
            raise StageEndError(_by_hand())
        active = ActiveStage.open(told)
        found = active.validate_inputs()
        active.said.take(found, is_input=True)
        if Report(found).verdict in _CLOSED:
            _say(active)
            active.claim()
            raise StageEndError(Verdict.INCOMPLETE.exit_code)
        self._active = active
        return active

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Validate what the stage wrote, write its claim, end the process unless all is OK.

        Raises:
            StageEndError: The stage did not end with OK.
        """
        active, self._active = self._active, None
        if active is None:
            return
        is_done = error is None or (type(error) is SystemExit and error.code in {None, 0})
        if is_done:
            active.said.take(active.validate_outputs())
        elif error is not None and not isinstance(error, StageEndError):
            active.said.fail(_verdict_of(error), describe(error))
        status = active.claim()
        if isinstance(error, KeyboardInterrupt):
            return
        if isinstance(error, Exception) and kind is not None:
            if isinstance(error, RunpactError):
                _cut_at_ours(trace)
            sys.excepthook(kind, error, trace)
        elif status is not Verdict.OK:
            _say(active)
        if status is not Verdict.OK:
            raise StageEndError(status.exit_code)


def _by_hand() -> int:
    """Be the orchestrator of the one stage whose program a person started; return the exit code."""
    from runpact.api.byhand import asks_for_help, error_lines, help_lines, run_by_hand  # noqa: PLC0415 - not needed in a pipeline

    program, options = sys.argv[0], sys.argv[1:]
    if asks_for_help(options):
        sys.stdout.writelines(f"{line}\n" for line in help_lines(program))
        return 0
    try:
        code, lines = run_by_hand(program, options, sys.orig_argv)
    except RunpactError as error:
        code, lines = error.exit_code, error_lines(error)
    sys.stderr.writelines(f"{line}\n" for line in lines)
    return code


def _cut_at_ours(trace: TracebackType | None) -> None:
    """Cut a traceback where the program calls us: our own lines tell it nothing that the message does not."""
    while trace is not None:
        below = trace.tb_next
        if below is not None and below.tb_frame.f_globals.get("__name__", "").partition(".")[0] == "runpact":
            trace.tb_next = None
        trace = trace.tb_next


def _verdict_of(error: BaseException) -> Verdict:
    """Return the verdict that an exception stands for; a program's own exit codes are not the contract's."""
    return Verdict.INCOMPLETE if isinstance(error, CannotStartError) else Verdict.ERROR


def _say(active: ActiveStage) -> None:
    """Tell on stderr, which is the stage's log, why it does not end with OK."""
    for line in (*active.said.errors, *active.said.warnings):
        sys.stderr.write(f"runpact: {line}\n")
