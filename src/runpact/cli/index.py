"""`runpact index`: upkeep of the index.

Knows: its subcommands.
Does not know: how the index is made.
"""

from __future__ import annotations

import click

from runpact.cli.options import json_option, open_workspace, workspace_options
from runpact.cli.output import print_json, say
from runpact.cli.viewtext import print_views
from runpact.model.finding import Verdict
from runpact.model.names import counted
from runpact.workspace.finding import check_views, rebuild, write_views


@click.group("index")
def index_command() -> None:
    """Look after the index, a cache over the runs: deleting it loses nothing."""


@index_command.command("rebuild")
@workspace_options
@json_option
def rebuild_command(
    *, workspace: str | None, workdir: str | None, contract: str | None, is_json: bool
) -> int:
    """Make the index anew from the runs."""
    runs = rebuild(open_workspace(workspace, workdir, contract))
    if is_json:
        print_json("index-rebuild", runs=runs)
    else:
        say(f"indexed {counted(runs, 'run', 'runs')}")
    return 0


@index_command.command("views")
@workspace_options
@click.option("--check", "is_check", is_flag=True, help="Only say which files are not up to date.")
@json_option
def views_command(
    *, workspace: str | None, workdir: str | None, contract: str | None, is_check: bool, is_json: bool
) -> int:
    """Write the registry files that the contract names (`workspace.indexes`).

    Finished runs keep them up to date by themselves, beyond 5,000 rows with some delay.
    """
    place = open_workspace(workspace, workdir, contract)
    views = check_views(place) if is_check else write_views(place)
    verdict = views.verdict if is_check else Verdict.OK
    if is_json:
        print_json("index-views", verdict=verdict.value, files=views.files, damaged=views.damaged)
    else:
        print_views(views)
    return verdict.exit_code
