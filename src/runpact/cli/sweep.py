"""`runpact sweep`.

Knows: how a space and an objective are said in words, what a person is told of a sweep.
Does not know: how trials are run.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
import msgspec

from runpact.cli.options import demand_meant, json_option, open_workspace, pairs, workspace_options
from runpact.cli.output import (
    STATE_COLOUR,
    VERDICT_COLOUR,
    finding_lines,
    note,
    paint,
    plain,
    print_json,
    say,
    table_lines,
    terminal_width,
)
from runpact.cli.sweeplive import SweepLive
from runpact.model.errors import UsageError
from runpact.model.finding import Severity
from runpact.model.names import counted
from runpact.model.sweep.space import drawn_of, grid_of, key_of
from runpact.model.sweep.trial import settings_told
from runpact.workspace import sweeping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runpact.model.facts import Json
    from runpact.model.sweep.board import Board
    from runpact.model.sweep.space import Space
    from runpact.workspace import Workspace

_SIGNALLED = 128
_WORDS = "runpact.words"
_SHOWN = 10


class SweepCommand(click.Command):
    """Takes what stands behind `--` as the command of a trial, and nothing else as such."""

    behind = "command"
    """The parameter for it, where a program asks."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Part the words at the first `--`."""
        words = tuple(args)
        place = args.index("--") if "--" in args else len(args)
        rest = super().parse_args(ctx, args[:place])
        ctx.params["command"] = tuple(args[place + 1 :])
        ctx.meta[_WORDS] = ("runpact", "sweep", *(word for word in words if word != "--json"))
        return rest


@click.command("sweep", cls=SweepCommand)
@click.argument("file", required=False, metavar="[PLAN.yaml]")
@workspace_options
@click.option("--grid", "grids", multiple=True, metavar="KEY=V1,V2…", help="Try every one of these values.")
@click.option(
    "--random", "draws", multiple=True, metavar="KEY=RANGE",
    help="Draw from uniform(a,b), log(a,b), int(a,b) or choice(v1,v2…).",
)  # fmt: skip
@click.option("--optuna", "is_optuna", is_flag=True, help="Let Optuna's sampler choose (extra `sweep`).")
@click.option("--trials", type=int, metavar="N", help="At most so many trials.")
@click.option(
    "--seed", type=int, metavar="N", help="Of the draws; each trial gets a seed that follows from it."
)
@click.option("--objective", metavar="FIELD:min|max", help="As in metrics.loss:min or metrics.json#/auc:max.")
@click.option(
    "--jobs", type=int, metavar="N", help="So many trials at once; by default 1, or as many as before."
)
@click.option("--retry", type=int, metavar="N", help="Try a failed trial again, so often.")
@click.option("--resume", metavar="SWEEP", help="Go on with a sweep; what finished is not tried again.")
@click.option("--config", metavar="FILE", help="Base configuration: JSON, YAML or TOML.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key of the base.")
@click.option("--name", metavar="N", help="Name of the sweep; its trials are called N-0001 and so on.")
@click.option("--kind", metavar="K", help="Kind of the trials.")
@click.option("--sweep-kind", metavar="K", help="Kind of the sweep itself; by default `sweep`.")
@click.option(
    "--capture", "captures", multiple=True, metavar="KEY=VALUE", help="Captures of a trial's place."
)
@click.option(
    "--sweep-capture",
    "sweep_captures",
    multiple=True,
    metavar="KEY=VALUE",
    help="Captures of the sweep's place.",
)
@click.option(
    "--cache", "caches", multiple=True, metavar="GLOB", help="Let trials write here, as in 'tmp/**'."
)
@click.option(
    "--input", "inputs", multiple=True, metavar="FILE", help="Record a file or folder that trials read."
)
@click.option(
    "--durability", type=click.Choice(["commit", "none"]), help="Of the trials; by default `commit`."
)
@click.option("--dry-run", is_flag=True, help="Say what would be tried; make nothing.")
@json_option
def sweep_command(
    *,
    file: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    grids: tuple[str, ...],
    draws: tuple[str, ...],
    is_optuna: bool,
    trials: int | None,
    seed: int | None,
    objective: str | None,
    jobs: int | None,
    retry: int | None,
    resume: str | None,
    config: str | None,
    overrides: tuple[str, ...],
    name: str | None,
    kind: str | None,
    sweep_kind: str | None,
    captures: tuple[str, ...],
    sweep_captures: tuple[str, ...],
    caches: tuple[str, ...],
    inputs: tuple[str, ...],
    durability: str | None,
    dry_run: bool,
    is_json: bool,
    command: tuple[str, ...] = (),
) -> int:
    """Try many settings of a configuration, each a run of its own, and rank them.

    \b
      runpact sweep --grid lr=0.1,0.01 --objective metrics.loss:min -- python train.py --lr {lr}
      runpact sweep --random "lr=log(1e-4,1e-1)" --trials 20 --jobs 2 --objective metrics.loss:min -- ./train
      runpact sweep plan.yaml
      runpact sweep --resume SWEEP
    """
    demand_meant(config=config, name=name, kind=kind, resume=resume, objective=objective)
    place = open_workspace(workspace, workdir, contract)
    said: dict[str, object] = {
        "space": _space(grids, draws),
        "method": "optuna" if is_optuna else None,
        "trials": trials,
        "seed": seed,
        "objective": objective,
        "config": config,
        "set": overrides,
        "name": name,
        "kind": kind,
        "sweep_kind": sweep_kind,
        "captures": dict(pairs(captures, "--capture")),
        "sweep_captures": dict(pairs(sweep_captures, "--sweep-capture")),
        "command": command,
        "caches": caches,
        "inputs": inputs,
        "durability": durability,
    }
    said = {key: value for key, value in said.items() if value not in (None, (), {})}
    if resume is not None:
        return _resumed(place, resume, said, file, jobs=jobs, retry=retry, is_json=is_json, is_dry=dry_run)
    said |= {} if retry is None else {"retry": retry}
    saying = _saying(place, file, said)
    if dry_run:
        return _told_plan(sweeping.planned(place, saying), is_json=is_json)
    with SweepLive(is_shown=not is_json) as live:
        going = sweeping.Going(jobs=jobs, words=_words(), tell=live.tell, expect=live.expect)
        result = sweeping.sweep(place, saying, going)
    return _told(result, is_json=is_json)


