"""Answer one request on stdout, and nothing else there.

Knows: the order: divert what is printed, hear the request, carry it out, write the answer.
Does not know: who asks, what is asked.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable

from runpact.host.diversion import Diversion
from runpact.host.interruptions import Interruptions
from runpact.model.errors import StorageError
from runpact.model.machine.answer import Answer
from runpact.model.machine.application import SIGNALLED, SIGPIPE, Application
from runpact.model.machine.asked import Asked, Refused
from runpact.verbs.machine.carry_out import Invoke, Occasion, carry_out
from runpact.verbs.machine.lifecycle import Signals
from runpact.verbs.machine.outcome import engine_code


def answer_on_stdout(
    application: Application,
    invoke: Invoke,
    ask: Callable[[Interruptions], Asked | Refused],
    *,
    signal_file: str | None,
    is_debug: bool,
    is_own: bool,
) -> int:
    """Answer one request with one document on stdout; return the exit code.

    Args:
        application: Who answers.
        invoke: Carries out a command.
        ask: Gives the request.
        signal_file: Where lifecycle signals go.
        is_debug: Show on stderr where an error was raised.
        is_own: The process is there for this alone, so stdout and signals are not given back.
    """
    diversion = Diversion(is_own=is_own)
    with Interruptions(is_own=is_own) as interruptions:
        diversion.begin()
        occasion = occasion_for(
            application, invoke, interruptions, signal_file=signal_file, is_debug=is_debug
        )
        try:
            answer, data = carry_out(ask(interruptions), occasion)
            lost = diversion.answer(data)
            code = answer.exit_code if lost is None else _undelivered(answer, lost, application)
            interruptions.over(code)
            return code
        finally:
            diversion.end()


def _undelivered(answer: Answer, lost: OSError, application: Application) -> int:
    """Say why nobody got an answer, unless the reader has left; return the exit code, which is no success."""
    if isinstance(lost, BrokenPipeError):
        return answer.exit_code or SIGNALLED + SIGPIPE
    error = StorageError(f"the answer cannot be written: {lost.strerror or lost}")
    with contextlib.suppress(OSError):
        sys.stderr.write(f"error[{error.code}]: {error.message}\n")
        sys.stderr.flush()
    return answer.exit_code or engine_code(error, application)


def occasion_for(
    application: Application,
    invoke: Invoke,
    interruptions: Interruptions,
    *,
    signal_file: str | None,
    is_debug: bool,
) -> Occasion:
    """Return what carrying out a request needs; `answer_on_stdout` has the arguments."""
    return Occasion(
        application=application,
        invoke=invoke,
        interruptions=interruptions,
        signals=Signals(signal_file, _warn),
        is_debug=is_debug,
    )


def _warn(text: str) -> None:
    sys.stderr.write(f"warning: {text}\n")
    sys.stderr.flush()
