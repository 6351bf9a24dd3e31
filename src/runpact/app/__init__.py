"""Give a project the machine interface: declare its commands, and programs can drive it.

Knows: how a function becomes a command; the front of `python main.py`.
Does not know: how a request is carried out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from runpact.app.front import Front
from runpact.model.errors import UsageError
from runpact.model.machine.application import Application, Command, check_errors, check_word
from runpact.model.machine.form import form_of
from runpact.model.machine.health import Declared, fields_of
from runpact.model.machine.schemas import all_schemas, request_schema
from runpact.model.machine.wording import RESERVED
from runpact.verbs.machine.carry_out import Call

_Function = TypeVar("_Function", bound=Callable[..., object])


class App:
    """A program with commands that people call by options and programs by JSON requests.

    One declaration of a command's parameters gives its options, the parameters that a request may name, and
    the JSON Schema of such a request. `docs/machine.md` shows a whole program.
    """

    def __init__(
        self,
        name: str,
        *,
        version: str,
        summary: str = "",
        errors: Mapping[str, int] | None = None,
        package: str | None = None,
        source: str | None = None,
        check: Sequence[str] | None = None,
        oldest_python: tuple[int, int] = (3, 11),
    ) -> None:
        """Declare the application.

        Args:
            name: As answers and schemas tell it.
            version: What `--version` prints.
            summary: One line for `--help`.
            errors: Exit code by sort of error, as in `{"config": 2, "data": 3}`; a command ends with one by
                `raise call.error("data", "…")`, whose code is then `data_error`.
            package: That must be importable; `--check` looks for it without importing it.
            source: Folder of the code, relative to the program's file; `--check` looks whether it is there.
            check: Fields that `--check` prints; by default all that apply.
            oldest_python: Older ones are an error of `--check`.

        Raises:
            UsageError: A name, a code or a field is not fit.
        """
        self.name = check_word(name, what="an application")
        self.version = version
        self._summary = summary
        self._errors = check_errors(errors or {})
        self._health = Declared(
            package=package,
            source=source,
            oldest_python=oldest_python,
            fields=None if check is None else tuple(check),
        )
        fields_of(self._health)
        self._commands: dict[str, Command] = {}
        self._functions: dict[str, Callable[[object, Call], object]] = {}

    def command(
        self,
        name: str,
        *,
        params: type | None = None,
        aliases: Mapping[str, str] | None = None,
        summary: str = "",
    ) -> Callable[[_Function], _Function]:
        """Make a function `(params, call)` a command.

        It returns what the answer's `result` is to be: a mapping, anything else that JSON knows, or a run.

        Args:
            name: Of the command.
            params: A dataclass or a `msgspec.Struct`; None when it takes nothing.
            aliases: Further names of parameters, each with the one that it means.
            summary: One line about it; by default the first line of the function's docstring.

        Raises:
            UsageError: The name is taken, or the parameters cannot be told in JSON.
        """
        check_word(name, what="a command")
        form = form_of(params, aliases or {}, reserved=RESERVED)
        if name in self._commands:
            raise UsageError(f"the command `{name}` is declared already", got=name)

        def declare(function: _Function) -> _Function:
            told = summary or next(iter((function.__doc__ or "").strip().splitlines()), "")
            self._commands[name] = Command(name=name, form=form, summary=told)
            self._functions[name] = function
            return function

        return declare

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Do what a command line says and return the exit code.

        Args:
            arguments: Without the program's name; by default those of this process, whose stdout then stays
                kept for the one answer until the process ends.
        """
        is_own = arguments is None
        program = f"python {os.path.basename(sys.argv[0])}" if sys.argv[0] else self.name
        front = Front(self.application, self._invoke, self._health, program=program, is_own=is_own)
        return front.main(sys.argv[1:] if arguments is None else list(arguments))

    def schema(self, command: str | None = None) -> dict[str, object]:
        """Return the JSON Schemas of all requests and of the answer, or of the requests of one command.

        Raises:
            UsageError: There is no such command.
        """
        if command is None:
            return all_schemas(self.application)
        if command not in self._commands:
            raise UsageError(f"no command `{command}`", expected=" or ".join(self._commands), got=command)
        return request_schema(self.application, self._commands[command])

    @property
    def application(self) -> Application:
        """What is declared so far."""
        return Application(
            name=self.name,
            version=self.version,
            summary=self._summary,
            errors=self._errors,
            commands=self._commands,
        )

    def _invoke(self, command: Command, params: object, call: Call) -> object:
        result = self._functions[command.name](params, call)
        opened = sys.modules.get("runpact.verbs.life.opened")
        if opened is not None and isinstance(result, opened.OpenRun):
            from runpact.verbs.machine.tell_run import tell_run  # noqa: PLC0415 - only for commands that make runs

            return tell_run(result)
        swept = sys.modules.get("runpact.workspace.sweeping")
        if swept is not None and isinstance(result, swept.SweepResult):
            from runpact.verbs.machine.tell_run import tell_sweep  # noqa: PLC0415 - only for commands that make sweeps

            return tell_sweep(result.run, result.document())
        return result
