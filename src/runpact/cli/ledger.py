"""`runpact ledger`: what was promoted and pruned, and the proof of it.

Knows: how entries and proofs are shown.
Does not know: how they are made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from runpact.cli.options import demand_meant, json_option, open_workspace, workspace_options
from runpact.cli.output import (
    VERDICT_COLOUR,
    finding_documents,
    finding_lines,
    paint,
    plain,
    print_json,
    say,
    table_lines,
)
from runpact.model.names import counted
from runpact.workspace import archiving

if TYPE_CHECKING:
    from runpact.model.finding import Report
    from runpact.model.ledger.entry import Entry

_HEAD = click.option("--head", metavar="HEAD", help="A head that you know, as `12:sha256:…`.")


@click.group("ledger")
def ledger_command() -> None:
    """See what was promoted and pruned, and prove it.

    The ledger, `.runpact-ledger.jsonl`, belongs under version control. Each entry names the hash of the one
    before it; a Merkle tree over all of them (RFC 6962) has one root, the head.
    """


@ledger_command.command("show")
@click.argument("reference", metavar="[RUN]", required=False)
@workspace_options
@json_option
def show_command(
    *, reference: str | None, workspace: str | None, workdir: str | None, contract: str | None, is_json: bool
) -> int:
    """List the entries, those of one run when it is named by its id or uid."""
    place = open_workspace(workspace, workdir, contract)
    found = archiving.ledger(place)
    entries = [each for each in found.entries if reference in {None, each.run, each.run_id, each.path}]
    verdict = found.report.verdict
    if is_json:
        print_json(
            "ledger",
            head=found.head,
            verdict=verdict.value,
            findings=finding_documents(found.report.findings),
            entries=[msgspec.to_builtins(each) for each in entries],
        )
        return verdict.exit_code
    for line in table_lines(("SEQ", "TIME", "WHO", "ACTION", "RUN", "WHAT"), map(_row, entries)):
        say(line)
    for line in finding_lines(found.report.findings):
        say(line)
    say(f"head {found.head}")
    return verdict.exit_code


def _row(entry: Entry) -> tuple[str, ...]:
    told = [entry.at or "", entry.decision or "", entry.reason]
    if entry.baseline is not None:
        told.insert(1, f"→ {entry.baseline.run_id}")
    return (
        str(entry.seq),
        entry.time[:19] + "Z",
        entry.who,
        entry.action,
        entry.path,
        " ".join(part for part in told if part),
    )


@ledger_command.command("prove")
@click.argument("reference", metavar="SEQ|RUN|FOLDER")
@workspace_options
def prove_command(*, reference: str, workspace: str | None, workdir: str | None, contract: str | None) -> int:
    """Print the proof that an entry stands in the ledger, as JSON; it is checked without the ledger."""
    proof = archiving.prove(open_workspace(workspace, workdir, contract), reference)
    say(msgspec.json.format(msgspec.json.encode(proof), indent=2).decode())
    return 0


@ledger_command.command("verify")
@click.argument("proof", metavar="[PROOF]", required=False)
@_HEAD
@workspace_options
@json_option
def verify_command(
    *,
    proof: str | None,
    head: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Verify the ledger, or a proof.

    \b
    The ledger: that each entry follows the one before it and, with --head, that it only grew since then.
    A proof: that its entry leads to --head, without it to the ledger here. Exit 1 when there is neither.
    """
    demand_meant(head=head, proof=proof)
    place = open_workspace(workspace, workdir, contract)
    if proof is not None:
        stated, report = archiving.verify_proof(place, proof, head=head)
        told = f"{plain(proof)}: entry {stated.seq} of {stated.head}"
        return _tell("ledger-proof-verified", report, told, stated.head, is_json=is_json)
    found, report = archiving.verify_ledger(place, head=head)
    told = f"{counted(len(found.entries), 'entry', 'entries')}, head {found.head}"
    return _tell("ledger-verified", report, told, found.head, is_json=is_json)


def _tell(name: str, report: Report, told: str, head: str, *, is_json: bool) -> int:
    verdict = report.verdict
    if is_json:
        print_json(name, verdict=verdict.value, head=head, findings=finding_documents(report.findings))
        return verdict.exit_code
    say(f"{paint(verdict.value, VERDICT_COLOUR[verdict])} {told}")
    for line in finding_lines(report.findings):
        say(line)
    return verdict.exit_code
