"""Runs that nobody seals any more, creations that were never completed, records that are damaged.

Knows: which of them can be put right, and when it is too early to say.
Does not know: how a run is read, how processes are found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from runpact.model.doctor.diagnosis import Diagnosis, SealRun, SetAside, diagnose
from runpact.model.finding import Severity
from runpact.model.run import Liveness, State

YOUNG_SECONDS = 60.0
"""A creation takes milliseconds; one without a lock that is younger than this may yet get it."""
_MOST_SHOWN = 120


class RunProcess(msgspec.Struct, frozen=True):
    """A process of a run that lives."""

    pid: int
    command: str
    """As it may be shown: without what looks like a secret."""


class UnsealedRun(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a run that is not sealed, or not whole."""

    path: str
    """Relative to the workspace, as the system names it."""
    state: State
    reason: str = ""
    liveness: Liveness = Liveness.UNDECIDED
    is_staged: bool = False
    is_sealed: bool = False
    """It was meanwhile, and is whole."""
    is_by_stage: bool = False
    """It is an experiment: its stages are sealed, it is not."""
    has_record: bool = True
    has_manifest: bool = True
    age_seconds: float = 0.0
    """Since something was last made or renamed in its directory."""
    processes: tuple[RunProcess, ...] = ()


def judge_runs(runs: Iterable[UnsealedRun]) -> Iterator[Diagnosis]:
    """Yield what is wrong with runs that are not sealed, or not whole."""
    for run in runs:
        if run.is_sealed:
            continue
        if run.is_staged:
            yield from _creation(run)
        elif run.state is State.CORRUPT:
            yield diagnose(
                "corrupt",
                f"its records do not say where it stands: {run.reason}",
                path=run.path,
                expected="records that agree",
                hint="`runpact verify` names each damaged file; restore it from a copy",
            )
        elif run.state is State.INTERRUPTED:
            yield from _interrupted(run)
        elif run.state is State.UNKNOWN and run.has_record:
            yield _elsewhere(run, "not sealed, and its process ran on another host")


def _creation(run: UnsealedRun) -> Iterator[Diagnosis]:
    if run.liveness is Liveness.UNDECIDED:
        yield _elsewhere(run, "a run that is being created, or was to be, on another host")
    elif run.liveness is Liveness.DEAD and run.age_seconds >= YOUNG_SECONDS:
        yield diagnose(
            "abandoned-creation",
            "the creation of a run was never completed; nothing was acknowledged to anybody",
            path=run.path,
            got="its process is gone",
            remedy=SetAside(run.path),
        )


def _interrupted(run: UnsealedRun) -> Iterator[Diagnosis]:
    if run.is_by_stage:
        yield diagnose(
            "interrupted-run",
            "an experiment is not at its end",
            path=run.path,
            got=run.reason or None,
            hint="`runpact pipeline run` goes on where it stopped",
            severity=Severity.ADVICE,
        )
    else:
        yield _unsealed(run, is_held=bool(run.processes) or run.liveness is Liveness.ORPHANS)
    for process in run.processes:
        yield diagnose(
            "orphan-process",
            "a process of a run that nobody seals any more still lives",
            path=run.path,
            got=f"process {process.pid}: {process.command[:_MOST_SHOWN]}",
            hint=f"let it end, or end it: `kill {process.pid}`",
        )


def _unsealed(run: UnsealedRun, *, is_held: bool) -> Diagnosis:
    return diagnose(
        "interrupted-run",
        "its process ended without sealing it",
        path=run.path,
        expected="a sealed run",
        got=_still_there(run) if is_held else "no process of it lives",
        hint=_why_not(run, is_held=is_held),
        remedy=SealRun(run.path) if run.has_manifest and not is_held else None,
    )


def _still_there(run: UnsealedRun) -> str:
    if not run.processes:
        return "a process that cannot be seen from here keeps its lock"
    return f"{len(run.processes)} of its processes still live"


def _why_not(run: UnsealedRun, *, is_held: bool) -> str | None:
    if is_held:
        return "it can be sealed once no process may write into it"
    return None if run.has_manifest else "its manifest is missing: restore it from a copy"


def _elsewhere(run: UnsealedRun, message: str) -> Diagnosis:
    return diagnose(
        "elsewhere", message, path=run.path, hint="ask `runpact doctor` there; it is left alone here"
    )
