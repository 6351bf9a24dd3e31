"""Commands of the command line as programs may ask for them.

Knows: which commands are offered, how options become parameters and back.
Does not know: what a command does.

Nothing is declared twice: a command that prints a document with `--json` is offered with its own options.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Literal

import click
import msgspec

from runpact.model.errors import UsageError
from runpact.model.machine.application import Command
from runpact.model.machine.form import form_of

WITHHELD = {
    "demo": "tells a story to people",
    "keygen": "asks people for a passphrase",
    "request": "is what is answered here",
    "tail": "goes on for as long as a run lives",
}
"""Commands that no program is offered, and why."""
WITHHELD_OPTIONS = {
    "ls": {"csv", "md"},
    "run": {"passthrough", "quiet"},
    "tag": {"tags"},
}
"""Options of a command that mean nothing to a program."""
_JSON = "--json"

_TEXT: Any = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*$")]
"""A text that can be a word of a command line."""

Field = tuple[str, Any, Any]  # what msgspec.defstruct takes: any type, any default


class Offered(Mapping[str, Command]):
    """The commands by name, each made when it is asked for: importing all of them takes a while."""

    def __init__(self, group: click.Group, only: Collection[str] = ()) -> None:
        """Store the group of all commands, and the names of those that alone are offered; empty for all."""
        self._group = group
        self._only = only
        self._context = click.Context(group)

    def __getitem__(self, name: str) -> Command:
        """Return a command; the names of a group and of what is in it are joined by `-`."""
        found = self.path_of(name)
        if found is None:
            raise KeyError(name)
        _path, command = found
        return Command(
            name=name,
            form=form_of(_declared(name, command), {}, reserved=frozenset()),
            summary=_summary(command),
        )

    def __iter__(self) -> Iterator[str]:
        """Yield the names of all commands that are offered."""
        for word in self._group.list_commands(self._context):
            command = self._group.get_command(self._context, word)
            inner = command.list_commands(self._context) if isinstance(command, click.Group) else None
            names = [word] if inner is None else [f"{word}-{each}" for each in inner]
            yield from (name for name in names if self.path_of(name) is not None)

    def __len__(self) -> int:
        """Return how many commands are offered."""
        return sum(1 for _name in self)

    def path_of(self, name: str) -> tuple[tuple[str, ...], click.Command] | None:
        """Return the words of a command and the command; None when it is not offered."""
        if name in WITHHELD or (self._only and name not in self._only):
            return None
        command = self._group.get_command(self._context, name)
        if command is not None and not isinstance(command, click.Group):
            return ((name,), command) if _has_document(command) else None
        word, _dash, rest = name.partition("-")
        group = self._group.get_command(self._context, word)
        inner = group.get_command(self._context, rest) if isinstance(group, click.Group) else None
        return ((word, rest), inner) if inner is not None and _has_document(inner) else None

    def words(self, name: str, params: object) -> list[str]:
        """Return the command line that says what parameters say; no value can be taken for an option.

        Raises:
            UsageError: An argument begins with a dash, where another command line stands behind `--`.
        """
        found = self.path_of(name)
        if found is None:
            raise KeyError(name)
        path, command = found
        said = msgspec.to_builtins(params)
        options, arguments = [_JSON], []
        for parameter in command.params:
            value = said.get(_name(parameter))
            if isinstance(parameter, click.Argument):
                arguments += value if isinstance(value, list) else [value] if value is not None else []
            else:
                options += _option_words(parameter, value)
        behind = _behind(command)
        if behind is None:
            return [*path, *options, "--", *map(str, arguments)]
        for each in arguments:
            if str(each).startswith("-"):
                raise UsageError(
                    "it would be taken for an option", expected="no dash at its beginning", got=each
                )
        return [*path, *options, *map(str, arguments), "--", *said[behind]]


def _option_words(parameter: click.Parameter, value: object) -> list[str]:
    option = max(parameter.opts, key=len)
    if isinstance(value, bool):
        return [option] if value else []
    values = value if isinstance(value, list) else [value] if value is not None else []
    return [f"{option}={each}" for each in values]


def _behind(command: click.Command) -> str | None:
    """Return the parameter for what stands behind `--`, where that is a command line of its own.

    A command whose arguments are something else says so in its attribute `behind`.
    """
    name = getattr(command, "behind", None)
    return name if isinstance(name, str) else None


def _has_document(command: click.Command) -> bool:
    return any(_JSON in parameter.opts for parameter in command.params)


def _summary(command: click.Command) -> str:
    return (command.help or "").strip().split("\n")[0]


def _name(parameter: click.Parameter) -> str:
    return max(parameter.opts, key=len).lstrip("-").replace("-", "_")


def _declared(name: str, command: click.Command) -> type[msgspec.Struct]:
    """Return the parameters of a command as a type."""
    withheld = {"json", "help", *WITHHELD_OPTIONS.get(name, ())}
    fields = [_field(each) for each in command.params if _name(each) not in withheld]
    behind = _behind(command)
    if behind is not None:
        texts: Any = list[_TEXT]
        fields.append((f"{behind}_", texts, msgspec.field(name=behind, default_factory=list)))
    return msgspec.defstruct(name.title().replace("-", ""), fields, kw_only=True, forbid_unknown_fields=True)


def _field(parameter: click.Parameter) -> Field:
    name = _name(parameter)
    said = getattr(parameter, "help", None)
    kind, default = _kind(parameter)
    told = Annotated[kind, msgspec.Meta(description=said)] if said else kind
    if parameter.required:
        return (f"{name}_", told, msgspec.field(name=name))
    if isinstance(default, list):
        return (f"{name}_", told, msgspec.field(name=name, default_factory=list))
    return (f"{name}_", told, msgspec.field(name=name, default=default))


def _kind(parameter: click.Parameter) -> tuple[Any, object]:
    """Return the type of a parameter, and what it is when nobody gives it."""
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return bool, False
    kind = _of_one(parameter.type)
    if parameter.nargs == -1 or getattr(parameter, "multiple", False):
        least = msgspec.Meta(min_length=1) if parameter.required else msgspec.Meta()
        return Annotated[list[kind], least], []  # type: ignore[valid-type]  # made here, for msgspec alone
    return (kind, None) if parameter.required else (kind | None, None)


def _of_one(kind: click.ParamType[Any]) -> Any:  # noqa: ANN401 - a type that is made here
    if isinstance(kind, click.Choice):
        return Literal[tuple(kind.choices)]
    if isinstance(kind, click.IntRange | click.FloatRange):
        number = int if isinstance(kind, click.IntRange) else float
        return Annotated[
            number, msgspec.Meta(ge=kind.min, le=kind.max)
        ]  # what an open bound refuses, click does
    if isinstance(kind, type(click.INT)):
        return int
    if isinstance(kind, type(click.FLOAT)):
        return float
    return _TEXT
