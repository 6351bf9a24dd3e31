"""`runpact request`: carry out one request of a program.

Knows: how a command is called and its document taken from what it prints.
Does not know: how requests are judged and answered.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys

import click
import msgspec

from runpact.cli.offered import Offered
from runpact.model.errors import UsageError
from runpact.model.machine.application import Application, Command
from runpact.model.machine.failure import nearest
from runpact.model.machine.schemas import all_schemas, request_schema
from runpact.workspace.requests import NotUnderstoodError, StoppedError, answer_payloads, engine


@click.command("request", context_settings={"ignore_unknown_options": True})
@click.option(
    "--schema",
    is_flag=False,
    flag_value="",
    metavar="[COMMAND]",
    help="Print the JSON Schemas of all requests, or of one command's.",
)
@click.option(
    "--only", multiple=True, metavar="COMMAND", help="Offer this command; repeatable. By default, all."
)
@click.option("--signal-file", metavar="FILE", help="Append a line of JSON when it starts and when it ends.")
@click.option("--debug", "is_debug", is_flag=True, help="Show on stderr where an error was raised.")
@click.argument("payloads", nargs=-1, metavar="PAYLOAD|-|@FILE", type=click.UNPROCESSED)
@click.pass_context
def request_command(
    context: click.Context,
    *,
    schema: str | None,
    only: tuple[str, ...],
    signal_file: str | None,
    is_debug: bool,
    payloads: tuple[str, ...],
) -> int:
    """Carry out one request of a program and print one JSON answer, whatever happens.

    The commands are those of this command line, their parameters its options, and `result` is the document
    that `--json` prints. docs/machine.md describes requests and answers.

    \b
      runpact request '{"schema_version": "1.0", "command": "check", "params": {"runs": ["baseline"]}}'
      runpact request --schema check
    """
    group = context.find_root().command
    offered = Offered(group if isinstance(group, click.Group) else click.Group(), only)
    _demand_known(only, offered)
    application = engine(offered)
    if schema is not None:
        return _print_schema(application, schema)

    def carry(command: Command, params: object) -> tuple[int, object]:
        return _carried(offered.words(command.name, params), group)

    is_own = bool(context.find_root().obj)
    return answer_payloads(
        application, carry, payloads, signal_file=signal_file, is_debug=is_debug, is_own=is_own
    )


def _demand_known(only: tuple[str, ...], offered: Offered) -> None:
    """Make sure that what is offered alone is there: a misspelt name would offer nothing."""
    for name in only:
        if name not in offered:
            raise UsageError(f"no command `{name}` for programs", expected="--only COMMAND", got=name)


def _print_schema(application: Application, name: str) -> int:
    command = application.commands.get(name)
    if name and command is None:
        near = nearest(name, application.commands)
        raise UsageError(
            f"no command `{name}` for programs",
            got=name,
            hint=f"did you mean `{near}`?" if near else "`runpact request --schema` has them all",
        )
    schema = all_schemas(application) if command is None else request_schema(application, command)
    sys.stdout.write(json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n")
    return 0


def _carried(words: list[str], group: click.Command) -> tuple[int, object]:
    """Call a command; return its exit code and the document that it printed."""
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    try:
        with contextlib.redirect_stdout(printed):
            code = group.main(words, prog_name="runpact", standalone_mode=False)
    except click.Abort as error:
        raise StoppedError from error
    except click.ClickException as error:
        raise NotUnderstoodError(error.format_message()) from error
    printed.flush()
    printed.seek(0)
    text = printed.read()
    return code if isinstance(code, int) else 0, msgspec.json.decode(text) if text.strip() else None
