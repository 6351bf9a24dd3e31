"""A sweep from its plan to its seal.

Knows: the order: write the plan down, try, write down what came out, seal.
Does not know: how one trial is run.
"""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from runpact.host.signals import Terminated
from runpact.model.run import Standing, State
from runpact.model.sweep.plan import PLANNED, TRIED, Plan
from runpact.model.sweep.source import Source
from runpact.model.sweep.trial import TrialEnd
from runpact.verbs.life.active import ActiveRun
from runpact.verbs.life.finish import finish_run
from runpact.verbs.sweep.conduct import Conductor, Handling
from runpact.verbs.sweep.documents import Outcome, outcome_of, write_documents
from runpact.verbs.sweep.earlier import Earlier

if TYPE_CHECKING:
    from runpact.model.runpage.facts import OwnForm

_SIGINT = 2


class Conducted(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep that was sealed."""

    standing: Standing
    outcome: Outcome
    files: tuple[str, ...]
    """That the sweep wrote into its run."""
    interrupted_by: int | None


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep that is about to try."""

    plan: Plan
    source: Source
    config_digest: str
    """Of the base configuration."""
    earlier: Earlier | None = None
    first: str | None = None
    """uid of the sweep that this one goes on with."""
    report: Callable[[ActiveRun, Outcome], None] | None = None
    """The program's own last words in the run, before it is sealed."""
    words: tuple[str, ...] = ()
    """The command that begins the sweep anew; by default that of this process."""


def conduct(
    run: ActiveRun, begun: Begun, handling: Handling, interrupted_by: Callable[[], int | None]
) -> Conducted:
    """Try all there is to be tried inside `run`, write down what came out, seal.

    Args:
        run: The sweep's own run, which was just started.
        begun: What is tried.
        handling: How; its `note` is this story's own.
        interrupted_by: Returns the signal that was to end it.

    Raises:
        RunpactError: What all trials need is missing; the sweep is sealed as failed.
    """
    plan = begun.plan
    with run:
        if begun.words:
            run.reproduced_by(*begun.words)
        run.event(
            PLANNED,
            plan=msgspec.to_builtins(plan),
            config_digest=begun.config_digest,
            first=begun.first,
            jobs=handling.jobs,
        )
        known = begun.earlier.ends if begun.earlier is not None else {}
        note = functools.partial(_note, run)
        conductor = Conductor(begun.source, msgspec.structs.replace(handling, note=note), known)
        number = _tried(conductor)
        number = interrupted_by() or number
        outcome = outcome_of(
            plan,
            tuple(conductor.ends),
            asked=begun.source.count,
            resumed=conductor.resumed,
            at=lambda path: posixpath.normpath(posixpath.join(run.root, path)),
        )
        run.names["sweep"] = outcome.facts()
        run.own_form = functools.partial(_own_form, outcome)
        files = write_documents(run, outcome)
        if begun.report is not None and number is None:
            begun.report(run, outcome)
        state, reason = _meaning(outcome, number)
        standing = finish_run(run, state, error=reason)
    return Conducted(standing=standing, outcome=outcome, files=files, interrupted_by=number)


def _own_form(outcome: Outcome) -> OwnForm:
    from runpact.model.runpage.sweep import sweep_form  # noqa: PLC0415 - only layouts with a page in the run

    return sweep_form(outcome.plan, outcome.ends)


def _note(run: ActiveRun, end: TrialEnd) -> None:
    run.event(TRIED, end=msgspec.to_builtins(end))


def _tried(conductor: Conductor) -> int | None:
    """Try what there is; return the signal that ended it, which came between two trials."""
    try:
        conductor.run()
    except KeyboardInterrupt:
        return _SIGINT
    except Terminated as ended:
        return ended.number
    return None


def _meaning(outcome: Outcome, number: int | None) -> tuple[State, str | None]:
    """Return the state of a sweep, with the reason."""
    if number is not None:
        return State.INTERRUPTED, f"stopped by signal {number}"
    if not outcome.counts.finished:
        return State.FAILED, f"no trial finished: {outcome.counts.told}"
    return State.FINISHED, None
