"""`runpact lineage`.

Knows: the forms in which a lineage is shown.
Does not know: how it is found.
"""

from __future__ import annotations

import click
import msgspec

from runpact.cli.lineagetext import dot_lines, mermaid_lines, tree_lines
from runpact.cli.options import json_option, open_workspace, workspace_options
from runpact.cli.output import print_json, say
from runpact.workspace.comparing import lineage


@click.command("lineage")
@click.argument("run")
@click.option("--up", "is_up", is_flag=True, help="Only what the run comes from.")
@click.option("--down", "is_down", is_flag=True, help="Only what it leads to.")
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="At most N steps each way.")
@click.option(
    "--format", "form", type=click.Choice(["tree", "mermaid", "dot"]), default="tree", show_default=True,
    help="How to show it.",
)  # fmt: skip
@workspace_options
@json_option
def lineage_command(
    *,
    run: str,
    is_up: bool,
    is_down: bool,
    depth: int | None,
    form: str,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Show what RUN was made from and what was made from it: inputs, parents, baselines, promoted copies."""
    place = open_workspace(workspace, workdir, contract)
    up, down = is_up or not is_down, is_down or not is_up
    found = lineage(place, run, is_up=up, is_down=down, depth=depth)
    if is_json:
        nodes = [msgspec.to_builtins(node) for node in found.nodes.values()]
        print_json("lineage", start=found.start, nodes=nodes, edges=msgspec.to_builtins(found.edges))
        return 0
    lines = {"mermaid": mermaid_lines, "dot": dot_lines}.get(form)
    for line in lines(found) if lines else tree_lines(found, is_up=up, is_down=down):
        say(line)
    return 0