def _words() -> tuple[str, ...]:
    """Return the words of the command line, which begin the sweep anew."""
    words: tuple[str, ...] = click.get_current_context().meta[_WORDS]
    return words


def _space(grids: tuple[str, ...], draws: tuple[str, ...]) -> Space:
    space: Space = {}
    for texts, option, read in ((grids, "--grid", grid_of), (draws, "--random", drawn_of)):
        for key, text in pairs(texts, option):
            if key_of(key) in space:
                raise UsageError(
                    f"`{key}` is swept twice", expected="each key once", got=f"{option} {key}={text}"
                )
            space[key] = read(text, key=key)
    return space


def _saying(place: Workspace, file: str | None, said: dict[str, object]) -> sweeping.Saying:
    """Return the plan of the file, if there is one, with what the options say over it."""
    if file is None:
        if "space" not in said or "objective" not in said:
            wanted = (
                "--grid or --random, and --objective" if "objective" not in said else "--grid or --random"
            )
            raise UsageError(
                "a sweep says what is tried and what it is after",
                expected=wanted,
                got="neither a plan nor both",
            )
        document: dict[str, object] = {}
    else:
        document = msgspec.to_builtins(sweeping.read_saying(place, file))
        document["space"] = {**document["space"], **said.pop("space", {})}  # type: ignore[dict-item]  # both mappings
    return sweeping.saying_of({**document, **said}, file=file or "the plan")


def _resumed(
    place: Workspace,
    reference: str,
    said: dict[str, object],
    file: str | None,
    *,
    jobs: int | None,
    retry: int | None,
    is_json: bool,
    is_dry: bool,
) -> int:
    if said or file or is_dry:
        raise UsageError(
            "a sweep goes on as it was planned",
            expected="--resume with --jobs and --retry alone",
            got=", ".join([*said, *([file] if file else []), *(["--dry-run"] if is_dry else [])]),
        )
    with SweepLive(is_shown=not is_json) as live:
        going = sweeping.Going(jobs=jobs, tell=live.tell, expect=live.expect)
        result = sweeping.resume(place, reference, going, retry=retry)
    return _told(result, is_json=is_json)


