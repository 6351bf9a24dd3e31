"""`runpact data`: data sets that runs use, kept for good.

Knows: the words and flags of entering one.
Does not know: what may be entered, how it is shown, what is done with one that is entered.
"""

from __future__ import annotations

import click

from runpact.cli.options import demand_meant, json_option, open_workspace, workspace_options
from runpact.cli.registered import add_commands, tell_entered
from runpact.workspace import registering


@click.group("data")
def data_command() -> None:
    """Keep data sets for good, and name them by URI: data://<domain>/<skill>/<name>/<version>."""


@data_command.command("add")
@click.argument("path", metavar="FILE|FOLDER")
@click.option("--to", "target", required=True, metavar="DOMAIN/SKILL/NAME/VERSION")
@click.option("--from", "source", metavar="TEXT", help="Where it came from.")
@click.option("--describe", metavar="FILE", help="JSON or YAML with class_map, splits, notes.")
@workspace_options
@json_option
def add_command(
    *,
    path: str,
    target: str,
    source: str | None,
    describe: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Copy a file or folder, with its manifest; what lies in a run has that run as its origin.

    \b
      runpact data add scans/ --to vision/depth/rooms/1.0 --from "our own scans"
    """
    demand_meant(describe=describe, to=target, **{"from": source})
    place = open_workspace(workspace, workdir, contract)
    made = registering.add_data(place, path, target, source=source, describe=describe)
    return tell_entered(place, made, is_json=is_json)


add_commands(data_command, "data")
