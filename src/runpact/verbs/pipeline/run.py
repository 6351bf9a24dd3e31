"""Run stages of an experiment: what is not up to date, in order, several at once where they may.

Knows: when a stage may begin, when the pipeline stops, what is told on the way.
Does not know: how one attempt is made, how progress is shown.

What makes an attempt is imported when there is one to be made: most often nothing must run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import msgspec

from runpact.disk.appendlog import AppendLog
from runpact.disk.experiment import ExperimentLock, clear_staged, open_log
from runpact.disk.layout import STAGED
from runpact.host import clock, process
from runpact.host.relay import Relay
from runpact.model.contract.language import Stage
from runpact.model.contract.stages import directory_of
from runpact.model.errors import CannotStartError
from runpact.model.finding import Verdict, worst
from runpact.model.pipeline.plan import command_line
from runpact.model.pipeline.result import StageResult
from runpact.model.pipeline.standing import Asked
from runpact.verbs.pipeline.aliases import set_aliases
from runpact.verbs.pipeline.decide import Decision, decide, survey
from runpact.verbs.pipeline.experiment import Experiment, read_asked
from runpact.verbs.pipeline.frozen import restore_config
from runpact.verbs.pipeline.way import Way

if TYPE_CHECKING:
    from runpact.verbs.pipeline.attempt import StageRun

Moment = Literal["began", "ended", "skipped", "refused", "would run", "new experiment", "restored"]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of an experiment."""

    ids: tuple[str, ...]
    """Of the stages, in order."""
    is_forced: bool = False
    """Also those that are up to date."""
    jobs: int = 1
    """At most so many at once."""
    wait_seconds: float = 0.0
    """How long to wait for another orchestrator."""
    options: str = ""
    """Further options, for the command that goes on."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to one stage."""

    moment: Moment
    name: str
    """`NN_slug`; of what is restored, its file."""
    why: str = ""
    result: StageResult | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one stage that was asked for."""

    name: str
    done: Literal["ran", "not begun", "skipped", "refused", "not reached", "would run"]
    """`refused`: its gate is closed, and its last attempt, which may be read, stays where it is. `not begun`:
    the same where there is no such attempt; what is recorded is that its program never started."""
    why: str = ""
    result: StageResult | None = None


class PipelineEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the stages that were asked for."""

    steps: tuple[Step, ...]
    stopped_at: str | None = None
    """The stage that let it stop, `NN_slug`."""
    interrupted_by: int | None = None
    restored: tuple[str, ...] = ()
    """Files of the experiment that were not what its birth record says, and are again."""
    next_command: str | None = None
    """What to run next, once the cause is put right; None when nothing is left to do."""

    @property
    def verdict(self) -> Verdict:
        """The worst of the stages; what was not reached is INCOMPLETE."""
        verdicts = [
            step.result.status
            if step.result is not None
            else Verdict.OK
            if step.done == "would run"
            else Verdict.INCOMPLETE
            for step in self.steps
        ]
        return worst(verdicts)


Tell = Callable[[Progress], None]


def run_pipeline(experiment: Experiment, wish: Wish, way: Way, *, tell: Tell) -> PipelineEnd:
    """Run the stages that are asked for and not up to date.

    Raises:
        CannotStartError: Another process has the experiment.
        StorageError: The file system refused.
    """
    lock = ExperimentLock(experiment.directory)
    if not lock.acquire(wish.wait_seconds):
        raise _busy(experiment)
    with lock:
        if not read_asked(experiment.directory).stages and experiment.imported() is None:
            tell(Progress(moment="new experiment", name=experiment.name, why=experiment.directory))
        names = tuple(directory_of(experiment.graph.by_id[each]) for each in wish.ids)
        asked = Asked(
            stages=names,
            owner=process.this_process(),
            started=clock.now(),
            jobs=wish.jobs,
            config_digest=way.config.digest,
        )
        lock.replace(msgspec.json.encode(asked) + b"\n")
        clear_staged(experiment.directory, STAGED)
        log = open_log(experiment.directory, experiment.record.records["events"])
        experiment.proven.hold()
        try:
            return _Orchestrator(experiment, wish, way, tell, log).run()
        finally:
            experiment.proven.let_go()
            experiment.write_view()
            experiment.proven.save()
            log.close()


