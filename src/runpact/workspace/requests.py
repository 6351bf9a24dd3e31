"""Requests to runpact itself: the front of `runpact request`.

Knows: who answers, and with which exit codes.
Does not know: the commands, how a document becomes an answer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from runpact.model.errors import RunpactError, StorageError
from runpact.model.machine.application import SIGNALLED, Application, Command
from runpact.model.machine.asked import Refused
from runpact.model.machine.failure import INVALID_PARAMS, INVALID_REQUEST, refusal
from runpact.verbs.machine.carry_out import Call, hear
from runpact.verbs.machine.outcome import Outcome, interrupted
from runpact.verbs.machine.speak import answer_on_stdout
from runpact.version import VERSION

_USAGE, _BROKEN = 64, 3

Carry = Callable[[Command, object], tuple[int, object]]
"""Carries out a command; returns the exit code, and the document that it printed."""


class NotUnderstoodError(Exception):
    """A command did not understand its parameters, though each of them was fit."""


class StoppedError(Exception):
    """A command was stopped by a signal."""


def engine(commands: Mapping[str, Command]) -> Application:
    """Return runpact as an application with these commands."""
    return Application(
        name="runpact",
        version=VERSION,
        summary="Runs under contract.",
        commands=commands,
        broken=_BROKEN,
        refused=_USAGE,
        is_engine=True,
    )


def answer_payloads(
    application: Application,
    carry: Carry,
    payloads: tuple[str, ...],
    *,
    signal_file: str | None,
    is_debug: bool,
    is_own: bool,
) -> int:
    """Answer the one request among some words with one document on stdout; return the exit code.

    Args:
        application: Who answers.
        carry: Carries out a command.
        payloads: JSON, `-`, or `@` and the name of a file; anything but one of them is refused.
        signal_file: Where lifecycle signals go.
        is_debug: Show on stderr where an error was raised.
        is_own: The process is there for this alone, so stdout and signals are not given back.
    """
    said = f"{len(payloads)} payloads; one request at a time" if payloads else "no payload"
    unfit = Refused(failure=refusal(INVALID_REQUEST, said, expected="JSON, `-`, or `@FILE`"))
    return answer_on_stdout(
        application,
        functools.partial(_carried, carry),
        functools.partial(hear, payloads[0]) if len(payloads) == 1 else lambda _interruptions: unfit,
        signal_file=signal_file,
        is_debug=is_debug,
        is_own=is_own,
    )


def _carried(carry: Carry, command: Command, params: object, call: Call) -> Outcome:
    del call
    try:
        code, document = carry(command, params)
    except NotUnderstoodError as error:
        return Outcome(exit_code=_USAGE, error=refusal(INVALID_PARAMS, str(error)))
    except StoppedError:
        raise KeyboardInterrupt from None
    except RunpactError:
        raise
    except OSError as error:
        raise StorageError(f"{error.strerror or error}", at=str(error.filename or "")) from error
    stopped = interrupted(code - SIGNALLED).error if code > SIGNALLED else None
    return Outcome(exit_code=code, result=document, error=stopped)