def _told_plan(planned: sweeping.Planned, *, is_json: bool) -> int:
    if is_json:
        trials = [
            {"number": each.number, "overrides": each.overrides, "split": each.split, "phase": each.phase}
            for each in planned.first
        ]
        print_json(
            "sweep-planned",
            plan=planned.plan,
            count=planned.count,
            trials=trials,
            sweep_kind=planned.sweep_kind,
            trial_kind=planned.trial_kind,
            remarks=planned.remarks,
        )
        return 0
    for remark in planned.remarks:
        note(remark)
    say(
        f"{counted(planned.count, 'trial', 'trials')} of kind {planned.trial_kind}, {planned.plan.mode}, "
        f"for {plain(planned.plan.objective.text)}; nothing was made"
    )
    for trial in planned.first[:_SHOWN]:
        split = f"  {trial.phase} of split {trial.split}" if trial.split is not None else ""
        say(f"  {trial.number:04}  {plain(' '.join(trial.overrides))}{split}")
    if planned.count > _SHOWN and planned.first:
        say(f"  … and {planned.count - _SHOWN} more")
    return 0


def _told(result: sweeping.SweepResult, *, is_json: bool) -> int:
    if is_json:
        print_json("sweep-result", **result.document())
    else:
        _say_result(result)
    if result.interrupted_by is not None:
        return _SIGNALLED + result.interrupted_by
    return result.verdict.exit_code


def _say_result(result: sweeping.SweepResult) -> None:
    outcome = result.outcome
    for remark in result.remarks:
        note(remark)
    for line in _board(outcome.board):
        say(line)
    for remark in outcome.board.remarks:
        say(remark)
    state = paint(result.state.value, STATE_COLOUR[result.state], stream=sys.stderr)
    verdict = paint(result.checked.verdict.value, VERDICT_COLOUR[result.checked.verdict], stream=sys.stderr)
    reason = f" ({plain(result.reason)})" if result.reason else ""
    counts = f"{outcome.counts.told}, of {outcome.counts.asked}"
    judged = f"contract {result.checked.judged_by}: {verdict}"
    lines = [f"runpact: {plain(result.path)} {state}{reason}; {counts}; {judged}"]
    findings = [each for each in result.checked.report.findings if each.severity is not Severity.ADVICE]
    lines += finding_lines(findings)
    if result.interrupted_by is not None:
        lines.append(f"runpact: go on with `runpact sweep --resume {plain(result.path)}`")
    sys.stderr.write("\n".join(lines) + "\n")


def _board(board: Board) -> list[str]:
    """Return the best of a leaderboard and those behind all others, as lines."""
    cells = _settings_cells(board) if board.chosen is not None else _trials_cells(board)
    if not cells:
        return []
    which = "trial" if board.chosen is None else "windows"
    header = ("rank", which, board.objective.field, "settings", "run", "")
    lines = table_lines(header, cells[:_SHOWN], width=terminal_width())
    more = len(cells) - _SHOWN
    return [*lines, f"… and {more} more in leaderboard.csv"] if more > 0 else lines


def _trials_cells(board: Board) -> list[tuple[str, ...]]:
    return [
        _cells(row, f"{place.end.trial.number:04}", place.end.trial.overrides, board)
        for place, row in zip(board.places, board.rows, strict=True)
    ]


def _settings_cells(board: Board) -> list[tuple[str, ...]]:
    return [
        _cells(row, str(row["windows"]), settings_told(each.last.trial.settings), board)
        for each, row in zip(board.chosen or (), board.rows, strict=True)
    ]


def _cells(row: Mapping[str, Json], which: str, settings: tuple[str, ...], board: Board) -> tuple[str, ...]:
    value = row[board.objective.field]
    told = f"{value:.6g}" if isinstance(value, float) else ""
    rank = "-" if row["rank"] is None else str(row["rank"])
    return rank, which, told, " ".join(settings), str(row["run"]), str(row["reason"])[:80]
