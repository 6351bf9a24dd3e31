"""What came of a command, as a result or as an error with its exit code.

Knows: what each exception of a command means to the one who asked.
Does not know: the command.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from runpact.host.signals import Terminated
from runpact.model.errors import RunpactError
from runpact.model.machine.application import GENERAL, REFUSED, SIGNALLED, SUCCEEDED, Application
from runpact.model.machine.failure import (
    COMMAND_FAILED,
    INTERNAL_ERROR,
    INTERRUPTED,
    Failure,
    engine_failure,
)

if TYPE_CHECKING:
    from runpact.verbs.life.opened import OpenRun

_INTERRUPT = 2
_LONGEST = 500


class CommandError(RunpactError):
    """Ends a command of an application with one of the sorts of errors that it declared."""

    code = "command"
    exit_code = GENERAL

    def __init__(
        self, word: str, message: str, *, at: str = "", expected: str = "", got: str = "", hint: str = ""
    ) -> None:
        """Store what went wrong.

        Args:
            word: Sort of error, one of the application's `errors`; its code is this word and `_error`.
            message: What is wrong, in one line.
            at: Where: a file, a place in it.
            expected: What was expected there.
            got: What was found.
            hint: What to do next.
        """
        super().__init__(message, at=at, expected=expected, got=got, hint=hint)
        self.word = word


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a command."""

    exit_code: int
    result: object = None
    error: Failure | None = None
    run: OpenRun | None = None
    """The run that the request made last; None without one."""


def outcome_of(error: BaseException, application: Application, number: int | None) -> Outcome:
    """Return what an exception of a command means.

    Args:
        error: What ended the command.
        application: Whose command it is.
        number: Of the signal that came meanwhile.
    """
    if isinstance(error, Terminated | KeyboardInterrupt):
        own = error.number if isinstance(error, Terminated) else _INTERRUPT
        return interrupted(number or own, error)
    if isinstance(error, SystemExit):
        return _exited(error.code, application)
    if isinstance(error, CommandError):
        return _declared(error, application)
    if isinstance(error, RunpactError):
        failure = engine_failure(error, application.errors)
        return Outcome(exit_code=engine_code(error, application), error=failure)
    if number is not None and not isinstance(error, Exception):
        return interrupted(number, error)  # what a library in Rust makes of the signal's own exception
    message = f"a fault in the command: {_told(error)}"
    hint = "run it again with --debug to see where"
    failure = Failure(code=INTERNAL_ERROR, type=type(error).__name__, message=message, hint=hint)
    return Outcome(exit_code=application.broken, error=failure)


def interrupted(number: int, error: BaseException | None = None) -> Outcome:
    """Return what the signal of that number makes of a command."""
    kind = type(error).__name__ if error is not None else Terminated.__name__
    failure = Failure(code=INTERRUPTED, type=kind, message=f"stopped by signal {number}")
    return Outcome(exit_code=SIGNALLED + number, error=failure)


def engine_code(error: RunpactError, application: Application) -> int:
    """Return the exit code of an error of runpact: its own, or what the application declares for its sort."""
    if application.is_engine:
        return error.exit_code
    return application.errors.get(error.code.replace("-", "_"), GENERAL)


def _declared(error: CommandError, application: Application) -> Outcome:
    failure = engine_failure(error)
    if error.word in application.errors:
        declared = msgspec.structs.replace(failure, code=f"{error.word.replace('-', '_')}_error")
        return Outcome(exit_code=application.errors[error.word], error=declared)
    undeclared = msgspec.structs.replace(
        failure,
        code=INTERNAL_ERROR,
        message=f"`{error.word}` is no declared sort of error: {error.message}",
        expected=" or ".join(f"`{word}`" for word in application.errors) or "none",
        got=str(error.word),
    )
    return Outcome(exit_code=application.broken, error=undeclared)


def _exited(code: object, application: Application) -> Outcome:
    """Return what `sys.exit` in a command means; a code that the application does not know becomes 1."""
    if code is None or code == SUCCEEDED:
        return Outcome(exit_code=SUCCEEDED)
    if not isinstance(code, int):
        failure = Failure(code=COMMAND_FAILED, type=SystemExit.__name__, message=_one_line(str(code)))
        return Outcome(exit_code=GENERAL, error=failure)
    said = f"the command ended the process with {code}"
    failure = Failure(code=COMMAND_FAILED, type=SystemExit.__name__, message=said, got=str(code))
    known = {REFUSED, *application.errors.values()}
    return Outcome(exit_code=code if code in known else GENERAL, error=failure)


def _told(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - code of the program's; whatever it does, there is an answer
        text = "its message cannot be told"
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return _one_line(said)


def _one_line(text: str) -> str:
    return " ".join(text.split()).encode("utf-8", "backslashreplace").decode()[:_LONGEST]


def tell_traceback(error: BaseException) -> None:
    """Show on stderr where an error was raised."""
    import traceback  # noqa: PLC0415 - only who debugs pays for it

    traceback.print_exception(error, file=sys.stderr)
