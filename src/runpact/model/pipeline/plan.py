"""What must run, and why; what to do next.

Knows: when a stage is up to date, which part of what it follows from changed.
Does not know: how digests are made, how a stage is run.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from runpact.model.pipeline.result import Basis, CodeFile, StageResult
from runpact.model.run import State

_MOST_NAMED = 3


def why_again(
    state: State | None, reason: str, result: StageResult | None, basis: Basis | None, unfit: str
) -> str:
    """Return why a stage must run; empty when it is up to date.

    Args:
        state: Of its last attempt; None when there is none.
        reason: Why the attempt is in that state.
        result: What the attempt came to; None when that is not known.
        basis: What a new attempt would follow from; None when an input closes its gate.
        unfit: Why its outputs may not be read as they stand; empty when they may.
    """
    if state is None:
        return "it has not run yet"
    if state in {State.INTERRUPTED, State.ABANDONED, State.CORRUPT, State.UNKNOWN}:
        return f"its last attempt is {state.value}" + (f": {reason}" if reason else "")
    if result is None or not result.is_usable:
        return (
            f"its last attempt ended with {result.status.value}"
            if result
            else "its last attempt left no result"
        )
    if basis is None or result.basis is None:
        return "an input is missing, or may not be read"
    if unfit:
        return unfit
    return ", ".join(changes(result.basis, basis))


def changes(old: Basis, new: Basis) -> Iterator[str]:
    """Yield what differs between what an attempt followed from and what a new one would."""
    if old == new:
        return
    words = {
        "command": "its command changed",
        "declaration": "the contract says otherwise what it writes",
        "config": "its section of the configuration changed",
        "seed": "its seed changed",
    }
    yield from (said for part, said in words.items() if getattr(old, part) != getattr(new, part))
    if old.code != new.code:
        yield f"its code changed: {_named(_by_path(old.code), _by_path(new.code))}"
    if old.inputs != new.inputs:
        yield f"its input changed: {_named(old.inputs, new.inputs)}"


def _by_path(files: tuple[CodeFile, ...]) -> dict[str, str]:
    return {file.path: file.digest for file in files}


def _named(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    different = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    more = len(different) - _MOST_NAMED
    return ", ".join(different[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def command_line(
    experiment: str, *, first: str | None = None, last: str | None = None, more: str = ""
) -> str:
    """Return the command that runs stages of an experiment.

    Args:
        experiment: Its name.
        first: Id of the first stage; None for the beginning.
        last: Id of the last one; None for the end.
        more: Further options, as they were given.
    """
    parts = ["runpact pipeline run", "--experiment", shlex.quote(experiment)]
    parts += ["--from", first] if first is not None else []
    parts += ["--to", last] if last is not None else []
    parts += [more] if more else []
    return " ".join(parts)
