"""`runpact run`: make a run of a command.

Knows: the flags, and what a person is told at the end.
Does not know: how a child is run or a run sealed.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Unpack

import click

from runpact.cli.fencing import FenceFlags, confinement_lines, fence_options, wanted_by
from runpact.cli.options import (
    EvidenceOptions,
    demand_meant,
    evidence_options,
    json_option,
    open_workspace,
    workspace_options,
)
from runpact.cli.output import (
    STATE_COLOUR,
    VERDICT_COLOUR,
    finding_documents,
    finding_lines,
    paint,
    print_json,
)
from runpact.model.confinement import is_reached
from runpact.model.errors import UsageError
from runpact.model.finding import Severity, Verdict
from runpact.model.run import State
from runpact.workspace.certifying import announcing

if TYPE_CHECKING:
    from runpact.workspace import ExecutedRun, Workspace

SIGNALLED = 128
"""Added to the number of the signal that ended the command."""


@click.command("run", context_settings={"ignore_unknown_options": False})
@workspace_options
@click.option("--kind", metavar="K", help="Kind of the contract; not needed when there is only one.")
@click.option("--name", metavar="N", help="Name of the run.")
@click.option(
    "--capture", "captures", multiple=True, metavar="KEY=VALUE", help="Further captures of the kind's place."
)
@click.option("--out", metavar="DIR", help="Directory that is to hold the run.")
@click.option("--config", metavar="FILE", help="Configuration: JSON, YAML or TOML.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override one configuration key."
)
@click.option("--seed", "seeds", multiple=True, metavar="LIBRARY=N", help="Record a seed.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="FILE|URI",
    help="Record a file, folder, model or data set it reads, by digest.",
)
@click.option(
    "--cache", "caches", multiple=True, metavar="GLOB", help="Let the command write here, as in 'tmp/**'."
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="NAME",
    help="This environment variable is secret, as in 'ACME_*'; '!NAME': is not.",
)
@click.option(
    "--guard",
    type=click.Choice(["compare", "off"]),
    default="compare",
    show_default=True,
    help="Look for what was written outside the run, or do not.",
)
@fence_options
@evidence_options
@click.option("--durability", type=click.Choice(["commit", "none"]), default="commit", show_default=True)
@click.option("--private", "is_private", is_flag=True, help="Readable by you alone (0700).")
@click.option("--record-host", is_flag=True, help="Record host name, user and absolute paths.")
@click.option("--passthrough", is_flag=True, help="Exit with the command's own code.")
@click.option("--quiet", is_flag=True, help="Do not repeat the command's output on the terminal.")
@json_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run_command(
    *,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    kind: str | None,
    name: str | None,
    captures: tuple[str, ...],
    out: str | None,
    config: str | None,
    overrides: tuple[str, ...],
    seeds: tuple[str, ...],
    inputs: tuple[str, ...],
    caches: tuple[str, ...],
    secrets: tuple[str, ...],
    guard: str,
    evidence: EvidenceOptions,
    durability: str,
    is_private: bool,
    record_host: bool,
    passthrough: bool,
    quiet: bool,
    is_json: bool,
    command: tuple[str, ...],
    **fence: Unpack[FenceFlags],
) -> int:
    """Make a run of COMMAND, under the workspace's contract.

    \b
    The command finds its run in RUNPACT_RUN_DIR and RUNPACT_RUN_ID, its configuration as JSON in
    RUNPACT_CONFIG. Its output goes to logs/ and to the terminal.

    \b
      runpact run --name baseline -- python train.py
      runpact run --config base.yaml --set lr=0.1 -- ./simulate
    """
    place = _opened((workspace, workdir, contract), kind=kind, out=out, config=config)
    request = place.request(
        kind=kind,
        name=name,
        captures=_pairs(captures, "--capture"),
        out=os.path.abspath(out) if out else None,
        config=config,
        overrides=overrides,
        seeds=_seeds(seeds),
        inputs=inputs,
        caches=caches,
        secrets=secrets,
        guard=guard,
        wanted=wanted_by(fence, guard=guard),
        command=command,
        durability=durability,
        is_private=is_private,
        record_host=record_host,
    )
    request = announcing(place, request, **evidence)
    _tell_doubt(request.announced.doubt)
    executed = place.execute(request, tee=not quiet and not is_json)
    _tell(executed, least=fence["least"], is_json=is_json)
    return _exit_code(executed, least=fence["least"], passthrough=passthrough)


def _opened(where: tuple[str | None, str | None, str | None], **options: str | None) -> Workspace:
    demand_meant(**options)
    place = open_workspace(*where)
    if place.contract is None:
        sys.stderr.write("runpact: no contract here; using the pack runpact:basic@1\n")
    return place


def _tell_doubt(doubt: str) -> None:
    if doubt:
        sys.stderr.write(f"runpact: not paired: {doubt}\n")


def _tell(executed: ExecutedRun, *, least: str, is_json: bool) -> None:
    checked, end = executed.checked, executed.execution
    for line in confinement_lines(end, least=least):
        sys.stderr.write(f"runpact: {line}\n")
    if is_json:
        print_json(
            "run-result",
            id=executed.id,
            uid=executed.uid,
            path=checked.path,
            state=end.state.value,
            reason=end.reason,
            exit_code=end.exit_code,
            signal=end.signal,
            verdict=checked.verdict.value,
            judged_by=checked.judged_by,
            confinement=end.confinement.level,
            lacking=end.confinement.lacking,
            undeclared=end.confinement.undeclared,
            findings=finding_documents(checked.report.findings),
        )
        return
    state = paint(end.state.value, STATE_COLOUR[end.state], stream=sys.stderr)
    verdict = paint(checked.verdict.value, VERDICT_COLOUR[checked.verdict], stream=sys.stderr)
    reason = f" ({end.reason})" if end.reason else ""
    lines = [f"runpact: {checked.path} {state}{reason}; contract {checked.judged_by}: {verdict}"]
    lines += finding_lines(
        [finding for finding in checked.report.findings if finding.severity is not Severity.ADVICE]
    )
    sys.stderr.write("\n".join(lines) + "\n")


def _exit_code(executed: ExecutedRun, *, least: str, passthrough: bool) -> int:
    end = executed.execution
    if passthrough and (end.exit_code or end.signal or end.state is not State.FAILED):
        return SIGNALLED + end.signal if end.signal is not None else end.exit_code or 0
    if end.interrupted_by is not None:
        return SIGNALLED + end.interrupted_by
    if end.state is not State.FINISHED:
        return Verdict.ERROR.exit_code
    doubt = Verdict.WARNING if end.reason else Verdict.OK
    if not is_reached(end.confinement.level, least):
        doubt = Verdict.INCOMPLETE
    return max(executed.checked.verdict.exit_code, doubt.exit_code)


def _pairs(texts: tuple[str, ...], flag: str) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    for key, separator, value in pairs:
        if not key or not separator:
            raise UsageError(f"{flag} cannot be read", expected="KEY=VALUE", got=key + separator + value)
    return {key: value for key, _separator, value in pairs}


def _seeds(texts: tuple[str, ...]) -> dict[str, int | None]:
    try:
        return {key: int(value) for key, value in _pairs(texts, "--seed").items()}
    except ValueError as error:
        raise UsageError("a seed is a whole number", expected="LIBRARY=N", got=" ".join(texts)) from error
