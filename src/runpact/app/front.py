"""The front of an application: what its command line asks for, and where the answer goes.

Knows: which words ask for what; that a program gets exactly one document on stdout.
Does not know: the commands.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Sequence

from runpact.app.text import error_lines, result_lines
from runpact.host.interruptions import Interruptions
from runpact.host.streams import give_up_stdout, make_writable
from runpact.model.errors import StorageError
from runpact.model.machine.application import GENERAL, REFUSED, SIGNALLED, SIGPIPE, SUCCEEDED, Application
from runpact.model.machine.asked import Asked, Refused, is_identity
from runpact.model.machine.failure import INVALID_REQUEST, Failure, engine_failure, refusal
from runpact.model.machine.health import Declared
from runpact.model.machine.wording import QUESTIONS, SCHEMA, Spoken, understand
from runpact.verbs.machine.carry_out import Invoke, carry_out, hear
from runpact.verbs.machine.speak import answer_on_stdout, occasion_for


class Front:
    """Answers one command line of an application."""

    def __init__(
        self, application: Application, invoke: Invoke, health: Declared, *, program: str, is_own: bool
    ) -> None:
        """Store what is needed.

        Args:
            application: Who answers.
            invoke: Carries out a command.
            health: What `--check` looks at.
            program: How the user calls it.
            is_own: The process is there for this alone, so stdout and signals are not given back.
        """
        self._application = application
        self._invoke = invoke
        self._health = health
        self._program = program
        self._is_own = is_own

    def main(self, words: Sequence[str]) -> int:
        """Do what the words say and return the exit code."""
        make_writable()
        spoken = understand(words, self._application.commands)
        if spoken.is_machine:
            return self._answer(spoken)
        try:
            return self._told(spoken)
        except BrokenPipeError:
            give_up_stdout()
            return SIGNALLED + SIGPIPE
        except OSError as error:
            give_up_stdout()
            failure = engine_failure(StorageError(error.strerror or str(error), at=str(error.filename or "")))
            return _refuse(failure, code=GENERAL)

    def _told(self, spoken: Spoken) -> int:
        """Answer a person in text."""
        if spoken.fault is not None:
            return _refuse(spoken.fault)
        if "help" in spoken.flags or not (spoken.command or spoken.flags):
            return self._help(spoken)
        if "version" in spoken.flags:
            return _print(self._application.version)
        if "check" in spoken.flags:
            return self._check()
        if SCHEMA in spoken.flags:
            return self._schema(spoken.command)
        return self._call(spoken) if spoken.command else self._help(spoken)

    def _help(self, spoken: Spoken) -> int:
        from runpact.model.machine.helping import help_page  # noqa: PLC0415 - only who asks pays for it

        command = self._application.commands.get(spoken.command or "")
        page = help_page(self._application, self._program, command)
        if "help" in spoken.flags:
            return _print(page.rstrip("\n"))
        sys.stderr.write(page)
        return REFUSED

    def _check(self) -> int:
        from runpact.verbs.machine.examine import examine  # noqa: PLC0415 - only who asks pays for it

        health = examine(self._application, self._health, None)
        _print(json.dumps(health.document, indent=2, ensure_ascii=False))
        return health.exit_code

    def _schema(self, command: str | None) -> int:
        from runpact.model.machine.schemas import (  # noqa: PLC0415 - only who asks pays for it
            all_schemas,
            request_schema,
        )

        commands = self._application.commands
        schema = (
            request_schema(self._application, commands[command])
            if command
            else all_schemas(self._application)
        )
        return _print(json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True))

    def _call(self, spoken: Spoken) -> int:
        with Interruptions(is_own=self._is_own) as interruptions:
            occasion = occasion_for(
                self._application,
                self._invoke,
                interruptions,
                signal_file=spoken.values.get("signal-file"),
                is_debug="debug" in spoken.flags,
            )
            answer, _data = carry_out(_spoken_request(spoken), occasion)
            for line in result_lines(answer.result):
                sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
            for line in error_lines(answer.error):
                sys.stderr.write(f"{line}\n")
            interruptions.over(answer.exit_code)
        return answer.exit_code

    def _answer(self, spoken: Spoken) -> int:
        """Answer with one document on stdout; nothing else gets there."""
        return answer_on_stdout(
            self._application,
            self._invoke,
            functools.partial(_asked, spoken),
            signal_file=spoken.values.get("signal-file"),
            is_debug="debug" in spoken.flags,
            is_own=self._is_own,
        )


def _asked(spoken: Spoken, interruptions: Interruptions) -> Asked | Refused:
    """Return what a program asks for, by a payload or by options."""
    payload = spoken.values.get("json-request")
    if spoken.fault is not None:
        return Refused(failure=spoken.fault, request_id=_identity(spoken))
    if payload is None:
        return _spoken_request(spoken)
    if spoken.command is not None or "request-id" in spoken.values or spoken.flags & QUESTIONS:
        said = "a request stands alone: its command, parameters and name are in the payload"
        return Refused(failure=refusal(INVALID_REQUEST, said))
    return hear(payload, interruptions)


def _spoken_request(spoken: Spoken) -> Asked | Refused:
    """Return the request that options make."""
    identity = _identity(spoken)
    if spoken.command is None:
        return Refused(failure=refusal(INVALID_REQUEST, "no command"), request_id=identity)
    if identity is None and "request-id" in spoken.values:
        return Refused(failure=refusal(INVALID_REQUEST, "`--request-id` is not fit"), command=spoken.command)
    return Asked(command=spoken.command, params=spoken.params, request_id=identity, is_text=True)


def _identity(spoken: Spoken) -> str | None:
    said = spoken.values.get("request-id")
    return said if is_identity(said) else None


def _print(text: str) -> int:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    return SUCCEEDED


def _refuse(failure: Failure, *, code: int = REFUSED) -> int:
    for line in error_lines(failure):
        sys.stderr.write(f"{line}\n")
    return code
