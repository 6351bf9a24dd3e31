"""One attempt at a stage: a run in its experiment, from the gate to the seal.

Knows: the order in which an attempt begins and ends, what is measured and what is only claimed.
Does not know: which stages there are to run.

1. The aliases of the stage are taken away; an older attempt is put aside, whole.
2. The attempt begins as a run of its own.
3. Its program runs, or does not, when the gate is closed.
4. What it claims is read; what it wrote is registered and judged; the result is written.
5. The attempt is sealed. With a usable verdict its aliases come back.
"""

from __future__ import annotations

import os
import posixpath
import shlex

import msgspec

from runpact.disk.experiment import older_attempts, put_aside
from runpact.disk.layout import RESULT
from runpact.host import clock
from runpact.host.child import ChildEnd
from runpact.host.orphans import end_processes
from runpact.host.relay import Relay
from runpact.model.confinement import COMPARE
from runpact.model.contract.language import Records, Stage
from runpact.model.contract.stages import directory_of, folder_behind
from runpact.model.errors import CannotStartError, UsageError
from runpact.model.finding import Finding, Report, Severity
from runpact.model.judge.origin import judge_origin, judge_refusal
from runpact.model.pipeline.bypass import judge_opened
from runpact.model.pipeline.claim import SUMMARY, Claim
from runpact.model.pipeline.ending import following, read_end
from runpact.model.pipeline.held import hold
from runpact.model.pipeline.result import (
    Basis,
    ExperimentHeld,
    Measured,
    StageResult,
    encode_result,
)
from runpact.model.pipeline.summary import SummaryFacts, summary_document
from runpact.model.run import State
from runpact.verbs.capturing.mask import patterns_in
from runpact.verbs.life.active import ActiveRun
from runpact.verbs.life.confine import settle_confinement
from runpact.verbs.life.execute import Command, run_command
from runpact.verbs.life.finish import finish_run
from runpact.verbs.life.nest import INPUTS, STAGE, Outer
from runpact.verbs.life.project import write_projections
from runpact.verbs.life.request import Request
from runpact.verbs.life.start import AttemptPlace, start_run
from runpact.verbs.pipeline.aliases import remove_aliases
from runpact.verbs.pipeline.claims import take_claim, with_loaded_code
from runpact.verbs.pipeline.experiment import Experiment
from runpact.verbs.pipeline.inputs import Gathered
from runpact.verbs.pipeline.outputs import judge_outputs, register_outputs, rows_written, stage_kind
from runpact.verbs.pipeline.way import Way

MANIFEST = Records().manifest


