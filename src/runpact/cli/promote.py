"""`runpact promote`: a curated copy of a run, together with its evidence.

Knows: its options, and what is told of the copy.
Does not know: what may be promoted.
"""

from __future__ import annotations

import click
import msgspec

from runpact.cli.options import (
    demand_meant,
    json_option,
    open_workspace,
    policy_option,
    signature_option,
    trust_file_option,
    workspace_options,
)
from runpact.cli.output import paint, plain, print_json, say
from runpact.model.archive.copy import Wish
from runpact.workspace.archiving import promote


@click.command("promote")
@click.argument("run", metavar="RUN")
@click.option(
    "--as", "label", metavar="LABEL", help="Name of the folder; by default it follows from the run."
)
@click.option("--to", "promotion", metavar="NAME", help="Which promotion of the contract, if it has several.")
@click.option("--certificate", metavar="CERT|DIR", help="By default looked for in reports_scratch/.")
@click.option("--failed", "is_failed", is_flag=True, help="Archive a certificate that is no pass.")
@click.option("--metadata", "annotations", metavar="FILE", help="JSON that is kept beside, and never read.")
@policy_option
@signature_option
@trust_file_option
@workspace_options
@json_option
def promote_command(
    *,
    run: str,
    label: str | None,
    promotion: str | None,
    certificate: str | None,
    is_failed: bool,
    annotations: str | None,
    policy: str | None,
    needs_signature: bool,
    trust_file: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Make a curated copy of a run, and tell the ledger.

    The run must have finished, keep its contract and verify. A subject needs a certificate that passes, a
    baseline (`--as baseline`) a report with all its windows. Promoting again finds what is there.

    \b
      runpact promote baseline
      runpact promote quant8
      runpact promote quant2 --failed
    """
    options = {"as": label, "to": promotion, "certificate": certificate, "metadata": annotations}
    demand_meant(policy=policy, trust=trust_file, **options)
    place = open_workspace(workspace, workdir, contract)
    wish = Wish(label=label, promotion=promotion, certificate=certificate, is_failed=is_failed)
    made = promote(
        place,
        run,
        wish,
        annotations=annotations,
        policy=policy,
        needs_signature=needs_signature,
        trust_file=trust_file,
    )
    shown = place.shown(made.path)
    if is_json:
        record = msgspec.to_builtins(made.record)
        print_json("promote", path=shown, is_new=made.is_new, entry=made.entry.seq, record=record)
        return 0
    word = "promoted" if made.is_new else "stood there already"
    say(f"{paint('OK', 'green')} {word}: {plain(shown)}, entry {made.entry.seq} of the ledger")
    if made.entry.baseline is not None:
        say(f"  {plain(made.entry.run_id)} → {plain(made.entry.baseline.run_id)}, {made.entry.decision}")
    for path, file in made.entry.files.items():
        say(f"  {file.size:>9,}  {plain(path)}")
    return 0
