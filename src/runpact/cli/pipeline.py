"""`runpact pipeline`: run the stages of an experiment, and see where they stand.

Knows: the flags, what a person is told on the way and at the end.
Does not know: how a stage is run.
"""

from __future__ import annotations

import posixpath
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from runpact.cli.live import Live
from runpact.cli.options import Seconds, demand_meant, json_option, open_workspace, pairs, workspace_options
from runpact.cli.output import (
    STATE_COLOUR,
    VERDICT_COLOUR,
    finding_documents,
    finding_lines,
    paint,
    plain,
    print_json,
)
from runpact.model.finding import Severity
from runpact.model.run import State

if TYPE_CHECKING:
    from runpact.model.pipeline.done import DoneStage
    from runpact.workspace.pipelines import PipelineEnd, PipelineLook, StageStanding

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
@click.option(
    "--as",
    "instead",
    metavar="Y",
    help="Make it the experiment Y; without --config it begins with that of X.",
)
@click.option("--kind", metavar="K", help="Kind of the contract; not needed when only one has stages.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="ALIAS=PATH",
    help="Where an input stands, before any other answer; ALIAS= forgets what was named before.",
)
@click.option("--force", is_flag=True, help="Run stages that are up to date as well.")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Stages at once.")
@click.option(
    "--wait",
    "wait_seconds",
    type=Seconds(min=0),
    default=0.0,
    help="Seconds to wait for another orchestrator.",
)
@click.option("--dry-run", is_flag=True, help="Tell what would run, and why; make and change nothing.")
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
    inputs: tuple[str, ...],
    force: bool,
    jobs: int,
    wait_seconds: float,
    dry_run: bool,
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
    from runpact.workspace.pipelines import Ordered, plan_stages, run_stages  # noqa: PLC0415 - help does not need it

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
        inputs=pairs(inputs, "--input", may_be_empty=True),
        options=_options(
            workspace=workspace,
            workdir=workdir,
            contract=contract,
            kind=kind,
            jobs=str(jobs) if jobs != 1 else None,
            input=inputs,
        ),
    )
    if dry_run:
        return _tell_plan(instead or experiment, plan_stages(place, ordered), is_json=is_json)
    with Live(is_shown=not is_json) as live:
        found, end = run_stages(place, ordered, tell=live.tell)
    shown = place.shown(found.directory)
    if is_json:
        _print(found.name, shown, end)
    else:
        sys.stderr.write("\n".join(_last_lines(found.name, found.directory, shown, end)) + "\n")
    return SIGNALLED + end.interrupted_by if end.interrupted_by is not None else end.verdict.exit_code


@pipeline_command.command("status")
@workspace_options
@json_option
@click.argument("experiment")
def status_command(
    *, workspace: str | None, workdir: str | None, contract: str | None, is_json: bool, experiment: str
) -> int:
    """Tell where the stages of EXPERIMENT stand, and what would run next; nothing is changed."""
    from runpact.workspace.pipelines import look_at  # noqa: PLC0415 - help does not need it

    look = look_at(open_workspace(workspace, workdir, contract), experiment)
    if is_json:
        print_json(
            "pipeline-status",
            id=look.name,
            path=look.path,
            state=look.standing.state.value,
            reason=look.standing.reason,
            altered=look.altered,
            asked=list(look.asked.stages),
            stages=[_stage_document(each, look) for each in look.stages],
        )
    else:
        sys.stdout.write("\n".join(_status_lines(look)) + "\n")
    return 0


@pipeline_command.command("done")
@workspace_options
@click.option("--smoke", metavar="Y", help="The smoke experiment; by default the one the contract names.")
@json_option
@click.argument("experiment")
def done_command(
    *,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    smoke: str | None,
    is_json: bool,
    experiment: str,
) -> int:
    """Hold each stage of EXPERIMENT against the definition of done, by what is measured now.

    A stage that fails one of the eight points is in development. Exit 0 when all stages are done, else 1.
    """
    from runpact.workspace.done import judge_stages  # noqa: PLC0415 - help does not need it

    demand_meant(smoke=smoke)
    stages = judge_stages(open_workspace(workspace, workdir, contract), experiment, smoke=smoke)
    are_done = all(each.is_done for each in stages)
    if is_json:
        documents = [
            {"name": each.name, "label": each.label, "points": msgspec.to_builtins(each.points)}
            for each in stages
        ]
        print_json("pipeline-done", experiment=experiment, done=are_done, stages=documents)
    else:
        sys.stdout.write("\n".join(_done_lines(stages)) + "\n")
    return 0 if are_done else 1


