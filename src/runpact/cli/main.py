"""The command line: finds the command, runs it, turns errors into text and exit codes.

Knows: which module holds which command; the exit code of each family of errors.
Does not know: what a command does.
"""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import TextIO

import click

from runpact.cli.output import print_error
from runpact.model.errors import RunpactError, StorageError
from runpact.version import VERSION

USAGE = 64
"""EX_USAGE; 2 would mean INCOMPLETE."""
SIGNALLED = 128
"""Added to the number of the signal that ended the command."""

_COMMANDS = {
    "init": ("runpact.cli.init", "Start a workspace from a pack."),
    "run": ("runpact.cli.run", "Make a run of a command."),
    "sweep": ("runpact.cli.sweep", "Try many settings, each a run of its own, and rank them."),
    "check": ("runpact.cli.check", "Judge runs against their contract."),
    "verify": ("runpact.cli.check", "Re-derive a run's records, or a certificate, from its bytes."),
    "report": ("runpact.cli.report", "Certify a run, or write a page about it."),
    "explain": ("runpact.cli.certificate", "Go through what a certificate rests on."),
    "promote": ("runpact.cli.promote", "Make a curated copy of a run, with its evidence."),
    "models": ("runpact.cli.models", "Keep weights for good, and name them by URI."),
    "data": ("runpact.cli.data", "Keep data sets for good, and name them by URI."),
    "retain": ("runpact.cli.prune", "Say which runs may go, and why the others stay."),
    "prune": ("runpact.cli.prune", "Move runs that may go to the trash, take them back, empty it."),
    "reproduce": ("runpact.cli.reproduce", "Make a run again, and say whether it came out the same."),
    "ledger": ("runpact.cli.ledger", "See what was promoted and pruned, and prove it."),
    "lint-repo": ("runpact.cli.lintrepo", "Look for what does not belong into the repository."),
    "ls": ("runpact.cli.ls", "Find runs."),
    "show": ("runpact.cli.find", "Show one run."),
    "diff": ("runpact.cli.compare", "Compare runs."),
    "plot": ("runpact.cli.plot", "Draw metrics of runs."),
    "lineage": ("runpact.cli.lineage", "Show what a run came from and led to."),
    "tail": ("runpact.cli.tail", "Follow a run while it lives."),
    "sessions": ("runpact.cli.sessions", "See how sessions are, and end them."),
    "tag": ("runpact.cli.annotate", "Give runs tags, or take them away."),
    "note": ("runpact.cli.annotate", "Add a note to a run."),
    "pipeline": ("runpact.cli.pipeline", "Run the stages of an experiment."),
    "gate": ("runpact.cli.gate", "Ask whether what a stage reads may be read."),
    "golden": ("runpact.cli.golden", "Hold runs against the values of an earlier one."),
    "import": ("runpact.cli.importing", "Take over a legacy folder into a new experiment."),
    "config": ("runpact.cli.config", "See the configuration that a run would get."),
    "contract": ("runpact.cli.contract", "Work on the contract itself."),
    "stats": ("runpact.cli.stats", "Ask the telemetry database."),
    "lint-layers": (
        "runpact.cli.layers",
        "Ask what code imports against its layers, or whether a change set mixes them.",
    ),
    "index": ("runpact.cli.index", "Look after the index."),
    "keygen": ("runpact.cli.keygen", "Make a key that signs certificates."),
    "request": ("runpact.cli.request", "Carry out one request of a program."),
    "doctor": ("runpact.cli.doctor", "Examine the workspace, and put right what can be."),
    "demo": ("runpact.cli.demo", "Run an example on real input."),
}


class LazyGroup(click.Group):
    """Imports a command's module when that command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order people need them."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None when there is none of that name."""
        del ctx
        home = _COMMANDS.get(cmd_name)
        if home is None:
            return None
        command = getattr(import_module(home[0]), f"{cmd_name.replace('-', '_')}_command")
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_module, help_line) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, suggesting the nearest word for a misspelt one."""
        if self.get_command(ctx, args[0]) is None:
            import difflib  # noqa: PLC0415 - only a misspelt command pays for it

            near = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            hint = f"did you mean `{near[0]}`?" if near else "`runpact --help` lists the commands"
            message = f"no command `{args[0]}`; {hint}"
            raise click.UsageError(message)
        return super().resolve_command(ctx, args)


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=(
        "Exit codes: 0 OK, 1 WARNING, 2 INCOMPLETE or cannot start, 3 ERROR, "
        "64 not understood, 128+n signal n."
    ),
)
@click.version_option(VERSION, message="runpact %(version)s")
def cli() -> None:
    """Runs under contract: make, judge, verify and find run directories."""


def run_command_line(arguments: list[str], *, is_own: bool = False) -> int:
    """Run one command and return its exit code; no traceback reaches a person.

    Args:
        arguments: Without the program's name.
        is_own: The process is there for this alone.
    """
    _make_streams_writable()
    stdout = sys.stdout
    is_json = "--json" in arguments[: arguments.index("--") if "--" in arguments else None]
    try:
        code = cli.main(arguments, prog_name="runpact", standalone_mode=False, obj=is_own)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(error.format_message() + "\n")
        return USAGE
    except click.ClickException as error:
        print_error("usage", error.format_message(), is_json=is_json, hint=_usage_hint(error))
        return USAGE
    except (KeyboardInterrupt, click.Abort):
        return SIGNALLED + 2
    except (BrokenPipeError, SystemExit) as error:
        if isinstance(error, SystemExit) and sys.stdout is stdout:
            raise
        return _reader_left(stdout)  # click put something else there, and leaves with the code of a warning
    except RunpactError as error:
        print_error(error.code, error.message, is_json=is_json, error=error, hint=error.hint)
        return error.exit_code
    except OSError as error:
        return _refused(error, is_json=is_json)
    except Exception as error:  # noqa: BLE001 - the one broad catch: a bug of ours is told without a traceback
        return _own_bug(error, is_json=is_json)
    return code if isinstance(code, int) else 0


def _make_streams_writable() -> None:
    """Let output go nowhere where the caller closed a stream; elsewhere it is UTF-8, whatever the locale."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open as long as the process
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _usage_hint(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"`{context.command_path} --help` explains the options" if context is not None else ""


def _reader_left(stdout: TextIO) -> int:
    """Let the interpreter's last flush go nowhere; return the code of a program that this signal ended."""
    sys.stdout = stdout
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return SIGNALLED + 13


def _refused(error: OSError, *, is_json: bool) -> int:
    """Tell of a system call that was refused, and where; return the exit code."""
    said = f"{error.strerror or error}"
    if error.filename is None and _is_of_stdout(error):
        said = f"stdout cannot be written: {said}"
    print_error(StorageError.code, said, is_json=is_json, place=str(error.filename or ""))
    return StorageError.exit_code


def _is_of_stdout(error: OSError) -> bool:
    """Whether nothing can be printed, for the same reason: not even the end of a line."""
    try:
        sys.stdout.write("\n")
        sys.stdout.flush()
    except OSError as again:
        return again.errno == error.errno
    return False


def _own_bug(error: Exception, *, is_json: bool) -> int:
    if os.environ.get("RUNPACT_TRACEBACK"):
        raise error
    print_error(
        "internal",
        f"a fault of runpact itself: {type(error).__name__}: {error}",
        is_json=is_json,
        hint="set RUNPACT_TRACEBACK=1 to see where, and report it",
    )
    return 3
