"""What an interrupted sweep has tried already.

Knows: which runs belong to it, which of its trials came to an end, who may go on with it.
Does not know: how the rest is tried.

A sweep that goes on is a run of its own, part of the one that was begun first; the trials of all of them
count. The lock on the first one's birth record says who goes on with it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from runpact.disk.reader import Reading
from runpact.disk.storedlog import StoredLog
from runpact.disk.takeover import take_over
from runpact.host.orphans import processes_of
from runpact.host.realpath import real_path
from runpact.model.config.schema import split_key
from runpact.model.errors import CannotStartError, StorageError
from runpact.model.provenance import Config
from runpact.model.reproduction import REPRODUCED
from runpact.model.run import State
from runpact.model.sweep.plan import PLANNED, TRIED, Plan, read_plan
from runpact.model.sweep.trial import REFUSED, Trial, TrialEnd
from runpact.verbs.finding.found import FoundRun
from runpact.verbs.finding.standing import stand
from runpact.verbs.judging.check import CheckedRun
from runpact.verbs.life.nest import Outer
from runpact.verbs.sweep.measure import ended_run

_AT_ONCE = -1.0
Parts = Callable[[str], Iterable[FoundRun]]
"""Returns the runs that are part of the run with a uid."""


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """One sweep as it was recorded."""

    directory: str
    """Absolute."""
    uid: str
    path: str
    """Relative to the workspace."""
    plan: Plan
    cwd: str
    """Where it was begun, relative to the workspace; empty outside of it."""
    words: tuple[str, ...]
    """The command that it was begun with; empty where the program's own says it."""
    jobs: int
    """So many trials ran at once."""
    config_digest: str
    """Of the base configuration."""
    first: str | None
    """uid of the sweep that this one went on with; None for one that was begun anew."""
    ends: tuple[TrialEnd, ...]
    """As its log has them."""

    @property
    def outer(self) -> Outer:
        """The sweep as what another run is part of."""
        return Outer(self.uid, self.directory, self.path)


def read_sweep(directory: str, path: str) -> Sweep:
    """Return a sweep from its records.

    Raises:
        CannotStartError: The run is no sweep, or nothing can be told of its plan.
    """
    reading, _standing = stand(directory)
    entries = _entries(reading)
    planned = next((entry for entry in entries if entry.get("event") == PLANNED), None)
    plan = read_plan(planned.get("plan")) if planned is not None else None
    if planned is None or plan is None or reading.record is None:
        raise CannotStartError(
            f"`{path}` is no sweep that can be gone on with",
            at=path,
            expected="a run of `runpact sweep` with its plan",
            hint="a sweep that was ended before its plan was written has tried nothing: begin it anew",
        )
    said = next((entry.get("argv") for entry in entries if entry.get("event") == REPRODUCED), None)
    jobs = planned.get("jobs")
    tried = (entry.get("end") for entry in entries if entry.get("event") == TRIED)
    return Sweep(
        directory=directory,
        uid=reading.record.uid,
        path=path,
        plan=plan,
        cwd=reading.record.provenance.cwd,
        words=tuple(map(str, said)) if isinstance(said, list) else (),
        jobs=jobs if isinstance(jobs, int) and jobs > 0 else 1,
        config_digest=str(planned.get("config_digest", "")),
        first=planned["first"] if isinstance(planned.get("first"), str) else None,  # type: ignore[arg-type]  # just seen
        ends=tuple(_ends(tried)),
    )


def _entries(reading: Reading) -> list[dict[str, object]]:
    if reading.record is None:
        return []
    return list(StoredLog(reading.directory, reading.record.records["events"]).entries())


def _ends(documents: Iterable[object]) -> Iterator[TrialEnd]:
    for document in documents:
        with contextlib.suppress(msgspec.ValidationError):
            yield msgspec.convert(document, TrialEnd)


