"""A stage whose program a person started.

Knows: which options of such a program say what its attempt needs.
Does not know: how an attempt is made.

The process becomes the orchestrator of this one stage and starts its program once more as a child: so its
output is kept, its end is measured and its writes are held, as in a pipeline.
"""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from runpact.model.contract.stages import directory_of
from runpact.model.errors import Fault, RunpactError, UsageError
from runpact.model.finding import Severity
from runpact.workspace import Workspace
from runpact.workspace.pipelines import Ordered, run_stages
from runpact.workspace.programs import stage_of_program

if TYPE_CHECKING:
    from runpact.workspace.pipelines import PipelineEnd

_SIGNALLED = 128


def run_by_hand(program: str, options: Sequence[str], command: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    """Make an attempt of the stage whose program this is.

    Args:
        program: Path of the file that runs.
        options: What it was called with.
        command: The whole command, as the system was asked to run it.

    Returns:
        The exit code of the attempt, and what there is to say of it, line by line.

    Raises:
        UsageError: No experiment is named, or no stage has this program.
    """
    experiment = _last(options, "--experiment")
    if experiment is None:
        raise UsageError(
            "this process is the program of no stage",
            expected="to be begun by `runpact pipeline run`, or by hand with --experiment NAME",
            hint=f"python {program} --experiment NAME",
        )
    place = Workspace.open()
    kind, identity = stage_of_program(place, program)
    inputs = [value.partition("=") for value in _all(options, "--input")]
    unread = next((each for each in inputs if not each[0] or not each[1]), None)
    if unread is not None:
        raise UsageError("--input cannot be read", expected="ALIAS=PATH", got="".join(unread))
    ordered = Ordered(
        experiment=experiment,
        kind=kind,
        only=(identity,),
        config=_last(options, "--config"),
        is_forced=True,
        is_shown=True,
        inputs=tuple((alias, path) for alias, _mark, path in inputs),
        command=tuple(command),
    )
    found, end = run_stages(place, ordered, tell=lambda _progress: None)
    return _code(end), tuple(_lines(end, found.name, place.shown(found.directory)))


def asks_for_help(options: Sequence[str]) -> bool:
    """Whether a program was started only to be told how it is started."""
    return _last(options, "--experiment") is None and not {"--help", "-h"}.isdisjoint(options)


def help_lines(program: str) -> tuple[str, ...]:
    """Return how the program of a stage is started by hand, and what the stage reads and writes."""
    usage = f"usage: python {program} --experiment NAME [--config FILE] [--input ALIAS=PATH]…"
    try:
        place = Workspace.open()
        kind, identity = stage_of_program(place, program)
    except RunpactError as error:
        return usage, "", error.message
    stage = next(each for each in place.lint().contract.kinds[kind].stages if each.id == identity)
    aliases = {"reads": tuple(stage.reads), "writes": tuple(stage.writes)}
    return (
        usage,
        "",
        f"Makes an attempt of stage {directory_of(stage)} in the experiment NAME; made when it is new.",
        *([stage.description] if stage.description else []),
        *(f"  {word:6}  {', '.join(named) or 'nothing'}" for word, named in aliases.items()),
        f"In a pipeline: runpact pipeline run --experiment NAME --only {identity}",
    )


def error_lines(error: RunpactError) -> tuple[str, ...]:
    """Return what a person is told of an error, as the command line tells it."""
    evidence = (("expected", error.expected), ("got", error.got), ("at", error.at))
    return (
        f"error[{error.code}]: {error.message}",
        *(f"  {word:8}  {said}" for word, said in evidence if said),
        *(line for fault in error.faults for line in _fault_lines(fault)),
        *(["", f"hint: {error.hint}"] if error.hint else []),
    )


def _fault_lines(fault: Fault) -> list[str]:
    evidence = (("expected", fault.expected), ("got", fault.got), ("hint", fault.hint))
    return [f"  {fault.message}", *(f"      {word:8}  {said}" for word, said in evidence if said)]


def _code(end: PipelineEnd) -> int:
    return _SIGNALLED + end.interrupted_by if end.interrupted_by is not None else end.verdict.exit_code


def _lines(end: PipelineEnd, experiment: str, shown: str) -> Iterator[str]:
    """Yield what there is to say of an attempt, with what puts it right, then what it came to."""
    for step in end.steps:
        for each in step.result.findings if step.result is not None else ():
            if each.severity is not Severity.ADVICE and each.because is None:
                path = posixpath.normpath(posixpath.join(shown, each.path))
                yield f"runpact: {each.code}: {path}: {each.message}" + (
                    f"; {each.hint}" if each.hint else ""
                )
        yield f"runpact: {experiment}/{step.name} {end.verdict.value}"


def _last(options: Sequence[str], name: str) -> str | None:
    return next(reversed(_all(options, name)), None)


def _all(options: Sequence[str], name: str) -> list[str]:
    """Return the values of an option, given as `--name VALUE` or `--name=VALUE`."""
    following = [value for option, value in itertools.pairwise(options) if option == name]
    return following + [option.partition("=")[2] for option in options if option.startswith(f"{name}=")]
