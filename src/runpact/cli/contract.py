"""`runpact contract …`: the contract itself.

Knows: flags, text and JSON.
Does not know: the language.
"""

from __future__ import annotations

import click

from runpact.cli.options import json_option, open_workspace, workspace_options
from runpact.cli.output import paint, plain, print_json, say
from runpact.model.finding import Verdict
from runpact.workspace import TriedContract, pack_names


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


@contract_command.command("test")
@click.argument("file", required=False)
@click.option("--all", "is_all", is_flag=True, help="Try every shipped pack.")
@workspace_options
@json_option
def test_command(
    *,
    file: str | None,
    is_all: bool,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Judge the good and bad trees that the contract FILE carries in `cases.yaml` and `trees/`.

    Every tree must be judged as its case says, and every rule must be broken by some tree.
    Exit 0 when both hold, 3 when they do not, 2 when there are no cases.
    """
    named = pack_names() if is_all else [file or contract]
    tried = [open_workspace(workspace, workdir, name).try_trees() for name in named]
    verdict = Verdict.OK if all(each.is_ok for each in tried) else Verdict.ERROR
    if is_json:
        print_json(
            "contract-test", verdict=verdict.value, contracts=[_tried_document(each) for each in tried]
        )
        return verdict.exit_code
    for each in tried:
        _say_tried(each)
    if is_all:
        say(f"packs {sum(each.is_ok for each in tried)} of {len(tried)}")
    return verdict.exit_code


def _tried_document(tried: TriedContract) -> dict[str, object]:
    return {
        "id": tried.id,
        "cases": [
            {"tree": case.tree, "verdict": case.verdict, "rule": case.rule, "faults": list(case.faults)}
            for case in tried.cases
        ],
        "right": tried.right,
        "unbroken": list(tried.unbroken),
    }


def _say_tried(tried: TriedContract) -> None:
    word = paint("OK", "green") if tried.is_ok else paint("ERROR", "red")
    say(f"{word} {plain(tried.id)}: {tried.right} of {len(tried.cases)} trees judged as they should be")
    for case in tried.cases:
        for fault in case.faults:
            say(f"  {plain(case.tree)}: {plain(fault)}")
    if tried.unbroken:
        say(f"  no tree breaks {', '.join(tried.unbroken)}")
