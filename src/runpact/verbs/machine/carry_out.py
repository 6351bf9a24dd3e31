"""Carry out one request and say what came of it.

Knows: the order: understand, signal the beginning, judge the parameters, run, answer, signal the end.
Does not know: where the request came from, where the answer goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from runpact.host.interruptions import Interruptions
from runpact.model.errors import UsageError
from runpact.model.machine.answer import Answer, answer_to, encode_answer
from runpact.model.machine.application import SUCCEEDED, Application, Command
from runpact.model.machine.asked import Asked, Refused
from runpact.model.machine.failure import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    MOST_FAULTS,
    UNKNOWN_COMMAND,
    Failure,
    nearest,
    refusal,
)
from runpact.verbs.life.asked import asking
from runpact.verbs.machine.lifecycle import Signals
from runpact.verbs.machine.outcome import CommandError, Outcome, interrupted, outcome_of, tell_traceback
from runpact.verbs.machine.read import read_request

if TYPE_CHECKING:
    from runpact.verbs.life.opened import OpenRun


class Call:
    """One call of a command: who asked, and how to tell what came of it."""

    def __init__(
        self, command: str, request_id: str | None, signals: Signals, errors: Mapping[str, int]
    ) -> None:
        """Store what is known of the call.

        Args:
            command: As it was asked for; also the mode that signals tell.
            request_id: The asker's own name for the request; None without one.
            signals: Its lifecycle signals.
            errors: Exit code by sort of error, as the application declared them.
        """
        self._errors = errors
        self.command = command
        self.mode = command
        self.request_id = request_id
        self.signals = signals

    def error(
        self, word: str, message: str, *, at: str = "", expected: str = "", got: str = "", hint: str = ""
    ) -> CommandError:
        """Return an error to raise, of a sort that the application declared: see `CommandError`."""
        return CommandError(word, message, at=at, expected=expected, got=got, hint=hint)

    def failure(self, word: str, result: object, *, reason: str = "") -> Outcome:
        """Return an answer that is no success, with a result to read: what a gate says that stays closed.

        Args:
            word: Sort of error whose exit code it has, one of the application's `errors`.
            result: What the command found.
            reason: Why it is no success, in one line, for the signal; by default the `reason` in the result.

        Raises:
            UsageError: No such sort of error is declared.
        """
        if word not in self._errors:
            expected = " or ".join(f"`{each}`" for each in self._errors)
            raise UsageError(f"`{word}` is no declared sort of error", expected=expected, got=word)
        self.signals.failed(word, reason)
        return Outcome(exit_code=self._errors[word], result=result)


Invoke = Callable[[Command, object, Call], object]
"""Carries out a command with its parameters; returns an `Outcome`, or the result."""


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """What carrying out a request needs besides the request."""

    application: Application
    invoke: Invoke
    interruptions: Interruptions
    signals: Signals
    is_debug: bool = False
    """Show on stderr where an error was raised."""


def hear(payload: str, interruptions: Interruptions) -> Asked | Refused:
    """Return the request of a payload; a signal while it is waited for ends the waiting."""
    try:
        return interruptions.run(lambda: read_request(payload))
    except BaseException as error:  # noqa: BLE001 - whatever happens, there is one answer
        if interruptions.number is not None:
            failure = interrupted(interruptions.number, error).error
        else:
            message = f"the request cannot be read: {type(error).__name__}"
            failure = refusal(INVALID_REQUEST, message)
        return Refused(failure=failure or refusal(INVALID_REQUEST, "not read"))


def carry_out(asked: Asked | Refused, occasion: Occasion) -> tuple[Answer, bytes]:
    """Carry out a request; return the answer, and the same as one line of JSON."""
    outcome = _outcome(asked, occasion)
    answer = answer_to(
        asked, occasion.application, outcome.exit_code, result=outcome.result, error=outcome.error
    )
    data, told = encode_answer(
        answer, broken=occasion.application.broken, instead=lambda: _facts_of(outcome.run) or None
    )
    occasion.signals.end(told)
    return told, data


def _outcome(asked: Asked | Refused, occasion: Occasion) -> Outcome:
    if isinstance(asked, Refused):
        number = occasion.interruptions.number
        return (
            Outcome(exit_code=occasion.application.refused, error=asked.failure)
            if number is None
            else interrupted(number)
        )
    occasion.signals.begin(asked.command, asked.request_id)
    command = occasion.application.commands.get(asked.command)
    if command is None:
        return Outcome(
            exit_code=occasion.application.refused, error=_unknown(asked.command, occasion.application)
        )
    try:
        params, faults = command.form.judge(asked.params, is_text=asked.is_text)
    except Exception as error:  # noqa: BLE001 - code of the program's own type; whatever it does, there is one answer
        return _ended_by(error, occasion)
    if faults:
        count = len(faults) if len(faults) <= MOST_FAULTS else f"more than {MOST_FAULTS}"
        said = f"{count} faults in the parameters" if len(faults) > 1 else faults[0].message
        return Outcome(exit_code=occasion.application.refused, error=refusal(INVALID_PARAMS, said, *faults))
    return _performed(command, params, asked, occasion)


def _performed(command: Command, params: object, asked: Asked, occasion: Occasion) -> Outcome:
    from runpact.model.provenance import AskedBy  # noqa: PLC0415 - what is refused needs no records

    call = Call(asked.command, asked.request_id, occasion.signals, occasion.application.errors)
    with asking(AskedBy(id=asked.request_id, command=asked.command)) as here:
        try:
            result = occasion.interruptions.run(lambda: occasion.invoke(command, params, call))
            outcome = result if isinstance(result, Outcome) else Outcome(exit_code=SUCCEEDED, result=result)
        except BaseException as error:  # noqa: BLE001 - whatever a command does, there is one answer
            outcome = _ended_by(error, occasion)
    return msgspec.structs.replace(_naming(here.run, outcome, occasion), run=here.run)


def _naming(run: OpenRun | None, outcome: Outcome, occasion: Occasion) -> Outcome:
    """Return an outcome that names the run that the request made, where the command said nothing of it.

    A command of runpact has a document of its own, so only its signal names the run.
    """
    if run is None or (outcome.exit_code == SUCCEEDED and not occasion.application.is_engine):
        return outcome
    facts = _facts_of(run)
    occasion.signals.name(facts)
    if occasion.application.is_engine or outcome.error is None or outcome.result is not None:
        return outcome
    return msgspec.structs.replace(outcome, result=facts)


def _facts_of(run: OpenRun | None) -> dict[str, object]:
    """Return what an answer says of a run; nothing without one."""
    if run is None:
        return {}
    from runpact.verbs.machine.tell_run import facts_of  # noqa: PLC0415 - what made no run needs none

    return facts_of(run)


def _ended_by(error: BaseException, occasion: Occasion) -> Outcome:
    if occasion.is_debug:
        tell_traceback(error)
    return outcome_of(error, occasion.application, occasion.interruptions.number)


def _unknown(name: str, application: Application) -> Failure:
    return refusal(
        UNKNOWN_COMMAND,
        f"no command `{name[:80]}`",
        expected=" or ".join(f"`{each}`" for each in application.commands) or "none",
        got=name[:80],
        hint=f"did you mean `{near}`?" if (near := nearest(name, application.commands)) else "",
    )
