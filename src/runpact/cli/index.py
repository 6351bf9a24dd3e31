"""`runpact index`: upkeep of the index.

Knows: its subcommands.
Does not know: how the index is made.
"""

from __future__ import annotations

import click

from runpact.cli.options import json_option, open_workspace, workspace_options
from runpact.cli.output import print_json, say
from runpact.workspace.finding import rebuild


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
        say(f"indexed {runs} runs")
    return 0
