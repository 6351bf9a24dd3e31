"""Run a command as a run.

Knows: what the child is told, what its end means for the run's state.
Does not know: how streams are pumped or signals forwarded.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from runpact.host.child import ChildEnd, resolve_command, run_child
from runpact.model.run import State
from runpact.verbs.active import ActiveRun
from runpact.verbs.finish import finish_run
from runpact.verbs.inputs import record_input
from runpact.verbs.nest import DIRECTORY, UID

STDOUT, STDERR = "logs/stdout.log", "logs/stderr.log"


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """How the command ended and what the run became."""

    state: State
    reason: str
    exit_code: int | None
    signal: int | None
    interrupted_by: int | None


def check_command(argv: tuple[str, ...], *, cwd: str, environ: Mapping[str, str]) -> None:
    """Make sure that the command can be started, before anything is created.

    Raises:
        CommandNotFoundError: It does not exist or may not be executed.
    """
    resolve_command(argv, cwd=cwd, env=environ)


def execute(
    run: ActiveRun,
    argv: tuple[str, ...],
    *,
    inputs: tuple[str, ...],
    cwd: str,
    environ: Mapping[str, str],
    tee: bool,
) -> Execution:
    """Run the command inside `run`, record its end, seal.

    Args:
        run: A run that was just started.
        argv: Command and arguments; no shell is involved.
        inputs: Files and folders to record first.
        cwd: Absolute directory to run it in.
        environ: Its environment; the run's own variables join it.
        tee: Repeat both streams on this process's own.

    Raises:
        CommandNotFoundError: The system cannot start it; the run is sealed as failed.
    """
    with run:  # whatever goes wrong before the seal, the run does not stay open
        for path in inputs:
            record_input(run, path, cwd=cwd)
        logs = run.writer.open_stream(STDOUT), run.writer.open_stream(STDERR)
        run.event("command.started", argv=list(run.record.provenance.command))
        end = run_child(argv, cwd=cwd, env={**environ, **child_environment(run)}, logs=logs, tee=tee)
        run.event(
            "command.ended", exit_code=end.exit_code, signal=end.signal, duration_seconds=end.duration_seconds
        )
        state, reason = meaning_of(end)
        standing = finish_run(run, state, error=reason, exit_code=end.exit_code, signal=end.signal)
    return Execution(
        state=standing.state,
        reason=standing.reason,
        exit_code=end.exit_code,
        signal=end.signal,
        interrupted_by=end.interrupted_by,
    )


def child_environment(run: ActiveRun) -> dict[str, str]:
    """Return the variables by which a program finds its run."""
    return {
        DIRECTORY: run.dir,
        "RUNPACT_RUN_ID": run.id,
        UID: run.uid,
        "RUNPACT_CONFIG": msgspec.json.encode(run.config).decode(),
    }


def meaning_of(end: ChildEnd) -> tuple[State, str | None]:
    """Return the state that a child's end stands for, with the reason."""
    if end.interrupted_by is not None:
        return State.INTERRUPTED, f"stopped by signal {end.interrupted_by}"
    if end.signal is not None:
        return State.FAILED, f"the command was ended by signal {end.signal}"
    if end.log_fault:
        return State.FAILED, f"its output could not be stored: {end.log_fault}"
    if end.exit_code != 0:
        return State.FAILED, f"the command exited with {end.exit_code}"
    return State.FINISHED, None
