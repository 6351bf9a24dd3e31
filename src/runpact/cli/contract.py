"""`runpact contract …`: the contract itself.

Knows: flags, text and JSON.
Does not know: the language.
"""

from __future__ import annotations

import click
import msgspec

from runpact.cli.contracttext import (
    revision_document,
    revision_lines,
    say_tried,
    tried_document,
    verdict_of,
    write_page,
)
from runpact.cli.options import demand_meant, json_option, open_workspace, trust_option, workspace_options
from runpact.cli.output import paint, plain, print_json, say
from runpact.model.finding import Verdict
from runpact.workspace import contract_schema, pack_names
from runpact.workspace.certifying import judging_policies
from runpact.workspace.ignoring import IgnoreBlock
from runpact.workspace.pagefile import read_page


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
    place = open_workspace(workspace, workdir, file or contract)
    loaded, advice = place.lint(), place.advice()
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
            advice=[msgspec.to_builtins(each) for each in advice],
        )
        return 0
    say(f"{paint('OK', 'green')} {plain(loaded.origin)}: contract {found.contract} {found.version}")
    for name, kind in found.kinds.items():
        say(f"  kind {name} at {kind.at}: {len(kind.entries)} entries, {len(kind.rules)} rules")
    say(f"  digest {loaded.digest}")
    for each in advice:
        say(f"advice {plain(each.place)}: {plain(each.message)}")
        say(f"  expected {plain(each.expected)}")
    return 0


@contract_command.command("docs")
@click.argument("file", required=False)
@click.option("--output", metavar="PATH", help="Write the page there instead of printing it.")
@click.option(
    "--check", "compared", metavar="PATH", help="Exit 3 when the page at PATH is stale; write nothing."
)
@click.option("--artifacts", "is_of_artifacts", is_flag=True, help="What the stages read and write, alone.")
@workspace_options
def docs_command(
    *,
    file: str | None,
    is_of_artifacts: bool,
    output: str | None,
    compared: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
) -> int:
    """Write the document that says what runs under the contract FILE must look like, in Markdown.

    With --artifacts it says what goes from stage to stage instead: inputs and outputs, types and versions.
    """
    page = open_workspace(workspace, workdir, file or contract).page(is_of_artifacts=is_of_artifacts)
    if compared is not None:
        written = read_page(compared)
        is_current = written == page
        why = "stale" if written else "not there"
        say(f"{plain(compared)} is {'current' if is_current else f'{why}: write it with --output'}")
        return Verdict.OK.exit_code if is_current else Verdict.ERROR.exit_code
    if output is None:
        say(page.rstrip("\n"))
    else:
        write_page(output, page)
        say(f"wrote {plain(output)}")
    return 0


@contract_command.command("policies")
@click.argument("file", required=False)
@click.option("--output", metavar="PATH", help="Write them there instead of printing them.")
@workspace_options
def policies_command(
    *, file: str | None, output: str | None, workspace: str | None, workdir: str | None, contract: str | None
) -> int:
    """Write out the policies that judge certificates, as JSON: what the verifier that stands alone reads.

    What a policy has from a pack, or from another policy, is said in it.
    """
    demand_meant(output=output)
    text = judging_policies(open_workspace(workspace, workdir, file or contract))
    if output is None:
        say(text.rstrip("\n"))
    else:
        write_page(output, text)
        say(f"wrote {plain(output)}")
    return 0


@contract_command.command("ignore")
@click.argument("file", required=False)
@click.option("--output", metavar="PATH", help="Put the block into that ignore file, or renew it there.")
@click.option(
    "--check", "compared", metavar="PATH", help="Exit 3 when the block at PATH is stale; write nothing."
)
@workspace_options
def ignore_command(
    *,
    file: str | None,
    output: str | None,
    compared: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
) -> int:
    """Write the block of a .gitignore that keeps what is made at run time out of commits.

    Its patterns begin in the folder of PATH, or of the contract, and lead to the data root; lines outside
    the block stay as they are.
    """
    demand_meant(output=output, check=compared)
    block = IgnoreBlock(open_workspace(workspace, workdir, file or contract), output or compared)
    if compared is not None:
        is_current = block.is_current()
        say(f"{plain(compared)} is {'current' if is_current else 'stale: renew it with --output'}")
        for line in () if is_current else block.difference():
            say(plain(line))
        return Verdict.OK.exit_code if is_current else Verdict.ERROR.exit_code
    if output is None:
        for line in block.patterns:
            say(line)
    else:
        say(f"{'wrote' if block.write() else 'current:'} {plain(output)}")
    return 0


@contract_command.command("schema")
def schema_command() -> int:
    """Print the JSON Schema of a contract file, by which editors complete and check it.

    \b
      runpact contract schema > contract.schema.json
      # yaml-language-server: $schema=contract.schema.json
    """
    say(contract_schema().decode().rstrip("\n"))
    return 0


@contract_command.command("diff")
@click.argument("old")
@click.argument("new", required=False)
@click.option("--against", "is_against", is_flag=True, help="Judge runs by both; all when no --run is given.")
@click.option("--run", "runs", multiple=True, metavar="RUN", help="A run to judge by both contracts.")
@workspace_options
@json_option
def diff_command(
    *,
    old: str,
    new: str | None,
    is_against: bool,
    runs: tuple[str, ...],
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Tell what changed from the contract OLD to NEW (by default the workspace's), breaking changes first.

    Exit 0 without breaking changes, 1 when there are some that the version announces or none of the
    judged runs minds, 3 when the version is too low for them or a judged run stops conforming.
    """
    newer = open_workspace(workspace, workdir, new or contract)
    revision = newer.revise(open_workspace(None, None, old), runs, is_against=is_against)
    verdict = verdict_of(revision)
    if is_json:
        print_json("contract-diff", verdict=verdict.value, **revision_document(revision))
        return verdict.exit_code
    for line in revision_lines(revision):
        say(line)
    return verdict.exit_code


@contract_command.command("test")
@click.argument("file", required=False)
@click.option("--all", "is_all", is_flag=True, help="Try every shipped pack.")
@trust_option
@workspace_options
@json_option
def test_command(
    *,
    file: str | None,
    is_all: bool,
    trust_contract: bool,
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
    places = [open_workspace(workspace, workdir, name, trust_contract=trust_contract) for name in named]
    tried = [place.try_trees() for place in places]
    verdict = Verdict.OK if all(each.is_ok for each in tried) else Verdict.ERROR
    if is_json:
        print_json("contract-test", verdict=verdict.value, contracts=[tried_document(each) for each in tried])
        return verdict.exit_code
    for each in tried:
        say_tried(each)
    if is_all:
        say(f"packs {sum(each.is_ok for each in tried)} of {len(tried)}")
    return verdict.exit_code
