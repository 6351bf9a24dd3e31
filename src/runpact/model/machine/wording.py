"""The command line of an application: what its words mean.

Knows: the options that every application has, and how those of a command follow from its parameters.
Does not know: terminals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from runpact.model.machine.application import Command
from runpact.model.machine.failure import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    UNKNOWN_COMMAND,
    Failure,
    Fault,
    nearest,
    refusal,
)
from runpact.model.machine.form import Parameter

FLAGS = {
    "help": "Say what there is, or what a command takes.",
    "version": "Print the version.",
    "check": "Print as JSON whether it can run here; 0, or 2 and what is in the way.",
    "debug": "Show on stderr where an error was raised.",
    "json": "Print the one JSON answer instead of text.",
}
VALUES = {
    "json-request": ("PAYLOAD|-|@FILE", "Carry out one request, and print one JSON answer."),
    "signal-file": ("FILE", "Append a line of JSON when it starts and when it ends."),
    "request-id": ("ID", "Name of the request, repeated in the answer, the signals and the run's record."),
}
SCHEMA = "schema"
QUESTIONS = frozenset({"help", "version", "check", SCHEMA})
"""Flags that ask about the application and carry nothing out."""
RESERVED = frozenset(name.replace("-", "_") for name in (*FLAGS, *VALUES, SCHEMA)) | {"h"}
"""Names that no parameter of a command may have."""


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """What a command line says."""

    command: str | None = None
    params: dict[str, object] = {}
    """As text: one value, a list of them, or a truth value."""
    flags: frozenset[str] = frozenset()
    values: dict[str, str] = {}
    fault: Failure | None = None
    """Why the rest is not to be believed."""

    @property
    def is_machine(self) -> bool:
        """Whether a program is speaking, which wants one JSON answer whatever happens."""
        return "json-request" in self.values or ("json" in self.flags and not self.flags & QUESTIONS)


class _Reader:
    """Reads the words of one command line."""

    def __init__(self, commands: Mapping[str, Command]) -> None:
        self.commands = commands
        self.command: str | None = None
        self.params: dict[str, object] = {}
        self.lists: dict[str, list[str | None]] = {}
        self.flags: set[str] = set()
        self.values: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.code = INVALID_REQUEST

    def read(self, words: Sequence[str]) -> None:
        """Read all words."""
        rest = list(words)
        while rest:
            word = rest.pop(0)
            if word == "-h":
                self.flags.add("help")
            elif word.startswith("--") and len(word) > 2:  # noqa: PLR2004 - the two dashes
                self._option(word, rest)
            elif self.command is None:
                self._name(word)
            else:
                self._wrong(word, f"`{word[:80]}` belongs to no option", expected="--OPTION VALUE")

    def _name(self, word: str) -> None:
        self.command = word
        if word not in self.commands:
            self.code = UNKNOWN_COMMAND
            self._wrong(
                "command",
                f"no command `{word[:80]}`",
                expected=" or ".join(f"`{each}`" for each in self.commands) or "none",
                nearest=nearest(word, self.commands),
            )

    def _option(self, word: str, rest: list[str]) -> None:
        name, has_value, value = word[2:].partition("=")
        if name in FLAGS and not has_value:
            self.flags.add(name)
        elif name in VALUES:
            self._value(name, rest, value if has_value else None)
        elif name == SCHEMA and not has_value:
            self.flags.add(SCHEMA)
        elif self.command in self.commands:
            self._parameter(name, value if has_value else None, rest)
        elif self.command is None:
            known = (*FLAGS, *VALUES, SCHEMA)
            self._wrong(
                f"--{name}"[:80], f"no option `--{name[:80]}` before a command", nearest=nearest(name, known)
            )
            self._pass_over(value if has_value else None, rest)

    def _value(self, name: str, rest: list[str], value: str | None) -> None:
        given = self._taken(name, rest, value)
        if given is None:
            return
        if name in self.values:
            self._wrong(f"--{name}", f"`--{name}` is given twice")
        self.values[name] = given

    def _taken(self, name: str, rest: list[str], value: str | None) -> str | None:
        if value is None and not rest:
            self.values.setdefault(name, "") if name in VALUES else None
            self._wrong(f"--{name}", f"`--{name}` needs a value", got="nothing")
            return None
        return rest.pop(0) if value is None else value

    def _parameter(self, name: str, value: str | None, rest: list[str]) -> None:
        form = self.commands[str(self.command)].form
        own = name.replace("-", "_")
        parameter = _meant(form.parameters, own) or _meant(form.parameters, form.aliases.get(own, ""))
        negated = _meant(form.parameters, own.removeprefix("no_")) if own.startswith("no_") else None
        if parameter is None and negated is not None and negated.sort == "flag" and value is None:
            self._put(negated, is_set=False)
        elif parameter is None:
            self._unknown(name, [each.name for each in form.parameters], value, rest)
        elif parameter.sort == "flag" and value is None:
            self._put(parameter, is_set=True)
        else:
            given = self._taken(name, rest, value)
            if given is not None:
                self._put(parameter, given)

    def _unknown(self, name: str, known: Sequence[str], value: str | None, rest: list[str]) -> None:
        self.code = INVALID_PARAMS
        self._wrong(
            f"--{name}"[:80],
            f"no option `--{name[:80]}`",
            expected=" or ".join(f"`{option_of(each)}`" for each in known) or "none",
            nearest=nearest(name.replace("-", "_"), known),
        )
        self._pass_over(value, rest)

    def _pass_over(self, value: str | None, rest: list[str]) -> None:
        """Take away what looks like the value of an unknown option, so that it is not a second fault."""
        if value is None and rest and not rest[0].startswith("--") and rest[0] not in self.commands:
            rest.pop(0)

    def _put(self, parameter: Parameter, given: str | None = None, *, is_set: bool = False) -> None:
        name = parameter.name
        if parameter.sort == "list":
            self.lists.setdefault(name, []).append(given)
            self.params[name] = self.lists[name]
            return
        if name in self.params:
            self._wrong(option_of(name), f"`{option_of(name)}` is given twice")
        self.params[name] = is_set if given is None else self._read(parameter, given)

    def _read(self, parameter: Parameter, given: str) -> object:
        if parameter.sort != "document":
            return given
        try:
            return msgspec.json.decode(given)
        except (msgspec.DecodeError, RecursionError):
            return given

    def _wrong(
        self, path: str, message: str, *, expected: str = "", got: str = "", nearest: str | None = None
    ) -> None:
        self.faults.append(Fault(path=path, message=message, expected=expected, got=got, nearest=nearest))


def understand(words: Sequence[str], commands: Mapping[str, Command]) -> Spoken:
    """Return what a command line says; what is wrong with it stands in `fault`, all at once."""
    reader = _Reader(commands)
    reader.read(words)
    fault = None
    if reader.faults:
        command = commands.get(reader.command or "")
        others = () if command is None else command.form.judge(reader.params, is_text=True)[1]
        hint = "`--help` lists what there is"
        fault = refusal(reader.code, reader.faults[0].message, *reader.faults, *others, hint=hint)
    return Spoken(
        command=reader.command,
        params=reader.params,
        flags=frozenset(reader.flags),
        values=reader.values,
        fault=fault,
    )


def option_of(name: str) -> str:
    """Return the option that sets a parameter."""
    return f"--{name.replace('_', '-')}"


def _meant(parameters: Sequence[Parameter], own: str) -> Parameter | None:
    return next((each for each in parameters if each.name.replace("-", "_") == own), None)