def _done_lines(stages: Sequence[DoneStage]) -> list[str]:
    lines = []
    for each in stages:
        label = paint(each.label, "green" if each.is_done else "yellow", stream=sys.stdout)
        lines.append(f"{each.name}  {label}")
        for point in each.points:
            word = "yes" if point.holds else paint("no ", "red", stream=sys.stdout)
            lines.append(f"  {point.number} {word}  {point.name}: {plain(point.evidence)}")
    done = sum(each.is_done for each in stages)
    return [*lines, f"{done} of {len(stages)} stages done"]


def _stage_document(each: StageStanding, look: PipelineLook) -> dict[str, object]:
    row = each.row
    result = row.result if row is not None else None
    return {
        "name": each.name,
        "state": row.state.value if row is not None else None,
        "status": result.status.value if result is not None else None,
        "attempt": row.attempt if row is not None else 0,
        "started": row.started if row is not None else None,
        "duration_seconds": row.duration_seconds if row is not None else None,
        "stale": look.stale.get(each.name),
        "why": each.why,
        "waits_for": list(each.waits_for),
        "processes": list(look.living.get(each.name, ())),
    }


def _status_lines(look: PipelineLook) -> list[str]:
    reason = f" ({look.standing.reason})" if look.standing.reason else ""
    state = paint(look.standing.state.value, STATE_COLOUR[look.standing.state], stream=sys.stdout)
    lines = [f"{look.path}  {state}{reason}"]
    width = max((len(each.name) for each in look.stages), default=0)
    for each in look.stages:
        row = each.row
        word = "-" if row is None else row.result.status.value if row.result else row.state.value
        took = f"{row.duration_seconds:.1f} s" if row is not None and row.duration_seconds is not None else ""
        follows = each.follows or each.why or "up to date"
        if row is not None and row.state is State.RUNNING:
            follows = "runs now"
        if each.name in look.living:
            pids = ", ".join(str(pid) for pid in look.living[each.name])
            follows += f"; still running: {pids} (ended when the stage runs again)"
        lines.append(f"  {each.name:{width}}  {word:11}  {took:>9}  {follows}")
    if look.altered is not None:
        lines.append(f"  {look.altered} is not the configuration it was begun with; the next run restores it")
    return lines


def _options(**given: str | tuple[str, ...] | None) -> str:
    """Return the options that every further command needs as well."""
    said = (
        (name, value)
        for name, values in given.items()
        for value in ((values,) if isinstance(values, str) else values or ())
    )
    return " ".join(f"--{name} {shlex.quote(value)}" for name, value in said)


def _tell_plan(name: str, end: PipelineEnd, *, is_json: bool) -> int:
    if is_json:
        _print(name, "", end)
        return 0
    lines = [f"{step.name}  {step.done}: {step.why}" for step in end.steps]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _words(directory: str, stage: str) -> list[str]:
    """Return what the program of a stage said last."""
    from runpact.workspace.lastwords import last_words  # noqa: PLC0415 - only a failure needs it

    path, lines = last_words(directory, stage)
    return [f"  {plain(path)} ends with", *(f"    | {plain(line)}" for line in lines)] if lines else []


def _last_lines(name: str, directory: str, shown: str, end: PipelineEnd) -> list[str]:
    lines = []
    for step in end.steps:
        if step.result is not None:
            lines += finding_lines(
                [
                    msgspec.structs.replace(each, path=posixpath.normpath(posixpath.join(shown, each.path)))
                    for each in step.result.findings
                    if each.severity is not Severity.ADVICE and each.because is None
                ]
            )
            lines += _words(directory, step.name) if step.done == "ran" and not step.result.is_usable else []
    word = paint(end.verdict.value, VERDICT_COLOUR[end.verdict], stream=sys.stderr)
    ran = sum(step.done == "ran" for step in end.steps)
    skipped = sum(step.done == "skipped" for step in end.steps)
    refused = sum(step.done == "refused" for step in end.steps)
    unbegun = sum(step.done == "not begun" for step in end.steps)
    left = sum(step.done == "not reached" for step in end.steps)
    lines.append(
        f"runpact: {name} {word}: {ran} ran, {skipped} up to date"
        + (f", {unbegun} could not begin" if unbegun else "")
        + (f", {refused} refused (its last attempt stays)" if refused else "")
        + (f", {left} not reached" if left else "")
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
        restored=list(end.restored),
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
