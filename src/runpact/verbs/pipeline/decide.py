"""Decide whether a stage must run, and see where all of them stand.

Knows: what is gathered for that answer.
Does not know: how a stage is run.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection

import msgspec

from runpact.disk.stamps import stamp_of
from runpact.model.contract.language import Stage
from runpact.model.contract.stages import directory_of
from runpact.model.errors import CommandNotFoundError
from runpact.model.finding import Finding, Report, Severity
from runpact.model.names import shown_path
from runpact.model.pipeline.plan import why_again
from runpact.model.pipeline.result import Basis, Measured, StageResult
from runpact.model.pipeline.view import StageRow
from runpact.model.run import State
from runpact.verbs.pipeline.basis import basis_of, digests_of
from runpact.verbs.pipeline.experiment import Experiment
from runpact.verbs.pipeline.fresh import changed_before, why_before
from runpact.verbs.pipeline.inputs import Gathered, gather_inputs
from runpact.verbs.pipeline.unfit import why_unfit
from runpact.verbs.pipeline.way import Way, command_judged, command_of


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a stage must run, and what it would run on."""

    why: str
    """Empty when it is up to date."""
    command: tuple[str, ...]
    gathered: Gathered
    basis: Basis | None
    last: StageResult | None
    is_kept: bool = False
    """Its last attempt may be read."""
    unstartable: str = ""
    """Why its program cannot be started; empty when it can, and where nothing is lost by trying."""

    @property
    def is_refused(self) -> bool:
        """Whether the stage may not begin and what it made before must stay."""
        return self.is_kept and (not self.gathered.is_open or bool(self.unstartable))

    @property
    def reason(self) -> str:
        """Why a stage that is refused may not begin."""
        return "its gate is closed" if not self.gathered.is_open else self.unstartable

    def refusal(self, stage: Stage) -> StageResult:
        """Return what a stage that was refused comes to; no attempt was made of it."""
        findings = self.gathered.findings
        if self.gathered.is_open:
            findings = (*findings, _not_begun(stage, self.unstartable))
        verdict = Report(findings).verdict
        return StageResult(
            stage=stage.id,
            slug=stage.slug,
            attempt=0,
            status=verdict,
            exit_code=verdict.exit_code,
            measured=Measured(exit_code=None, never_began=self.reason),
            findings=findings,
            inputs=self.gathered.inputs,
        )


def decide(
    experiment: Experiment, stage: Stage, way: Way, *, is_forced: bool, asked: Collection[str] = ()
) -> Decision:
    """Return whether a stage must run now, with the reason.

    Args:
        experiment: The experiment.
        stage: The stage.
        way: How it would be run.
        is_forced: It would run also when it is up to date.
        asked: Ids of stages that are decided on as well, each before those that read its outputs.
    """
    row = experiment.row(stage)
    result = row.result if row is not None else None
    gathered = gather_inputs(experiment, stage, way.given)
    command = way.command or command_of(experiment, stage, gathered.folders, cwd=way.cwd)
    basis = None
    if gathered.is_open:
        judged, cwd = (
            command_judged(experiment, stage, gathered.folders, way) if way.command else (command, way.root)
        )
        basis = basis_of(
            experiment,
            stage,
            command=judged,
            inputs=digests_of(gathered.inputs),
            cwd=cwd,
            loaded=[file.path for file in result.basis.code] if result and result.basis else (),
        )
    unfit = why_unfit(experiment, stage, row)
    why = why_again(row.state if row else None, row.reason if row else "", result, basis, unfit)
    why = why or ("--force" if is_forced else "")
    is_own = bool(why)
    why = why or why_before(experiment, stage, asked)
    if why and gathered.remembered:
        again = ", ".join(f"--input {alias}={gathered.named[alias]}" for alias in gathered.remembered)
        why += f"; with {again} as last time"
    if why:  # what is about to be read is looked at once more, file by file
        for feed in experiment.graph.feeds[stage.id]:
            experiment.proven.look_again(directory_of(experiment.graph.by_id[feed]))
        changed = changed_before(experiment, stage)
        gathered = gather_inputs(experiment, stage, way.given, is_thorough=True, changed=changed)
        basis = basis if gathered.is_open else None
        why = why if is_own or not gathered.is_open else ""
    is_kept = row is not None and row.state is State.FINISHED and result is not None and result.is_usable
    return Decision(
        why=why,
        command=command,
        gathered=gathered,
        basis=basis,
        last=result,
        is_kept=is_kept,
        unstartable=_unstartable(experiment, result, command, way) if why and is_kept else "",
    )


def _not_begun(stage: Stage, why: str) -> Finding:
    return Finding(
        code="not-begun",
        severity=Severity.INCOMPLETE,
        path=directory_of(stage),
        message=why,
        expected="a program that can be started",
        hint="mend the command of the stage, or put its program back",
    )


def _unstartable(
    experiment: Experiment, result: StageResult | None, command: tuple[str, ...], way: Way
) -> str:
    """Return why a command cannot be started: its program, or a file of its own that it had, is not there."""
    from runpact.verbs.life.execute import check_command  # noqa: PLC0415 - not needed where nothing runs

    try:
        check_command(command, cwd=way.cwd, environ=way.environ)
    except CommandNotFoundError as error:
        return error.message
    code = {file.path for file in result.basis.code} if result is not None and result.basis else set()
    own = (posixpath.normpath(posixpath.join(way.cwd, word)) for word in command[1:])
    shown = (shown_path(path, experiment.root) for path in own if stamp_of(path) is None)
    gone = next((path for path in shown if path in code), None)
    return f"its program `{gone}` is not there" if gone is not None else ""


class StageStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Where one stage of an experiment stands."""

    name: str
    """`NN_slug`."""
    row: StageRow | None
    """Its last attempt."""
    why: str
    """Why it would run now; empty when it is up to date."""
    waits_for: tuple[str, ...] = ()
    """Stages that it reads from and that would run before it."""
    refusal: str = ""
    """Why it would not be begun though it is not up to date; empty when it would."""

    @property
    def follows(self) -> str:
        """Which stages would run before it, in words; empty when none would."""
        word = "runs" if len(self.waits_for) == 1 else "run"
        return f"{', '.join(self.waits_for)} {word} before it" if self.waits_for else ""


def survey(
    experiment: Experiment, ids: tuple[str, ...], way: Way, *, is_forced: bool
) -> tuple[StageStanding, ...]:
    """Return where stages stand and what would become of each; nothing is changed.

    Args:
        experiment: The experiment.
        ids: Of the stages, in order.
        way: How they would be run.
        is_forced: Stages that are up to date would run as well.
    """
    standings: dict[str, StageStanding] = {}
    for each in ids:
        stage = experiment.graph.by_id[each]
        decision = decide(experiment, stage, way, is_forced=is_forced, asked=ids)
        before = tuple(
            standings[feed].name
            for feed in experiment.graph.feeds[each]
            if feed in standings and (standings[feed].why or standings[feed].waits_for)
        )
        standings[each] = StageStanding(
            name=directory_of(stage),
            row=experiment.row(stage),
            why=decision.why,
            waits_for=before,
            refusal=decision.reason if decision.is_refused and not before else "",
        )
    return tuple(standings.values())