def plan_pipeline(experiment: Experiment, wish: Wish, way: Way) -> PipelineEnd:
    """Return what running the pipeline would do now; nothing is changed."""
    steps = []
    for each in survey(experiment, wish.ids, way, is_forced=wish.is_forced):
        why = each.follows or each.why
        result = each.row.result if each.row is not None else None
        if each.refusal:
            steps.append(Step(name=each.name, done="refused", why=f"{each.refusal} ({why})"))
        elif why:
            steps.append(Step(name=each.name, done="would run", why=why))
        else:
            steps.append(Step(name=each.name, done="skipped", why="up to date", result=result))
    return PipelineEnd(steps=tuple(steps))


def _busy(experiment: Experiment) -> CannotStartError:
    owner = read_asked(experiment.directory).owner
    by = f"process {owner.pid}" if owner is not None else "another process"
    return CannotStartError(
        f"`{experiment.name}` is being run by {by}",
        at=experiment.directory,
        expected="one orchestrator at a time",
        hint="wait for its end with --wait SECONDS, or look with `runpact pipeline status`",
    )


class _Orchestrator:
    """Runs the stages of one wish."""

    def __init__(self, experiment: Experiment, wish: Wish, way: Way, tell: Tell, log: AppendLog) -> None:
        self.experiment = experiment
        self.wish = wish
        self.way = way
        self.tell = tell
        self.log = log
        self.relay = Relay()
        self.turn = threading.Lock()
        """Held by whoever changes the experiment."""
        self.steps: dict[str, Step] = {}
        self.firsts: dict[str, str] = {}
        """Where to begin so that the gate of a stage opens, by id; empty when it is open."""
        self.stopped_at: Stage | None = None
        self.restored: list[str] = []
        self.skipped: list[tuple[str, str]] = []
        """Stages whose skipping is told to the log once something runs."""
        self.is_shown = True
        """The view tells what has ended."""

    def run(self) -> PipelineEnd:
        """Run what must run; return what became of it."""
        self._keep_config()
        waiting = [self.experiment.graph.by_id[each] for each in self.wish.ids]
        with self.relay.at_work():
            if self.wish.jobs == 1:
                while (stage := self._ready(waiting)) is not None:
                    waiting.remove(stage)
                    self._take(stage)
            else:
                self._run_at_once(waiting)
        return self._end()

    def _run_at_once(self, waiting: list[Stage]) -> None:
        """Run stages in threads, as many as may and as one begins when another one ends."""
        from concurrent.futures import (  # noqa: PLC0415 - only several jobs pay for it
            FIRST_COMPLETED,
            Future,
            ThreadPoolExecutor,
            wait,
        )

        running: set[Future[None]] = set()
        with ThreadPoolExecutor(self.wish.jobs, "stage") as workers:
            while True:
                while len(running) < self.wish.jobs and (stage := self._ready(waiting)) is not None:
                    waiting.remove(stage)
                    running.add(workers.submit(self._take, stage))
                if not running:
                    return
                self._show()
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()

    def _ready(self, waiting: list[Stage]) -> Stage | None:
        """Return the first stage that may begin; None when none may now, or at all."""
        if self.stopped_at is not None or self.relay.received is not None:
            return None
        for stage in waiting:
            feeds = [each for each in self.experiment.graph.feeds[stage.id] if each in self.wish.ids]
            if all(each in self.steps for each in feeds):
                return stage
        return None

    def _take(self, stage: Stage) -> None:
        """Run one stage, or skip it."""
        with self.turn:
            wish = self.wish
            decision = decide(self.experiment, stage, self.way, is_forced=wish.is_forced, asked=wish.ids)
            self.firsts[stage.id] = decision.gathered.first
            if not decision.why:
                self._skip(stage, decision)
                return
            if decision.is_refused:
                self._refuse(stage, decision)
                return
        self._run(stage, decision)

    def _run(self, stage: Stage, decision: Decision) -> None:
        from runpact.verbs.pipeline.attempt import end_attempt, run_program  # noqa: PLC0415 - see above

        stage_run = self._begun(stage, decision)
        measured = run_program(stage_run, relay=self.relay)
        name = stage_run.name
        with self.turn:
            result = end_attempt(stage_run, measured)
            self._set_aliases(stage, result)
            self._note(
                "stage.ended",
                stage=name,
                uid=stage_run.run.uid,
                status=result.status.value,
                exit_code=measured.exit_code,
                signal=measured.signal,
            )
            self.is_shown = False
            done: Literal["ran", "not begun"] = "ran" if measured.never_began is None else "not begun"
            self.steps[stage.id] = Step(name=name, done=done, why=decision.why, result=result)
            if not result.is_usable and self.stopped_at is None:
                self.stopped_at = stage
            self.tell(Progress(moment="ended", name=name, result=result))

    def _begun(self, stage: Stage, decision: Decision) -> StageRun:
        from runpact.verbs.pipeline.attempt import begin_attempt  # noqa: PLC0415 - see above

        name = directory_of(stage)
        with self.turn:
            self._log_skipped()
            self._keep_config()
            stage_run = begin_attempt(
                self.experiment,
                stage,
                self.way,
                command=decision.command,
                gathered=decision.gathered,
                basis=decision.basis,
            )
            self.experiment.proven.began(name)
            for alias in stage_run.removed:
                self._note("alias.removed", alias=alias, stage=name)
            self._note(
                "stage.began", stage=name, uid=stage_run.run.uid, attempt=stage_run.number, why=decision.why
            )
            self._note_gate(name, decision)
            self.experiment.write_view()
            self.is_shown = True
            self.tell(Progress(moment="began", name=name, why=decision.why))
        return stage_run

    def _show(self) -> None:
        """Let the view tell what has ended, before others are waited for; else the next that begins does."""
        with self.turn:
            if not self.is_shown:
                self.experiment.write_view()
                self.is_shown = True

    def _keep_config(self) -> None:
        """Put the frozen configuration right that somebody changed: no stage may read another one."""
        path = restore_config(self.experiment)
        if path is not None:
            self.restored.append(path)
            self._note("config.restored", path=path)
            why = "it was not the configuration that the experiment was begun with"
            self.tell(Progress(moment="restored", name=path, why=why))

    def _set_aliases(self, stage: Stage, result: StageResult) -> None:
        for alias in set_aliases(self.experiment, stage, result):
            self._note("alias.set", alias=alias, stage=directory_of(stage))

    def _skip(self, stage: Stage, decision: Decision) -> None:
        name = directory_of(stage)
        if decision.last is not None:
            self._set_aliases(stage, decision.last)
        self.steps[stage.id] = Step(name=name, done="skipped", why="up to date", result=decision.last)
        self.skipped.append((name, "up to date"))
        self.tell(Progress(moment="skipped", name=name, why="up to date", result=decision.last))

    def _refuse(self, stage: Stage, decision: Decision) -> None:
        """Do not begin a stage that cannot run, so that its last attempt may still be read."""
        name = directory_of(stage)
        self._log_skipped()
        self._note("stage.refused", stage=name, why=decision.why)
        self._note_gate(name, decision)
        result = decision.refusal(stage)
        self.steps[stage.id] = Step(name=name, done="refused", why=decision.why, result=result)
        self.stopped_at = self.stopped_at or stage
        self.tell(Progress(moment="refused", name=name, why=f"{decision.reason} ({decision.why})"))

    def _note_gate(self, name: str, decision: Decision) -> None:
        for finding in decision.gathered.findings:
            self._note(
                "gate.closed", stage=name, code=finding.code, path=finding.path, message=finding.message
            )

    def _log_skipped(self) -> None:
        for name, why in self.skipped:
            self._note("stage.skipped", stage=name, why=why)
        self.skipped.clear()

    def _note(self, event: str, **fields: object) -> None:
        self.log.append({"time": clock.now(), "event": event, **fields})

    def _end(self) -> PipelineEnd:
        by_id = self.experiment.graph.by_id
        steps = tuple(
            self.steps.get(each) or Step(name=directory_of(by_id[each]), done="not reached")
            for each in self.wish.ids
        )
        left = (
            by_id[each]
            for each, step in zip(self.wish.ids, steps, strict=True)
            if step.result is None or not step.result.is_usable
        )
        at = next(left, None)
        return PipelineEnd(
            steps=steps,
            stopped_at=directory_of(self.stopped_at) if self.stopped_at else None,
            interrupted_by=self.relay.received,
            restored=tuple(dict.fromkeys(self.restored)),
            next_command=self._next(at) if at is not None else None,
        )

    def _next(self, at: Stage) -> str:
        """Return the command that goes on: from the first stage that is left, or from one that it needs."""
        first = self.firsts.get(at.id) or at.id
        last = self.wish.ids[-1]
        is_last = last == self.experiment.graph.ids[-1]
        return command_line(
            self.experiment.name, first=first, last=None if is_last else last, more=self.wish.options
        )
