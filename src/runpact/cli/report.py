"""`runpact report`: a certificate, or a page about a run.

Knows: the formats, and what is told of what was written.
Does not know: what a certificate or a page says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from runpact.cli.options import demand_meant, json_option, open_workspace, policy_option, workspace_options
from runpact.cli.output import VERDICT_COLOUR, paint, plain, print_json, say
from runpact.cli.passphrase import passphrase_of
from runpact.model.errors import UsageError
from runpact.model.finding import Verdict
from runpact.workspace import Workspace
from runpact.workspace.certifying import certify
from runpact.workspace.signing import sign, signers
from runpact.workspace.telling import write_page

if TYPE_CHECKING:
    from runpact.model.signing.key import Signer

_VERDICTS = {
    "pass": Verdict.OK,
    "insufficient_evidence": Verdict.INCOMPLETE,
    "fail": Verdict.ERROR,
}


@click.command("report")
@click.argument("subject", metavar="RUN|REPORT")
@click.option(
    "--format",
    "form",
    type=click.Choice(["cert", "md", "html"]),
    required=True,
    help="A certificate, or a page for people.",
)
@click.option("--baseline", metavar="RUN|REPORT", help="What a certificate compares it with.")
@policy_option
@click.option(
    "--out", metavar="PATH", help="Folder of the evidence, by default reports_scratch/; file of a page."
)
@click.option("--sign", "keys", multiple=True, metavar="KEY", help="Sign a certificate with a private key.")
@click.option("--passphrase-env", "variable", metavar="NAME", help="Variable with the key's passphrase.")
@click.option("--label", metavar="NAME", help="Name of the certificate's folder.")
@workspace_options
@json_option
def report_command(
    *,
    subject: str,
    form: str,
    baseline: str | None,
    policy: str | None,
    out: str | None,
    label: str | None,
    keys: tuple[str, ...],
    variable: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Certify a run against its baseline, or write a page about it.

    \b
    A certificate is written with the reports that it rests on, and never again. Exit 0 for a pass,
    2 for insufficient evidence, 3 for a failure.

    \b
      runpact report quant8 --format cert --baseline baseline --policy balanced
      runpact report quant8 --format html --out quant8.html
    """
    demand_meant(baseline=baseline, policy=policy, out=out, label=label, **{"passphrase-env": variable})
    place = open_workspace(workspace, workdir, contract)
    if form == "cert":
        if baseline is None:
            raise UsageError("a certificate compares with a baseline", expected="--baseline RUN|REPORT")
        using = signers(keys, passphrase=passphrase_of(variable))
        return _certificate(place, (subject, baseline), policy, out, label, using, is_json=is_json)
    if baseline or policy or label or keys:
        told = "--baseline, --policy, --label and --sign belong to --format cert"
        raise UsageError(told, got=f"--format {form}")
    written, text = write_page(place, subject, form, output=out)
    if is_json:
        print_json("report", path=written, size=len(text))
    elif written is None:
        say(text.rstrip("\n"))
    else:
        say(f"wrote {plain(written)}")
    return 0


def _certificate(
    place: Workspace,
    pair: tuple[str, str],
    policy: str | None,
    out: str | None,
    label: str | None,
    using: Sequence[Signer],
    *,
    is_json: bool,
) -> int:
    made = certify(place, *pair, policy=policy, folder=out, label=label)
    told, shown = made.certificate, place.shown(made.path)
    attestation = place.shown(sign(made.path, using)) if using else None
    verdict = _VERDICTS[told.decision]
    if is_json:
        print_json(
            "certificate",
            path=shown,
            is_new=made.is_new,
            attestation=attestation,
            decision=told.decision,
            verdict=verdict.value,
            reasons=msgspec.to_builtins(told.reasons),
        )
        return verdict.exit_code
    note = "" if made.is_new else " (it stood there already)"
    say(f"{paint(verdict.value, VERDICT_COLOUR[verdict])} {told.decision}: {plain(shown)}{note}")
    if attestation:
        say(f"  signed: {plain(attestation)}")
    for cause in told.reasons:
        say(f"  [{cause.code}] {plain(cause.subject)}: {plain(cause.message)}")
    return verdict.exit_code
