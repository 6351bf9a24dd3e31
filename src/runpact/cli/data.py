"""`runpact data`: data sets that runs use, kept for good.

Knows: the words and flags.
Does not know: what may be entered, how it is shown.
"""

from __future__ import annotations

import click

from runpact.cli.options import demand_meant, json_option, open_workspace, workspace_options
from runpact.cli.registered import (
    tell_entered,
    tell_list,
    tell_one,
    tell_path,
    tell_removed,
    tell_verified,
)
from runpact.workspace import registering

_DESCRIBE = click.option("--describe", metavar="FILE", help="JSON or YAML with class_map, splits, notes.")


@click.group("data")
def data_command() -> None:
    """Keep data sets for good, and name them by URI: data://<domain>/<skill>/<name>/<version>."""


@data_command.command("add")
@click.argument("path", metavar="FILE|FOLDER")
@click.option("--to", "target", required=True, metavar="DOMAIN/SKILL/NAME/VERSION")
@click.option("--from", "source", metavar="TEXT", help="Where it came from.")
@_DESCRIBE
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


@data_command.command("list")
@workspace_options
@json_option
def list_command(*, workspace: str | None, workdir: str | None, contract: str | None, is_json: bool) -> int:
    """List data sets, by URI."""
    return tell_list(open_workspace(workspace, workdir, contract), "data", is_json=is_json)


@data_command.command("show")
@click.argument("uri", metavar="URI")
@workspace_options
@json_option
def show_command(
    *, uri: str, workspace: str | None, workdir: str | None, contract: str | None, is_json: bool
) -> int:
    """Show a data set: what it is, which run made it, which runs used it."""
    place = open_workspace(workspace, workdir, contract)
    return tell_one(place, registering.resolve(place, uri, "data"), is_json=is_json)


@data_command.command("resolve")
@click.argument("uri", metavar="URI")
@workspace_options
@json_option
def resolve_command(
    *, uri: str, workspace: str | None, workdir: str | None, contract: str | None, is_json: bool
) -> int:
    """Print the absolute path of a data set here; a shorter URI will do where it means one version."""
    place = open_workspace(workspace, workdir, contract)
    return tell_path(place, registering.resolve(place, uri, "data"), is_json=is_json)


@data_command.command("verify")
@click.argument("uri", metavar="[URI]", required=False)
@workspace_options
@json_option
def verify_command(
    *, uri: str | None, workspace: str | None, workdir: str | None, contract: str | None, is_json: bool
) -> int:
    """Verify data sets against their records and the ledger, all of them unless a URI is given."""
    return tell_verified(open_workspace(workspace, workdir, contract), "data", uri, is_json=is_json)


@data_command.command("remove")
@click.argument("uri", metavar="URI")
@click.option("--reason", metavar="TEXT", help="Why; the ledger keeps it.")
@click.option("--force", "is_forced", is_flag=True, help="Although runs used it; needs a reason.")
@workspace_options
@json_option
def remove_command(
    *,
    uri: str,
    reason: str | None,
    is_forced: bool,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Remove one version for good; refused while runs used it."""
    demand_meant(reason=reason)
    place = open_workspace(workspace, workdir, contract)
    return tell_removed(place, uri, reason=reason, is_forced=is_forced, is_json=is_json)
