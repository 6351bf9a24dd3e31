"""`runpact pipeline`: run the stages of an experiment, and see where they stand.

Knows: the flags, what a person is told on the way and at the end.
Does not know: how a stage is run.
"""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import click

from runpact.cli.options import demand_meant, json_option, open_workspace, workspace_options
from runpact.cli.output import VERDICT_COLOUR, finding_documents, finding_lines, paint, print_json
from runpact.model.finding import Severity

if TYPE_CHECKING:
    from runpact.workspace.pipelines import PipelineEnd, Progress

SIGNALLED = 128
"""Added to the number of the signal that ended the command."""


@click.group("pipeline")
def pipeline_command() -> None:
    """Run the stages of an experiment, and see where they stand."""


@pipeline_command.command("run")
@workspace_options
@click.option("--experiment", required=True, metavar="X", help="Name of the experiment; made when it is new.")
@click.option("--from", "first", metavar="NN", help="First stage; by default the first there is.")
@click.option("--to", "last", metavar="NN", help="Last stage, itself included.")
@click.option("--only", multiple=True, metavar="NN", help="These stages alone.")
@click.option("--config", metavar="FILE", help="Configuration: JSON, YAML or TOML; frozen when X is made.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override one configuration key."
)
@click.option("--as", "instead", metavar="Y", help="Run another configuration as the experiment Y.")
@click.option("--kind", metavar="K", help="Kind of the contract; not needed when only one has stages.")
@click.option("--force", is_flag=True, help="Run stages that are up to date as well.")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Stages at once.")
@click.option(
    "--wait", "wait_seconds", type=float, default=0.0, help="Seconds to wait for another orchestrator."
)
@click.option("--durability", type=click.Choice(["commit", "none"]), default="commit", show_default=True)
@click.option("--show", "is_shown", is_flag=True, help="Repeat the output of stages on the terminal.")
@json_option
def run_command(
    *,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    experiment: str,
    first: str | None,
    last: str | None,
    only: tuple[str, ...],
    config: str | None,
    overrides: tuple[str, ...],
    instead: str | None,
    kind: str | None,
    force: bool,
    jobs: int,
    wait_seconds: float,
    durability: str,
    is_shown: bool,
    is_json: bool,
) -> int:
    """Create or continue the experiment X and run its stages.

    What is up to date is skipped. The pipeline stops at INCOMPLETE and ERROR and says what to run next.

    \b
      runpact pipeline run --experiment debug --from 01 --to 06 --config configs/debug.json
      runpact pipeline run --experiment debug
    """
    from runpact.workspace.pipelines import Ordered, run_stages  # noqa: PLC0415 - help does not need it

    demand_meant(kind=kind, config=config)
    place = open_workspace(workspace, workdir, contract)
    ordered = Ordered(
        experiment=experiment,
        instead=instead,
        kind=kind,
        first=first,
        last=last,
        only=only,
        config=config,
        overrides=overrides,
        is_forced=force,
        jobs=jobs,
        wait_seconds=wait_seconds,
        is_shown=is_shown and not is_json,
        durability=durability,
        options=_options(workspace=workspace, workdir=workdir, contract=contract, kind=kind),
    )
    found, end = run_stages(place, ordered, tell=_tell if not is_json else lambda _progress: None)
    if is_json:
        _print(found.name, place.shown(found.directory), end)
    else:
        sys.stderr.write("\n".join(_last_lines(found.name, end)) + "\n")
    return SIGNALLED + end.interrupted_by if end.interrupted_by is not None else end.verdict.exit_code


def _options(**given: str | None) -> str:
    """Return the options that every further command needs as well."""
    return " ".join(f"--{name} {shlex.quote(value)}" for name, value in given.items() if value is not None)


def _tell(progress: Progress) -> None:
    if progress.moment == "began":
        line = f"{progress.name}  runs: {progress.why}"
    elif progress.moment == "skipped":
        line = f"{progress.name}  skipped: {progress.why}"
    elif progress.result is not None:
        status = progress.result.status
        word = paint(status.value, VERDICT_COLOUR[status], stream=sys.stderr)
        line = f"{progress.name}  {word} in {progress.result.measured.duration_seconds:.1f} s"
    else:
        line = f"{progress.name}  {progress.moment}: {progress.why}"
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _last_lines(name: str, end: PipelineEnd) -> list[str]:
    lines = []
    for step in end.steps:
        if step.result is not None and step.done == "ran":
            lines += finding_lines(
                [each for each in step.result.findings if each.severity is not Severity.ADVICE]
            )
    word = paint(end.verdict.value, VERDICT_COLOUR[end.verdict], stream=sys.stderr)
    ran = sum(step.done == "ran" for step in end.steps)
    skipped = sum(step.done == "skipped" for step in end.steps)
    left = len(end.steps) - ran - skipped
    lines.append(
        f"runpact: {name} {word}: {ran} ran, {skipped} up to date" + (f", {left} not reached" if left else "")
    )
    if end.next_command is not None:
        lines.append(f"next: {end.next_command}")
    return lines


def _print(name: str, path: str, end: PipelineEnd) -> None:
    print_json(
        "pipeline-run",
        id=name,
        path=path,
        verdict=end.verdict.value,
        exit_code=end.verdict.exit_code,
        interrupted_by=end.interrupted_by,
        stopped_at=end.stopped_at,
        next=end.next_command,
        stages=[
            {
                "name": step.name,
                "done": step.done,
                "why": step.why,
                "status": step.result.status.value if step.result else None,
                "findings": finding_documents(step.result.findings) if step.result else [],
            }
            for step in end.steps
        ],
    )
