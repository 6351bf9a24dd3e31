"""What `--help` of an application says.

Knows: the lines.
Does not know: terminals.
"""

from __future__ import annotations

from collections.abc import Iterable

from runpact.model.machine.application import REFUSED, Application, Command
from runpact.model.machine.failure import shown
from runpact.model.machine.form import Parameter
from runpact.model.machine.wording import FLAGS, SCHEMA, VALUES, option_of


def help_page(application: Application, program: str, command: Command | None = None) -> str:
    """Return the page of an application, or of one of its commands.

    Args:
        application: Whose it is.
        program: As the user calls it.
        command: The command that is asked about.
    """
    blocks = [_of_command(program, command)] if command is not None else [_of_all(application, program)]
    always = [(f"--{name}", said) for name, said in FLAGS.items()]
    always += [(f"--{name} {what}", said) for name, (what, said) in VALUES.items()]
    always.append((f"--{SCHEMA}", "Print the JSON Schemas of all requests, or of one command's."))
    blocks.append("\n".join(["Always:", *_columns(always)]))
    codes = [
        ("0", "success"),
        ("1", "any other error"),
        (str(REFUSED), "not understood, or wrong parameters"),
    ]
    codes += [(str(code), f"{word} error") for word, code in application.errors.items()]
    codes.append(("128+n", "ended by signal n"))
    blocks.append("\n".join(["Exit codes:", *_columns(codes)]))
    return "\n\n".join(blocks) + "\n"


def _of_all(application: Application, program: str) -> str:
    said = [application.summary] if application.summary else []
    commands = [(each.name, each.summary) for each in application.commands.values()]
    return "\n".join([f"Usage: {program} COMMAND [OPTION…]", "", *said, "Commands:", *_columns(commands)])


def _of_command(program: str, command: Command) -> str:
    options = [(_left(each), _right(each)) for each in command.form.parameters]
    options += [
        (option_of(name), f"Another name of {option_of(own)}.") for name, own in command.form.aliases.items()
    ]
    said = [command.summary, ""] if command.summary else []
    return "\n".join(
        [f"Usage: {program} {command.name} [OPTION…]", "", *said, "Options:", *_columns(options)]
    )


def _left(parameter: Parameter) -> str:
    option = option_of(parameter.name)
    if parameter.sort == "flag":
        return f"{option}, --no-{option[2:]}"
    words = {"list": "VALUE, more than once", "document": "JSON"}
    return f"{option} {words.get(parameter.sort, 'VALUE')}"


def _right(parameter: Parameter) -> str:
    if parameter.required:
        return f"{parameter.description} [needed]".strip()
    is_known = parameter.default is not None
    return (
        f"{parameter.description} [{shown(parameter.default)}]".strip() if is_known else parameter.description
    )


def _columns(rows: Iterable[tuple[str, str]]) -> list[str]:
    listed = list(rows)
    width = max((len(left) for left, _right in listed), default=0)
    return [f"  {left:<{width}}  {right}".rstrip() for left, right in listed]
