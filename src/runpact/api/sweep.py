"""Sweep a function of a Python program.

Knows: the shapes a caller may hand in, how a call of the function becomes a trial.
Does not know: in which order settings are tried, how they are ranked.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from runpact.api.context import CURRENT, within
from runpact.host.callers import calling_files
from runpact.host.signals import Terminated, raising_on_termination
from runpact.model.errors import RunpactError, ValueRefusedError
from runpact.model.facts import Json
from runpact.model.sweep.objective import number_of
from runpact.model.sweep.plan import Plan, Saying, plan_of
from runpact.model.sweep.space import space_of
from runpact.model.sweep.splits import Split, Walk, splits_of
from runpact.model.sweep.trial import Trial, TrialEnd
from runpact.workspace import Workspace, sweeping
from runpact.workspace.sweeping import Going, SweepResult
from runpact.workspace.trials import REFUSALS, Trials, ended, refused, trial_request

if TYPE_CHECKING:
    from runpact.host.crew import Crew
    from runpact.verbs.life.active import ActiveRun
    from runpact.verbs.sweep.documents import Outcome

__all__ = ["OpenTrial", "SweepResult", "Walk", "splits", "sweep"]

_SIGINT = 2
PathLike = str | os.PathLike[str]
Returned = Mapping[str, float] | float | None


class OpenTrial(msgspec.Struct, frozen=True, kw_only=True):
    """What a function is given that is tried: its run, and what is to be tried in it."""

    run: ActiveRun
    """Open; `run.log` and `run.save` as ever."""
    config: Mapping[str, object]
    """The whole configuration, with the settings of this trial."""
    settings: Mapping[str, Json]
    """Value of each key of the space."""
    number: int
    """From 1."""
    seed: int
    """Follows from the sweep's seed and the settings; recorded as the seed `trial`."""
    split: int | None
    """Number of the split, from 1; None without splits."""
    phase: str
    """`train` or `test`; empty without splits."""


def sweep(
    space: Mapping[str, object],
    *,
    trial: Callable[[OpenTrial], Returned],
    objective: str,
    trials: int | None = None,
    method: str | None = None,
    seed: int = 0,
    jobs: int = 1,
    retry: int = 0,
    name: str = "sweep",
    config: Mapping[str, object] | PathLike | None = None,
    overrides: tuple[str, ...] = (),
    kind: str | None = None,
    sweep_kind: str | None = None,
    captures: Mapping[str, str] | None = None,
    sweep_captures: Mapping[str, str] | None = None,
    splits: Mapping[str, object] | None = None,
    report: Callable[[ActiveRun, Outcome], None] | None = None,
    caches: tuple[str, ...] = (),
    durability: str = "commit",
    resume: PathLike | None = None,
    workspace: PathLike | None = None,
    workdir: PathLike | None = None,
    contract: PathLike | None = None,
) -> SweepResult:
    """Try many settings of a configuration, each call of a function a run of its own, and rank them.

    Args:
        space: By dotted key of the configuration: a list of values to try all of, or a range to draw from,
            as `"log(1e-4, 1e-1)"` or `{"int": [2, 8]}`.
        trial: The function that is tried. What it returns is logged: a number as the metric of the
            objective, a mapping as metrics by name. An error it raises makes this trial a failed one.
        objective: As in `metrics.loss:min`, or `metrics.json#/summary/sharpe:max`.
        trials: At most so many; needed when something is drawn.
        method: `grid`, `random` or `optuna`; by default as the space suggests.
        seed: Of the draws, and of the seeds that trials are given.
        jobs: So many at once, each in a process that is forked for it; with one, in this process.
        retry: Try a failed trial again, so often.
        name: Of the sweep; its trials are called `name-0001` and so on.
        config: Base configuration, or a file to read it from.
        overrides: `dotted.key=value` on the base, applied in order.
        kind: Of the trials; by default `trial` or `run`.
        sweep_kind: Of the sweep itself; by default `sweep`.
        captures: Captures of a trial's place; `{key}`, `{trial}`, `{seed}`, `{digest:7}` are filled.
        sweep_captures: Captures of the sweep's place; `{mode}`, `{seed}`, `{digest:7}` are filled.
        splits: Walk over an index and try on each window: `{"index": [...], "walk": {"train": 250, "test":
            60}, "keys": ["start", "end"]}`. What is best on a train window is tried on its test window.
        report: Is called with the sweep's run, still open and with its tables, and what came out: write the
            program's own files here. Not called when the sweep was interrupted.
        caches: Globs that a trial may write besides its run, as in `runpact.run`.
        durability: Of the trials: `commit`, or `none`, which flushes nothing.
        resume: A sweep of the same space to go on with: what finished is not tried again.
        workspace: Folder of the contract; by default found upwards.
        workdir: Folder for the data, when it is not the contract's.
        contract: Contract file or pack; by default the workspace's.

    Returns:
        The sealed sweep: `outcome.best`, `outcome.places`, `outcome.rows`, `verdict`, `path`.

    Raises:
        UsageError: Something of it is not understood; nothing was made.
        CannotStartError: The sweep to go on with is none, still runs, or was another one.
    """
    given = dict(config) if isinstance(config, Mapping) else None
    said = Saying(
        space=dict(space),
        objective=objective,
        name=name,
        method=method,  # type: ignore[arg-type]  # held against the known ones there
        trials=trials,
        seed=seed,
        kind=kind,
        sweep_kind=sweep_kind,
        captures=dict(captures or {}),
        sweep_captures=dict(sweep_captures or {}),
        config=None if config is None or given is not None else os.fspath(config),  # type: ignore[arg-type]  # a path
        overrides=tuple(overrides),
        retry=retry,
        caches=tuple(caches),
        durability=durability,  # type: ignore[arg-type]  # as above
        splits=splits,  # type: ignore[arg-type]  # read there
    )
    said = sweeping.saying_of(msgspec.to_builtins(said), file="the sweep")
    place = Workspace.open(workspace=_text(workspace), workdir=_text(workdir), contract=_text(contract))
    plan = sweeping.with_kinds(place, plan_of(said, space_of(space)))
    calls = _Calls(trial, given, place, plan, jobs=jobs, callers=calling_files())
    return calls.swept(report, None if resume is None else os.fspath(resume))


