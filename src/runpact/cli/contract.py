"""`runpact contract …`: the contract itself.

Knows: flags, text and JSON.
Does not know: the language.
"""

from __future__ import annotations

import click

from runpact.cli.options import json_option, open_workspace, workspace_options
from runpact.cli.output import paint, plain, print_json, say


@click.group("contract")
def contract_command() -> None:
    """Work on the contract itself."""


@contract_command.command("lint")
@click.argument("file", required=False)
@workspace_options
@json_option
def lint_command(
    *, file: str | None, workspace: str | None, workdir: str | None, contract: str | None, is_json: bool
) -> int:
    """Read the contract FILE (by default the workspace's) and list every fault, with line and column.

    Exit 0 when it is well formed, 2 when it is not.
    """
    loaded = open_workspace(workspace, workdir, file or contract).lint()
    found = loaded.contract
    if is_json:
        print_json(
            "contract",
            id=found.contract,
            version=found.version,
            digest=loaded.digest,
            origin=loaded.origin,
            kinds=list(found.kinds),
            files=sorted(loaded.sources),
        )
        return 0
    say(f"{paint('OK', 'green')} {plain(loaded.origin)}: contract {found.contract} {found.version}")
    for name, kind in found.kinds.items():
        say(f"  kind {name} at {kind.at}: {len(kind.entries)} entries, {len(kind.rules)} rules")
    say(f"  digest {loaded.digest}")
    return 0
