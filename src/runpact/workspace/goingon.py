"""The front door to sweeps that were begun earlier.

Knows: where their runs are found, when one may be gone on with.
Does not know: what their records look like.
"""

from __future__ import annotations

import contextlib
import copy
import os
import posixpath
import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from runpact.model.errors import CannotStartError, ConfigError

if TYPE_CHECKING:
    from runpact.model.sweep.plan import Plan
    from runpact.model.sweep.trial import TrialEnd
    from runpact.verbs.judging.check import CheckedRun
    from runpact.verbs.sweep.earlier import Earlier, Parts, Sweep
    from runpact.workspace import Workspace

_PATIENCE_SECONDS = 10.0
_PAUSE_SECONDS = 0.1


def first_of(place: Workspace, reference: str, plan: Plan | None = None) -> Sweep:
    """Return the sweep that was begun first, of one that is named.

    Args:
        place: The workspace.
        reference: The sweep, or one that went on with it.
        plan: What is to be gone on with; by default whatever was planned.

    Raises:
        CannotStartError: It is no sweep, or it was planned otherwise.
    """
    from runpact.verbs.sweep.earlier import read_sweep

    directory = place.resolve(reference)
    found = read_sweep(directory, place.shown(directory))
    if found.first is not None:
        directory = place.resolve(found.first)
        found = read_sweep(directory, place.shown(directory))
    if plan is not None and found.plan.digest != plan.digest:
        raise CannotStartError(
            f"`{found.path}` was planned otherwise",
            at=found.path,
            expected="the same space, objective, seed and number of trials",
            got="others",
            hint="begin a sweep anew, without resume",
        )
    return found


def folder_of(place: Workspace, first: Sweep) -> Workspace:
    """Return the workspace as seen from the folder that a sweep was begun in.

    Raises:
        CannotStartError: The folder is gone.
    """
    folder = posixpath.normpath(posixpath.join(place.data_root, first.cwd)) if first.cwd else place.cwd
    if not os.path.isdir(folder):
        raise CannotStartError(
            f"the folder that `{first.path}` was begun in is gone",
            at=folder,
            expected="a folder",
            hint="its commands are run there",
        )
    found = copy.copy(place)
    found.cwd = folder
    return found


def earlier_in(place: Workspace, first: Sweep, digest: str, *, is_failed_again: bool) -> Earlier:
    """Return what was tried already, once none of it still runs."""
    from runpact.verbs.sweep.earlier import earlier_of

    if digest != first.config_digest:
        raise ConfigError(
            f"the configuration has changed since `{first.path}` was begun",
            expected=first.config_digest,
            got=digest,
            hint="put it back, or begin a sweep anew: what finished was tried under the other one",
        )

    def check(directory: str) -> CheckedRun:
        return place.check([directory])[0]

    deadline = time.monotonic() + _PATIENCE_SECONDS
    earlier = earlier_of(first, _parts_of(place), check, is_failed_again=is_failed_again)
    while earlier.alive and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
        earlier = earlier_of(first, _parts_of(place), check, is_failed_again=is_failed_again)
    if earlier.alive:
        raise CannotStartError(
            f"a trial of `{first.path}` still runs",
            at=next(iter(earlier.alive)),
            expected="none",
            got=next(iter(earlier.alive.values())),
            hint="wait for its end, or end it",
        )
    if earlier.is_complete and not is_failed_again:
        raise CannotStartError(
            f"nothing is left to do of `{first.path}`",
            at=first.path,
            expected="a sweep that was interrupted",
            hint="`--retry N` tries what failed again",
        )
    return earlier


def trials_of(place: Workspace, reference: str) -> tuple[Plan, tuple[TrialEnd, ...]]:
    """Return the plan of a sweep, and what became of its trials, also after others went on with it.

    Raises:
        CannotStartError: It is no sweep.
    """
    from runpact.verbs.sweep.earlier import noted_ends

    first = first_of(place, reference)
    return first.plan, noted_ends(first, _parts_of(place))


def went_on_as(place: Workspace, reference: str) -> str:
    """Return the newest sweep that went on with one, and its state; empty where none did."""
    from runpact.verbs.sweep.earlier import read_sweep

    kind, first = place.summary(reference).kind, first_of(place, reference)
    if first.directory != place.resolve(reference):
        return ""
    for run in _parts_of(place)(first.uid):
        if run.kind == kind:
            with contextlib.suppress(CannotStartError):
                return f"{read_sweep(run.directory, run.path).path}, {run.state.value}"
    return ""


def run_of_dead(place: Workspace, plan: Plan, end: TrialEnd, sweep: str) -> TrialEnd:
    """Return the end of a trial whose process died, with the run that it left open.

    Args:
        place: The workspace.
        plan: Of the sweep.
        end: What is known without the run.
        sweep: uid of the sweep.
    """
    from runpact.verbs.sweep.earlier import left_open

    run = left_open(plan, end.trial, _parts_of(place)(sweep))
    return end if run is None else replace(end, uid=run.uid, path=run.path)


def _parts_of(place: Workspace) -> Parts:
    """Return what finds the runs that are part of another."""
    from runpact.workspace.finding import Question, page

    return lambda uid: page(place, Question(filter=f"parent = {uid}"))