def _raised_by(number: int) -> BaseException:
    """Return what a signal raises that came between two trials."""
    return KeyboardInterrupt() if number == _SIGINT else Terminated(number)


def splits(
    index: list[object], *, train: int | str, test: int | str, step: int | str | None = None,
    embargo: int | str = 0, anchored: bool = False,
) -> tuple[Split, ...]:  # fmt: skip
    """Return windows to learn on, each followed by one to be judged on.

    Args:
        index: Strictly ascending moments (ISO 8601) or numbers.
        train: Size of a train window, in entries or in time as `"365d"`.
        test: Size of a test window.
        step: From one test window to the next; by default its size, and never less.
        embargo: Between a train window and its test window, used by neither.
        anchored: Train windows all begin where the index begins.

    Raises:
        UsageError: The index does not ascend, a size is none, or there is room for no split.
    """
    walk = Walk(train=train, test=test, step=step, embargo=embargo, is_anchored=anchored)
    return splits_of(index, walk)  # type: ignore[arg-type]  # judged there


class _Calls(Trials):
    """Trials that are calls of a function: here, or in forked processes."""

    def __init__(
        self,
        function: Callable[[OpenTrial], Returned],
        given: Mapping[str, object] | None,
        place: Workspace,
        plan: Plan,
        *,
        jobs: int,
        callers: tuple[str, ...],
    ) -> None:
        """Store what is called; nothing is forked before the sweep begins."""
        self._function, self._given = function, given
        self._place, self._plan, self._jobs, self._callers = place, plan, jobs, callers
        self._crew: Crew | None = None
        self._within: ActiveRun | None = None
        self._is_stopping = False
        self.error: BaseException | None = None
        """What ended the sweep from outside, to be raised once it is sealed."""

    def swept(self, report: Callable[[ActiveRun, Outcome], None] | None, resume: str | None) -> SweepResult:
        """Try all there is; raise again what ended it."""
        place, plan = self._place, self._plan
        first = sweeping.first_of(place, resume, plan) if resume is not None else None
        result = sweeping.begin(
            place,
            plan,
            self,
            Going(jobs=self._jobs, report=report, callers=self._callers, within=CURRENT.get(None)),
            first=first,
            is_failed_again=plan.retry > 0,
            given=self._given,
        )
        if result.interrupted_by is not None:
            raise self.error or _raised_by(result.interrupted_by)
        return result

    @property
    def interrupted_by(self) -> int | None:
        """The signal that ended a trial, and with it the sweep."""
        if self.error is None:
            return None
        return self.error.number if isinstance(self.error, Terminated) else _SIGINT

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Fork what is to be forked; take signals for the length of the block."""
        if self._jobs > 1:
            from runpact.host.crew import Crew  # noqa: PLC0415 - only several jobs pay for it

            self._crew = Crew(self._jobs, self._served)
        try:
            with raising_on_termination():
                yield
        finally:
            if self._crew is not None:
                self._crew.close()

    def begin(self, run: ActiveRun) -> None:
        """Hear whose trials they are."""
        self._within = run

    def run(self, trial: Trial) -> TrialEnd:
        """Call the function once."""
        if self._crew is not None and self._within is not None:
            return self._asked(self._crew, trial, self._within)
        return self._called(trial)

    def stop(self) -> None:
        """End the calls that run in other processes."""
        self._is_stopping = True
        if self._crew is not None:
            self._crew.stop()

    def _asked(self, crew: Crew, trial: Trial, run: ActiveRun) -> TrialEnd:
        from runpact.host.crew import WorkerDiedError  # noqa: PLC0415 - as above
        from runpact.workspace.goingon import run_of_dead  # noqa: PLC0415 - as above

        question = msgspec.json.encode((trial, run.uid, run.dir, run.root))
        try:
            end = msgspec.json.decode(crew.ask(question), type=TrialEnd)
        except WorkerDiedError as died:
            state = "interrupted" if self._is_stopping else "failed"
            return run_of_dead(
                self._place, self._plan, TrialEnd(trial=trial, state=state, reason=died.how), run.uid
            )
        if end.is_interrupted and self.error is None:
            self.error = KeyboardInterrupt()
        return end

    def _served(self, question: bytes) -> bytes:
        """Call the function in a forked process, as part of the run that its maker has open."""
        from runpact.verbs.life.nest import DIRECTORY, ROOT, UID  # noqa: PLC0415 - as above

        trial, uid, directory, root = msgspec.json.decode(question, type=tuple[Trial, str, str, str])
        os.environ.update({UID: uid, DIRECTORY: directory, ROOT: root})
        with raising_on_termination():
            return msgspec.json.encode(self._called(trial))

    def _called(self, trial: Trial) -> TrialEnd:
        reason = ""
        try:
            request = trial_request(self._place, self._plan, trial, self._within, base=self._given)
            command = tuple(sys.orig_argv) or (sys.executable,)
            request = msgspec.structs.replace(request, command=command, callers=self._callers)
            run = self._place.start(request)
        except REFUSALS as error:
            return refused(trial, error)
        try:
            with within(run), run:
                seed = trial.seed(self._plan.seed)
                opened = OpenTrial(
                    run=run, config=run.config, settings=trial.settings, number=trial.number, seed=seed,
                    split=trial.split, phase=trial.phase,
                )  # fmt: skip
                reason = self._logged(run, self._function(opened))
        except (KeyboardInterrupt, Terminated) as error:
            self.error = error
        except RunpactError as error:
            reason = error.message
            if run.writer.is_open:
                raise
        except Exception as error:  # noqa: BLE001 - code of the program's: its error is this trial's end
            reason = f"{type(error).__name__}: {error!s:.200}"
        end = ended(self._place, self._plan, trial, self._place.check([run.dir])[0])
        return msgspec.structs.replace(end, reason=reason) if reason and end.objective is None else end

    def _logged(self, run: ActiveRun, returned: Returned) -> str:
        """Log what the function returned; return why a number of it cannot be."""
        metric = self._plan.objective.metric
        if returned is None:
            return ""
        if not isinstance(returned, Mapping):
            if metric is None:
                raise ValueRefusedError(
                    "the function returned a number, and the objective is no metric",
                    expected="a mapping, or nothing",
                    got=f"{returned!r:.60}",
                )
            returned = {metric: returned}
        told = {key: number_of(_plain(value)) for key, value in returned.items()}
        numbers = {key: number for key, (number, _why) in told.items() if number is not None}
        if numbers:
            run.log(numbers)
        return told.get(metric or "", (None, ""))[1]


def _plain(value: object) -> object:
    """Return a number of a library as Python's own."""
    return value.item() if hasattr(value, "item") and not isinstance(value, int | float) else value


def _text(path: PathLike | None) -> str | None:
    return None if path is None else os.fspath(path)