class StageRun(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that is open."""

    experiment: Experiment
    stage: Stage
    run: ActiveRun
    command: tuple[str, ...]
    number: int
    way: Way
    gathered: Gathered
    basis: Basis | None
    removed: tuple[str, ...] = ()
    """Aliases that were taken away when it began."""

    @property
    def name(self) -> str:
        """`NN_slug`."""
        return directory_of(self.stage)


def begin_attempt(
    experiment: Experiment,
    stage: Stage,
    way: Way,
    *,
    command: tuple[str, ...],
    gathered: Gathered,
    basis: Basis | None,
) -> StageRun:
    """Put the older attempt aside and begin another one (steps 1 and 2); only who holds the lock may.

    Raises:
        UsageError: The stage runs at this moment.
        StorageError: The file system refused.
    """
    name = directory_of(stage)
    outlived = _end_outlived(experiment, stage)
    number, removed = _make_room(experiment, stage)
    request = Request(
        config=way.config,
        seeds={"stage": stage.seed}
        if isinstance(stage.seed, int) and not isinstance(stage.seed, bool)
        else {},
        command=command,
        outer=_outer(experiment),
        guard=COMPARE,
        caches=stage.caches,
        secrets=way.secrets,
        references=way.references,
        durability=way.durability,
    )
    place = AttemptPlace(
        experiment=experiment.record,
        directory=experiment.directory,
        name=name,
        stage=stage.id,
        number=number,
        kind=stage_kind(experiment.kind, stage, experiment.loaded),
        names={"stage": _names(experiment, stage, command, number, way)},
    )
    run = start_run(experiment.root, experiment.loaded, request, cwd=way.cwd, place=place)
    try:
        if outlived:
            run.note("outlived.ended", processes=outlived)
        for alias in stage.writes:
            folder = folder_behind(stage, alias)
            if folder:
                run.writer.make_folder(folder)
    except BaseException as error:
        run.__exit__(type(error), error, error.__traceback__)
        raise
    return StageRun(
        experiment=experiment,
        stage=stage,
        run=run,
        command=command,
        number=number,
        way=way,
        gathered=gathered,
        basis=basis,
        removed=removed,
    )


def _outer(experiment: Experiment) -> Outer:
    inside = experiment.directory.removeprefix(experiment.root.rstrip("/") + "/")
    path = None if inside == experiment.directory else inside
    return Outer(experiment.record.uid, experiment.directory, path)


def _names(
    experiment: Experiment, stage: Stage, command: tuple[str, ...], number: int, way: Way
) -> dict[str, object]:
    return {
        "id": stage.id,
        "slug": stage.slug,
        "name": directory_of(stage),
        "experiment": experiment.name,
        "command": list(command),
        "command_line": shlex.join(command) + "\n",
        "seed": stage.seed,
        "attempt": number,
        "launched_by": way.launched_by,
    }


def _end_outlived(experiment: Experiment, stage: Stage) -> list[str]:
    """End what lives on of an attempt whose runner was killed; nobody would seal what it writes."""
    row = experiment.row(stage)
    if row is None or row.state is not State.INTERRUPTED or row.uid is None:
        return []
    return [f"{each.pid}: {posixpath.basename(each.command[0])}" for each in end_processes(row.uid)]


def _make_room(experiment: Experiment, stage: Stage) -> tuple[int, tuple[str, ...]]:
    """Take the aliases away and put the last attempt aside; return the next number, and the aliases."""
    name, directory = directory_of(stage), experiment.directory
    row = experiment.row(stage)
    if row is not None and row.state is State.RUNNING:
        raise UsageError(
            f"stage {name} runs at this moment", at=posixpath.join(directory, name), hint="wait for its end"
        )
    removed = remove_aliases(experiment, stage)
    number = max((0, *older_attempts(directory, name)))
    if os.path.lexists(posixpath.join(directory, name)):
        number = max(number + 1, row.attempt if row is not None else 0)
        put_aside(directory, name, number)
    return number + 1, removed


def run_program(stage_run: StageRun, *, relay: Relay | None = None) -> Measured:
    """Run the program of an open attempt (step 3) and return how it ended."""
    run, stage, way = stage_run.run, stage_run.stage, stage_run.way
    if not stage_run.gathered.is_open:
        return Measured(exit_code=None, never_began="its gate is closed")
    try:
        ran = run_command(
            run,
            Command(
                argv=stage_run.command,
                cwd=way.cwd,
                environ={**way.environ, **stage_environment(stage_run)},
                secrets=(*patterns_in(way.environ), *way.secrets),
                tee=way.tee,
                timeout_seconds=stage.timeout_seconds,
                relay=relay,
                ends_rest=True,
            ),
        )
    except CannotStartError as error:
        return Measured(exit_code=None, never_began=error.message)
    return measured_of(ran.end)


def measured_of(end: ChildEnd) -> Measured:
    """Return how a program ended, as the record keeps it."""
    return Measured(
        exit_code=end.exit_code,
        signal=end.signal,
        timed_out_seconds=end.timed_out_seconds,
        interrupted_by=end.interrupted_by,
        log_fault=end.log_fault,
        duration_seconds=end.duration_seconds,
    )


def stage_environment(stage_run: StageRun) -> dict[str, str]:
    """Return the variables by which a program in any language finds its stage, inputs and outputs."""
    experiment, stage = stage_run.experiment, stage_run.stage
    directory = stage_run.run.dir
    outputs = {
        alias: posixpath.join(directory, folder_behind(stage, alias)).rstrip("/") for alias in stage.writes
    }
    return {
        STAGE: stage.id,
        "RUNPACT_STAGE_DIR": directory,
        "RUNPACT_STAGE_SUMMARY": posixpath.join(directory, SUMMARY),
        "RUNPACT_EXPERIMENT": experiment.name,
        "RUNPACT_EXPERIMENT_DIR": experiment.directory,
        INPUTS: msgspec.json.encode(dict(stage_run.gathered.folders)).decode(),
        "RUNPACT_OUTPUTS": msgspec.json.encode(outputs).decode(),
        "RUNPACT_SEED": "" if stage.seed is None else str(stage.seed),
    }


def end_attempt(stage_run: StageRun, measured: Measured) -> StageResult:
    """Judge an open attempt, write its result and seal it (steps 4 and 5, aliases apart).

    Raises:
        StorageError: It could not be sealed; readers find it interrupted.
    """
    run = stage_run.run
    with run:
        claim = take_claim(run)
        settle_confinement(run, seconds=measured.duration_seconds)
        began = measured.never_began is None
        outputs = register_outputs(run, stage_run.experiment, stage_run.stage) if began else ()
        experiment, name = stage_run.experiment, stage_run.name
        rows = rows_written(run, outputs)
        basis = with_loaded_code(stage_run.experiment, stage_run.basis, claim)
        stage_run = msgspec.structs.replace(stage_run, basis=basis)
        end = read_end(
            measured,
            claim,
            name=name,
            experiment=experiment.name,
            speaks=stage_run.stage.exit_codes or experiment.kind.exit_codes,
            rows=rows,
            stands=lambda path: os.path.exists(posixpath.join(experiment.directory, path)),
        )
        findings = (
            *stage_run.gathered.findings,
            *end.findings,
            *judge_opened(
                claim.opened if claim else (),
                stage_run.gathered.inputs,
                name=name,
                has_aliases=experiment.kind.aliases != "record",
            ),
            *judge_origin(run.provenance, path=f"{name}/{MANIFEST}"),
            *(judge_refusal(run.confinement, path=f"{name}/logs/stderr.log") if run.has_met_refusal else ()),
        )
        result = _result(stage_run, measured, findings, outputs)
        _describe(stage_run, result, claim, rows)
        judged = following(judge_outputs(run, experiment, stage_run.stage), end.findings) if began else ()
        if judged:
            result = _result(stage_run, measured, (*findings, *judged), outputs)
            _describe(stage_run, result, claim, rows)
        run.writer.replace(RESULT, encode_result(result))
        state, reason = _state(result, end.why)
        finish_run(run, state, error=reason, exit_code=measured.exit_code, signal=measured.signal)
    return result


def _result(
    stage_run: StageRun, measured: Measured, findings: tuple[Finding, ...], outputs: tuple[object, ...]
) -> StageResult:
    verdict = Report(findings).verdict
    return StageResult(
        stage=stage_run.stage.id,
        slug=stage_run.stage.slug,
        attempt=stage_run.number,
        launched_by=stage_run.way.launched_by,
        status=verdict,
        exit_code=verdict.exit_code,
        measured=measured,
        findings=findings,
        inputs=stage_run.gathered.inputs,
        outputs=outputs,  # type: ignore[arg-type]  # as register_outputs returns them
        basis=stage_run.basis,
        seed=stage_run.stage.seed,
        named=stage_run.gathered.named,
        experiment=_held(stage_run.experiment),
    )


def _held(experiment: Experiment) -> ExperimentHeld | None:
    """Return what the attempt holds of the experiment's own records; nothing when they cannot be read."""
    record, log = experiment.own_records()
    return None if record is None or log is None else hold(record, log)


def _describe(stage_run: StageRun, result: StageResult, claim: Claim | None, rows: int | None) -> None:
    """Let the layout's own files say what the attempt came to."""
    run, experiment, stage = stage_run.run, stage_run.experiment, stage_run.stage
    run.names["summary"] = summary_document(
        SummaryFacts(
            experiment=experiment.name,
            result=result,
            claim=claim,
            rows=rows,
            aliases={alias: experiment.target(stage, alias) for alias in stage.writes}
            if experiment.kind.aliases == "link"
            else {},
            git_sha=run.record.provenance.code.commit,
            created_at=clock.now(),
        )
    )
    state, _reason = _state(result, "")
    write_projections(run, {"change", "seal"}, state=state)


def _state(result: StageResult, why: str) -> tuple[State, str | None]:
    if result.measured.interrupted_by is not None:
        return State.INTERRUPTED, f"stopped by signal {result.measured.interrupted_by}"
    if result.is_usable:
        return State.FINISHED, None
    worst = next(
        (
            each.message
            for each in result.findings
            if each.because is None and each.severity is Severity.ERROR
        ),
        next((each.message for each in result.findings if each.severity is Severity.INCOMPLETE), why),
    )
    return State.FAILED, f"{result.status.value}: {worst}"
