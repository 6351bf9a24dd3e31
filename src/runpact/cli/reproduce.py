"""`runpact reproduce`: make a run again, and say whether it came out the same.

Knows: the flags, how plan and answer are told, when a person is asked first.
Does not know: what it takes to make a run again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
import msgspec

from runpact.cli.options import json_option, open_workspace, pairs, workspace_options
from runpact.cli.output import paint, plain, print_json, say
from runpact.model.errors import CannotStartError
from runpact.model.names import counted
from runpact.workspace.reproducing import carried_out, planned

if TYPE_CHECKING:
    from runpact.model.golden.departure import Departure
    from runpact.model.reproduce.answer import Plan, Reproduced

_COLOURS = {"reproduced": "green", "reproducible": "green", "differs": "red", "not reproducible": "yellow"}
_SHOWN = 10


@click.command("reproduce")
@click.argument("run", metavar="RUN")
@click.option("--check-only", is_flag=True, help="Look whether all it takes is there; run nothing.")
@click.option("--yes", "is_agreed", is_flag=True, help="Do not ask before it is run.")
@click.option("--trust", "is_trusted", is_flag=True, help="Although it was not made in this workspace.")
@click.option("--keep", "is_kept", is_flag=True, help="Leave the working tree where it was made.")
@click.option("--network", "has_network", is_flag=True, help="Let the command reach the network.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a setting, to see what follows."
)
@click.option(
    "--input", "given", multiple=True, metavar="NAME=PATH", help="Where an input stands that stood outside."
)
@click.option("--quiet", is_flag=True, help="Do not repeat the command's output on the terminal.")
@workspace_options
@json_option
def reproduce_command(
    *,
    run: str,
    check_only: bool,
    is_agreed: bool,
    is_trusted: bool,
    is_kept: bool,
    has_network: bool,
    overrides: tuple[str, ...],
    given: tuple[str, ...],
    quiet: bool,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Make a run again from its records, and compare what comes out.

    A clean tree at its commit, with its diff and untracked files; its packages; its configuration; its inputs
    and models by digest. The plan is shown and asked for. The new run stands beside the others.

    \b
    Exit codes: 0 reproduced, 1 differs, 2 not reproducible.
    """
    place = open_workspace(workspace, workdir, contract)
    original = planned(place, run, given=dict(pairs(given, "--input")))
    if not is_json:
        for line in _plan_lines(original.plan, overrides):
            sys.stderr.write(f"{line}\n")
    from runpact.model.reproduce.answer import answer_of, demand_runnable  # noqa: PLC0415 - read by then

    if check_only or original.plan.missing:
        return _tell(answer_of(original.plan), is_json=is_json)
    settings = original.origin.config.resolved
    demand_runnable(original.plan, is_trusted=is_trusted, overrides=overrides, settings=settings)
    _demand_agreed(is_agreed=is_agreed, is_json=is_json)
    answer = carried_out(
        place,
        original,
        is_trusted=is_trusted,
        tell=lambda line: _progress(line, is_json=is_json),
        tee=not quiet and not is_json,
        is_kept=is_kept,
        has_network=has_network,
        overrides=overrides,
    )
    return _tell(answer, is_json=is_json)


def _demand_agreed(*, is_agreed: bool, is_json: bool) -> None:
    if is_agreed:
        return
    if is_json or not sys.stdin.isatty():
        raise CannotStartError(
            "nobody is there to agree to the plan",
            expected="--yes",
            hint="`--check-only` shows the plan alone",
        )
    if not click.confirm("run it?", err=True):
        sys.stderr.write("nothing was run\n")
        raise click.Abort


def _progress(line: str, *, is_json: bool) -> None:
    if not is_json:
        sys.stderr.write(f"runpact: {plain(line)}\n")
        sys.stderr.flush()


def _plan_lines(plan: Plan, overrides: tuple[str, ...]) -> Iterator[str]:
    yield f"plan to make {plain(plan.run)} again"
    for each in plan.ingredients:
        word, colour = ("there", "green") if each.is_there else ("missing", "red")
        mark = paint(word, colour, stream=sys.stderr)
        yield f"  {each.name:<12} {mark}  {plain(', '.join(each.uses))}".rstrip()
        for told in each.missing:
            yield f"  {'':<12} {plain(told)}"
    place = "" if plan.cwd in {"", "."} else f"  in {plain(plan.cwd)}"
    yield f"  {'command':<12} {plain(' '.join(plan.command))}{place}"
    for override in overrides:
        yield f"  {'changed':<12} {plain(override)}"
    for doubt in plan.doubts:
        yield f"  {'doubt':<12} {plain(doubt)}"
    if plan.foreign:
        yield f"  {'trust':<12} {plain(plan.foreign)}"


def _tell(answer: Reproduced, *, is_json: bool) -> int:
    if is_json:
        print_json("reproduce", **_document(answer))
        return answer.exit_code
    say(f"{paint(answer.word, _COLOURS[answer.word])} {plain(answer.plan.run)}")
    for line in _lines(answer):
        say(f"  {line}")
    return answer.exit_code


def _lines(answer: Reproduced) -> Iterator[str]:
    for each in answer.plan.missing:
        yield from (f"{each.name}: {plain(told)}" for told in each.missing)
    yield from map(plain, answer.remarks)
    yield from map(_departure, answer.departures[:_SHOWN])
    if len(answer.departures) > _SHOWN:
        yield f"and {len(answer.departures) - _SHOWN} more"
    if answer.compared:
        others = f", {answer.tolerated} of them with other bytes" if answer.tolerated else ""
        yield f"{counted(answer.compared, 'file', 'files')} compared, {answer.equal} equal{others}"
    if answer.run:
        yield f"the new run is {plain(answer.run)}"
    if answer.kept:
        yield f"the working tree is {plain(answer.kept)}"


def _departure(each: Departure) -> str:
    at = f"{each.path}{'#' + each.pointer if each.pointer else ''}{each.index}"
    values = "" if each.golden is None and each.now is None else f": {each.golden} then, {each.now} now"
    gap = f" (apart by {each.absolute_error:.3g})" if each.absolute_error is not None else ""
    remark = f" ({each.remark})" if each.remark else ""
    return plain(f"{each.what} {at}{values}{gap}{remark}")


def _document(answer: Reproduced) -> dict[str, object]:
    return {
        "word": answer.word,
        "original": {"path": answer.plan.run, "uid": answer.plan.uid},
        "run": {"path": answer.run, "uid": answer.uid} if answer.run else None,
        "ingredients": [
            {"name": each.name, "is_there": each.is_there, "uses": each.uses, "missing": each.missing}
            for each in answer.plan.ingredients
        ],
        "command": answer.plan.command,
        "cwd": answer.plan.cwd,
        "doubts": answer.plan.doubts,
        "foreign": answer.plan.foreign,
        "departures": [msgspec.to_builtins(each) for each in answer.departures],
        "remarks": answer.remarks,
        "compared": answer.compared,
        "equal": answer.equal,
        "tolerated": answer.tolerated,
        "kept": answer.kept or None,
    }