@contextlib.contextmanager
def going_on(first: Sweep) -> Iterator[None]:
    """Be the one process that goes on with a sweep, for the length of the block.

    Raises:
        CannotStartError: It is still being run, or another process goes on with it.
    """
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(take_over(first.directory, seconds=_AT_ONCE))
        except StorageError as error:
            raise CannotStartError(
                f"another process runs the sweep `{first.path}`",
                at=first.path,
                expected="one process at a time",
                hint="wait for its end, or stop it: its trials are kept",
            ) from error
        yield


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of all trials of a sweep and of those that went on with it."""

    ends: Mapping[tuple[str, ...], TrialEnd]
    """Trials that came to an end of their own, by their overrides."""
    alive: Mapping[str, str]
    """Trials that still run, or of which a process still does, by their paths, each with who that is."""
    is_complete: bool
    """One of these sweeps came to its end."""


def earlier_of(
    first: Sweep, parts: Parts, check: Callable[[str], CheckedRun], *, is_failed_again: bool
) -> Earlier:
    """Return what was tried, with those ends that no log has.

    Args:
        first: The sweep that was begun first.
        parts: Finds runs.
        check: Judges one by its absolute directory.
        is_failed_again: Failed trials count as not tried.
    """
    sweeps, trials, is_complete = _family(first, parts)
    noted = {end.uid: end for sweep in sweeps for end in sweep.ends if end.uid is not None}
    ends: dict[tuple[str, ...], TrialEnd] = {}
    for end in (end for sweep in sweeps for end in sweep.ends if end.state == REFUSED):
        ends[end.trial.overrides] = end
    for run in trials:
        if run.state not in {State.FINISHED, State.FAILED}:
            continue
        end = noted.get(run.uid or "") or _unnoted(first.plan, run, check)
        if end.is_done or end.trial.overrides not in ends:
            ends[end.trial.overrides] = end
    kept = {key: end for key, end in ends.items() if end.is_done or not is_failed_again}
    return Earlier(ends=kept, alive=_alive(trials), is_complete=is_complete)


def _alive(trials: Iterable[FoundRun]) -> dict[str, str]:
    """Return the trials that nobody may try again yet: a process of theirs lives."""
    found = {run.path: "its own process" for run in trials if run.state is State.RUNNING}
    left = {
        real_path(run.directory): run
        for run in trials
        if run.state is State.INTERRUPTED and run.ended is None and run.uid is not None
    }
    living = processes_of({place: run.uid or "" for place, run in left.items()})
    for run in left.values():
        if run.uid in living:
            found[run.path] = ", ".join(f"process {each.pid}" for each in living[run.uid])
    return found


def left_open(plan: Plan, trial: Trial, runs: Iterable[FoundRun]) -> FoundRun | None:
    """Return the run that the process of a trial left open when it died; None when it had begun none.

    Args:
        plan: Of the sweep.
        trial: Whose process died.
        runs: Those that are part of the sweep, newest first.
    """
    for run in runs:
        if run.state is State.INTERRUPTED and _given(plan, stand(run.directory)[0]) == trial.overrides:
            return run
    return None


def noted_ends(first: Sweep, parts: Parts) -> tuple[TrialEnd, ...]:
    """Return the ends that the logs of a sweep and of those that went on with it have, one of each trial."""
    sweeps, _trials, _is_complete = _family(first, parts)
    found: dict[tuple[str, ...], TrialEnd] = {}
    for end in (end for sweep in sweeps for end in sweep.ends):
        if end.is_done or end.trial.overrides not in found:
            found[end.trial.overrides] = end
    return tuple(sorted(found.values(), key=lambda end: end.trial.number))


def _family(first: Sweep, parts: Parts) -> tuple[list[Sweep], list[FoundRun], bool]:
    """Return the sweep with those that went on with it, all their trials, whether one came to its end."""
    sweeps, trials = [first], []
    is_complete = stand(first.directory)[1].state is State.FINISHED
    for run in parts(first.uid):
        try:
            sweeps.append(read_sweep(run.directory, run.path))
            is_complete = is_complete or run.state is State.FINISHED
        except CannotStartError:
            trials.append(run)
    for sweep in sweeps[1:]:
        trials += parts(sweep.uid)
    return sweeps, trials, is_complete


def _unnoted(plan: Plan, run: FoundRun, check: Callable[[str], CheckedRun]) -> TrialEnd:
    """Return the end of a trial whose sweep was killed before it could write it down."""
    reading, standing = stand(run.directory)
    settings = {key: value_of(_config(reading).resolved, key) for key in plan.space}
    trial = _Overridden(number=0, settings=settings, given=_given(plan, reading))
    return ended_run(trial, reading, check(run.directory), plan.objective, reason=standing.reason)


def _config(reading: Reading) -> Config:
    return reading.record.provenance.config if reading.record is not None else Config()


def _given(plan: Plan, reading: Reading) -> tuple[str, ...]:
    """Return the overrides that tell a trial from the others of its sweep, as its run was given them."""
    return _config(reading).overrides[len(plan.overrides) :]


def value_of(config: Mapping[str, object], key: str) -> object:
    """Return the value of a dotted key; None when there is none."""
    value: object = config
    for part in split_key(key) or ():
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


class _Overridden(Trial, frozen=True, kw_only=True):
    """A trial of which its overrides alone are known; who takes it over knows the rest."""

    given: tuple[str, ...] = ()

    @property
    def overrides(self) -> tuple[str, ...]:
        """As its run was given them."""
        return self.given
