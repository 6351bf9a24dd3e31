"""`runpact gate`: ask whether what a stage reads may be read.

Knows: the flags, the line of each fault.
Does not know: what closes a gate.
"""

from __future__ import annotations

import click

from runpact.cli.options import demand_meant, json_option, open_workspace, pairs, workspace_options
from runpact.cli.output import VERDICT_COLOUR, finding_documents, paint, plain, print_json, say
from runpact.model.finding import Verdict
from runpact.model.pipeline.gate import gate_line


@click.command("gate")
@workspace_options
@click.option("--experiment", required=True, metavar="X", help="Name of the experiment.")
@click.option("--stage", required=True, metavar="NN", help="The stage that would read.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="ALIAS=PATH",
    help="Where an input stands, before any other answer; ALIAS= forgets what was named before.",
)
@click.option("--kind", metavar="K", help="Kind of the contract; not needed when only one has stages.")
@json_option
def gate_command(
    *,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    experiment: str,
    stage: str,
    inputs: tuple[str, ...],
    kind: str | None,
    is_json: bool,
) -> int:
    """Ask whether everything that stage NN reads is there, whole, fresh and of its type.

    Each fault has a line of its own, which begins with missing_artifact, stale_artifact, invalid_artifact or
    ambiguous_artifact and ends with the command that makes it anew. Exit 0 when the gate is open, 1 when it
    is open with a warning, 2 when it is closed.
    """
    from runpact.workspace.gating import ask_gate  # noqa: PLC0415 - help does not need it

    demand_meant(kind=kind)
    place = open_workspace(workspace, workdir, contract)
    answer = ask_gate(place, experiment, stage, kind=kind, inputs=pairs(inputs, "--input", may_be_empty=True))
    if is_json:
        print_json(
            "gate",
            experiment=answer.experiment,
            stage=answer.stage,
            verdict=answer.verdict.value,
            findings=finding_documents(answer.findings),
            inputs=answer.inputs,
        )
        return answer.verdict.exit_code
    for finding in answer.findings:
        say(plain(gate_line(finding)))
    word = "closed" if answer.verdict in {Verdict.INCOMPLETE, Verdict.ERROR} else "open"
    aliases = len({each.alias for each in answer.inputs})
    verdict = paint(answer.verdict.value, VERDICT_COLOUR[answer.verdict])
    name = f"{answer.experiment}/{answer.stage}"
    files = f"{len(answer.inputs)} file{'s' * (len(answer.inputs) != 1)}"
    say(f"{verdict} gate of {name}: {word}, {files} behind {aliases} alias{'es' * (aliases != 1)}")
    return answer.verdict.exit_code
