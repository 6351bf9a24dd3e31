"""`runpact retain` and `runpact prune`: which runs may go, and letting them go.

Knows: their options, how a plan is laid out.
Does not know: what may go.
"""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from runpact.cli.options import demand_meant, json_option, open_workspace, workspace_options
from runpact.cli.output import paint, plain, print_json, say, table_lines
from runpact.model.archive.retention import Keeping
from runpact.model.errors import UsageError
from runpact.model.names import counted
from runpact.workspace import archiving

if TYPE_CHECKING:
    from runpact.model.archive.retention import Decision
    from runpact.verbs.archive.prune import Done

_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0}
_REFUSED = 3


def _keeping_options(function: Callable[..., int]) -> Callable[..., int]:
    """Add the options that say what is kept, handed over as one argument, `keeping`."""

    @functools.wraps(function)
    def gathered(
        *,
        keep_last: int,
        keep_within: str | None,
        keep_tag: tuple[str, ...],
        policy: str | None,
        **others: object,
    ) -> int:
        demand_meant(policy=policy)
        days = None if keep_within is None else days_of(keep_within)
        keeping = Keeping(newest=keep_last, within_days=days, tags=keep_tag, policy=policy)
        return function(keeping=keeping, **others)

    for option in (
        click.option("--policy", metavar="NAME", help="Free what this policy's `keep` does not keep, too."),
        click.option("--keep-tag", multiple=True, metavar="TAG", help="Keep the runs that have it."),
        click.option("--keep-within", metavar="30d", help="Keep what is younger: hours, days or weeks."),
        click.option(
            "--keep-last",
            type=click.IntRange(min=0),
            default=0,
            metavar="N",
            help="Keep so many of each name.",
        ),
    ):
        option(gathered)
    return gathered


def days_of(text: str) -> float:
    """Return the days that a duration means, as `36h`, `30d` or `4w`.

    Raises:
        UsageError: It is none.
    """
    found = re.fullmatch(r"([0-9]{1,6})([hdw])", text)
    if found is None:
        raise UsageError("this is no duration", expected="36h, 30d or 4w", got=text)
    return int(found[1]) * _DAYS[found[2]]


@click.command("retain")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@_keeping_options
@workspace_options
@json_option
def retain_command(
    *,
    runs: tuple[str, ...],
    keeping: Keeping,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Say of each run whether it may go, and why. Nothing is changed.

    \b
    Without a policy only what the ledger proves to be archived may go. Never: what runs or is damaged, the
    newest finished run of each name, what has the tag `pin`, what another run or certificate leans on.
    """
    place = open_workspace(workspace, workdir, contract)
    shown = {posixpath.normpath(place.shown(place.resolve(each))) for each in runs}
    decisions = [each for each in archiving.retain(place, keeping) if not runs or each.path in shown]
    return _show_plan("retain", decisions, is_json=is_json)


def _show_plan(name: str, decisions: Sequence[Decision], *, is_json: bool) -> int:
    freed = sum(each.is_freed for each in decisions)
    if is_json:
        print_json(name, freed=freed, runs=[msgspec.to_builtins(each) for each in decisions])
        return 0
    rows = [("free" if each.is_freed else "keep", each.path, "; ".join(each.reasons)) for each in decisions]
    colours = ["yellow" if each.is_freed else "green" for each in decisions]
    for line in table_lines(("", "RUN", "WHY"), rows, colours=colours):
        say(line)
    say(f"{freed} of {counted(len(decisions), 'run', 'runs')} may go")
    return 0


@click.command("prune")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@_keeping_options
@click.option("--dry-run", "is_dry", is_flag=True, help="Only say what would go.")
@click.option("--undo", "is_undone", is_flag=True, help="Take back what was pruned last.")
@click.option("--from", "moment", metavar="NAME", help="Folder of the trash to take back.")
@click.option("--empty-trash", "is_emptied", is_flag=True, help="Remove for good what is in the trash.")
@click.option("--older-than", metavar="7d", help="Only what was pruned so long ago.")
@workspace_options
@json_option
def prune_command(
    *,
    runs: tuple[str, ...],
    keeping: Keeping,
    is_dry: bool,
    is_undone: bool,
    moment: str | None,
    is_emptied: bool,
    older_than: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Move the runs that may go to the trash; `runpact retain` says which, and why.

    \b
    A run that is named and may not go is refused, and nothing is moved. `--undo` takes back, `--empty-trash`
    frees the bytes. Exit 3 when something could not be moved.
    """
    demand_meant(**{"from": moment, "older-than": older_than})
    if sum((is_dry, is_undone or moment is not None, is_emptied)) > 1 or (runs and (is_undone or is_emptied)):
        raise UsageError("only one of --dry-run, --undo and --empty-trash, the last two without runs")
    place = open_workspace(workspace, workdir, contract)
    if is_dry:
        return _show_plan("prune-plan", archiving.retain(place, keeping, runs), is_json=is_json)
    if is_undone or moment is not None:
        return _show_done("taken back", archiving.undo_prune(place, moment), is_json=is_json)
    if is_emptied:
        days = days_of(older_than) if older_than is not None else 0.0
        return _show_done("removed", archiving.empty_trash(place, older_days=days), is_json=is_json)
    return _show_done("pruned", archiving.prune(place, keeping, runs), is_json=is_json)


def _show_done(word: str, done: Sequence[Done], *, is_json: bool) -> int:
    refused = sum(bool(each.refusal) for each in done)
    if is_json:
        print_json("prune", done=word, refused=refused, runs=[msgspec.to_builtins(each) for each in done])
        return _REFUSED if refused else 0
    for each in done:
        if each.refusal:
            say(f"{paint('refused', 'red')} {plain(each.path)}: {plain(each.refusal)}")
        else:
            say(f"{word} {plain(each.path)} ({plain(each.trash)})")
    say(f"{counted(len(done) - refused, 'run', 'runs')} {word}" + (f", {refused} refused" if refused else ""))
    return _REFUSED if refused else 0
