"""`runpact init`: start a workspace.

Knows: flags and what a newcomer is told.
Does not know: what is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runpact.cli.options import json_option
from runpact.cli.output import plain, print_json, say
from runpact.workspace import initialise

if TYPE_CHECKING:
    from runpact.workspace import NewWorkspace


@click.command("init")
@click.argument("folder", default=".")
@click.option(
    "--pack", default="runpact:basic@1", show_default=True, metavar="PACK", help="Contract to extend."
)
@click.option(
    "--id", "identity", metavar="ID", help="The contract's own id; by default from the folder's name."
)
@json_option
def init_command(*, folder: str, pack: str, identity: str | None, is_json: bool) -> int:
    """Start a workspace in FOLDER: a contract that extends PACK, and a .gitignore block.

    A pack of pipelines begins with two stages that run.
    Files that exist are never overwritten; the .gitignore block is added or refreshed.
    """
    made = initialise(folder, pack=pack, identity=identity)
    if is_json:
        print_json(
            "init", root=made.root, contract=made.contract, written=list(made.written), next=_next(made)
        )
        return 0
    for path in made.written:
        say(f"wrote {plain(path)}")
    say(f"next: {_next(made)}")
    return 0


def _next(made: NewWorkspace) -> str:
    if made.made_by:
        globs = " or ".join(f"`{glob}`" for glob in made.made_by)
        return f"write a program in {globs}, start it with `runpact run -- python FILE`, then `runpact ls`"
    if made.stages is None:
        return "`runpact run --name first -- COMMAND`, then `runpact ls`"
    if not made.stages:
        return "declare the stages in contract.yaml, then `runpact pipeline run --experiment first`"
    config = f" --config {made.config}" if made.config is not None else ""
    return f"`runpact pipeline run --experiment first{config}`, then `runpact pipeline status first`"
