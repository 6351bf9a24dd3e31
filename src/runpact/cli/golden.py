"""`runpact golden`: hold runs against the values of an earlier one.

Knows: the flags, how a departure is laid out.
Does not know: what is held, what counts as equal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click
import msgspec

from runpact.cli.options import demand_meant, json_option, open_workspace, workspace_options
from runpact.cli.output import VERDICT_COLOUR, paint, plain, print_json, say
from runpact.model.finding import Verdict
from runpact.workspace.golden import MOST_VALUES, compare_golden, record_golden

if TYPE_CHECKING:
    from runpact.model.golden.departure import Departure, GoldenAnswer

_COLOURS = {"different": "red", "missing": "yellow", "undecided": "yellow", "added": "yellow"}
_MOST = 20
"""Files whose worst departure is shown, unless all departures are asked for."""
_WIDEST = 60

_at_option = click.option(
    "--at", metavar="FILE", help="The record's file, when it is not NAME.json in its folder."
)


@click.group("golden")
def golden_command() -> None:
    """Hold runs against the values of an earlier one."""


@golden_command.command("record")
@click.argument("name")
@click.argument("experiment")
@click.option("--files", multiple=True, metavar="GLOB", help="Hold these files alone, relative to the run.")
@click.option(
    "--values",
    type=click.IntRange(1),
    default=MOST_VALUES,
    show_default=True,
    help="Most values of one array; of a longer one, evenly spaced ones are held.",
)
@click.option("--replace", "is_replaced", is_flag=True, help="Replace the record NAME.")
@_at_option
@workspace_options
@json_option
def record_command(
    *,
    name: str,
    experiment: str,
    files: tuple[str, ...],
    values: int,
    is_replaced: bool,
    at: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Write the golden record NAME: the values that EXPERIMENT (or another run) made.

    Of an experiment it holds what the stages wrote, of any other run the files of its layout; numbers and
    texts by value, other files by digest, and nothing that the contract calls volatile.
    """
    demand_meant(at=at)
    place = open_workspace(workspace, workdir, contract)
    done = record_golden(place, name, experiment, at=at, chosen=files, most=values, is_replaced=is_replaced)
    held = [{"path": each.path, "has_values": each.has_values} for each in done.golden.files]
    if is_json:
        print_json(
            "golden-record",
            name=name,
            path=done.path,
            size=done.size,
            replaced=done.is_replaced,
            run=done.golden.run,
            files=held,
        )
        return 0
    by_value = sum(each.has_values for each in done.golden.files)
    word = "replaced" if done.is_replaced else "wrote"
    say(
        f"{word} {plain(done.path)} from {plain(done.golden.run)}: {by_value} files by value, "
        f"{len(held) - by_value} by digest, {done.size:,} bytes"
    )
    return 0


@golden_command.command("compare")
@click.argument("name")
@click.argument("experiment", required=False)
@click.option("--all", "is_all", is_flag=True, help="Show every departure.")
@_at_option
@workspace_options
@json_option
def compare_command(
    *,
    name: str,
    experiment: str | None,
    is_all: bool,
    at: str | None,
    workspace: str | None,
    workdir: str | None,
    contract: str | None,
    is_json: bool,
) -> int:
    """Hold EXPERIMENT against the golden record NAME; by default the run of the name that was recorded.

    Exit 0 when all values are equal as the contract's determinism says, 1 when the run only made more,
    2 when something is missing or cannot be compared, 3 when values are different.
    """
    demand_meant(at=at)
    answer = compare_golden(open_workspace(workspace, workdir, contract), name, experiment, at=at)
    if is_json:
        print_json(
            "golden-compare",
            name=answer.name,
            run=answer.run,
            verdict=answer.verdict.value,
            compared=answer.compared,
            equal=answer.equal,
            tolerated=answer.tolerated,
            departures=msgspec.to_builtins(answer.departures),
        )
    else:
        for line in _page(answer, is_all=is_all):
            say(line)
    return answer.verdict.exit_code


def _page(answer: GoldenAnswer, *, is_all: bool) -> Iterator[str]:
    if is_all:
        for each in answer.departures:
            yield from _departure_lines(each)
    else:
        yield from _summary(answer.departures)
    verdict = answer.verdict
    tolerated = f", {answer.tolerated} of them in other bytes" if answer.tolerated else ""
    word = "equal" if verdict is Verdict.OK else "not equal"
    yield (
        f"{paint(verdict.value, VERDICT_COLOUR[verdict])} {plain(answer.run)} is {word} to golden record "
        f"{plain(answer.name)}: {answer.equal} of {answer.compared} files equal{tolerated}"
    )


def _summary(found: Iterable[Departure]) -> Iterator[str]:
    """Yield the worst departure of each file, and how many more it has."""
    files: dict[str, list[Departure]] = {}
    for each in found:
        files.setdefault(each.path, []).append(each)
    for several in tuple(files.values())[:_MOST]:
        yield from _departure_lines(max(several, key=_size))
        if len(several) > 1:
            yield f"    the worst of {len(several):,} in this file"
    left = len(files) - _MOST
    if left > 0:
        yield f"… and {left:,} more files"
    if left > 0 or any(len(several) > 1 for several in files.values()):
        yield "--all shows every departure"


def _size(departure: Departure) -> float:
    """Return how bad a departure is; what has no number is worse than any."""
    return math.inf if departure.relative_error is None else departure.relative_error


def _departure_lines(each: Departure) -> Iterator[str]:
    place = each.path + (f"#{each.pointer}" if each.pointer else "") + each.index
    if each.index and not each.index.startswith("["):
        place = f"{each.path}#{each.pointer} ({each.index})"
    yield f"{paint(each.what, _COLOURS[each.what])} {plain(place)}"
    if each.what == "different" or each.golden is not None or each.now is not None:
        golden, now = _cell(each.golden), _cell(each.now)
        if golden == now:  # they differ in digits that are not shown
            golden, now = repr(each.golden), repr(each.now)
        yield f"    golden {plain(golden)}   now {plain(now)}{_error(each)}"
    if each.remark:
        yield f"    {plain(each.remark)}"


def _error(each: Departure) -> str:
    if each.relative_error is None or each.tolerance is None:
        return ""
    allowed = f"{each.tolerance.relative:g} relative, {each.tolerance.absolute:g} absolute"
    return f"   relative error {each.relative_error:.3g} (allowed {allowed})"


def _cell(value: object) -> str:
    if value is None:
        return "—"
    text = f"{value:.10g}" if isinstance(value, float) else value if isinstance(value, str) else ""
    text = text or msgspec.json.encode(value).decode()
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
