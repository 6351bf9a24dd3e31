"""Run a command as a run.

Knows: what the child is told, what its end means for the run's state.
Does not know: how streams are pumped or signals forwarded.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping

import msgspec

from runpact.host.child import ChildEnd, resolve_command, run_child
from runpact.host.orphans import Process, end_processes, left_by_command
from runpact.host.relay import Relay
from runpact.model.confinement import COMPARE, OFF, W0, W2, Confinement, LeftRunning, Wanted
from runpact.model.errors import ConfigError
from runpact.model.registered.uri import is_uri
from runpact.model.reproduction import STARTED
from runpact.model.run import State
from runpact.model.secretnames import PATTERNS
from runpact.verbs.capturing.mask import CONFIG
from runpact.verbs.life.active import ActiveRun
from runpact.verbs.life.attach import adopt
from runpact.verbs.life.fence import demand_reach, fence_of, note_trace
from runpact.verbs.life.finish import finish_run
from runpact.verbs.life.inputs import check_inputs, record_input
from runpact.verbs.life.nest import CONFINEMENT, DIRECTORY, INPUTS, ROOT, STAGE, UID
from runpact.verbs.life.request import Request

STDOUT, STDERR = "logs/stdout.log", "logs/stderr.log"

_REFUSALS = (b"Permission denied", b"Read-only file system", b"[Errno 13]", b"EACCES", b"EROFS")
"""What programs say when the fence refused them something."""
_FOLDERS = re.compile(r"(?<![\w.])(?:/[^\s/'\"]+)*/(?=[^\s/])")
_MOST_LEFT, _MOST_SHOWN = 20, 120
_GRACE = 1.0
"""Seconds that what a command left behind has to end when it is asked to."""
_MOST_HANDED = 130_000
"""Linux takes 131,072 bytes of a variable with its name."""


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """How the command ended and what the run became."""

    state: State
    reason: str
    exit_code: int | None
    signal: int | None
    interrupted_by: int | None
    confinement: Confinement
    """How the command was really held."""
    is_refused: bool = False
    """It failed and said that something was refused: perhaps by the fence."""


def check_command(argv: tuple[str, ...], *, cwd: str, environ: Mapping[str, str]) -> None:
    """Make sure that the command can be started, before anything is created.

    Raises:
        CommandNotFoundError: It does not exist or may not be executed.
    """
    resolve_command(argv, cwd=cwd, env=environ)


def made_ready(request: Request, *, root: str, cwd: str, environ: Mapping[str, str]) -> Request:
    """Make sure that a command can be run as asked, before anything is created.

    Args:
        request: What was asked.
        root: Absolute data root.
        cwd: Absolute directory to run it in.
        environ: Its environment.

    Returns:
        The request with what it leaves open decided: this process itself writes nothing, so it needs no hook.

    Raises:
        CommandNotFoundError: The command does not exist or may not be executed.
        ConfigError: The configuration is too large to be handed over.
        CannotStartError: An input is missing.
        ConfinementError: The confinement demanded cannot be enforced.
    """
    check_command(request.command, cwd=cwd, environ=environ)
    check_handed(request.config.resolved)
    check_inputs([each for each in request.inputs if not is_uri(each)], cwd=cwd)
    _demand_registered(root, [each for each in request.inputs if is_uri(each)])
    wanted = request.wanted or Wanted()
    demand_reach(wanted, environ=environ)
    is_free = request.guard == OFF or wanted.level == W0
    return msgspec.structs.replace(request, guard=OFF if is_free else COMPARE, wanted=wanted)


def _use(run: ActiveRun, uri: str) -> None:
    from runpact.verbs.life.use import use  # noqa: PLC0415 - few commands name a URI

    use(run, uri)


def _demand_registered(root: str, uris: list[str]) -> None:
    if uris:
        from runpact.verbs.finding.resolve import resolve  # noqa: PLC0415 - few commands name a URI

        for each in uris:
            resolve(root, each)


def check_handed(config: Mapping[str, object]) -> None:
    """Make sure that a configuration can be handed to a command, before anything is created.

    Raises:
        ConfigError: It is larger than the system lets a variable of the environment be.
    """
    size = len(msgspec.json.encode(config))
    if size > _MOST_HANDED:
        raise ConfigError(
            "the configuration is too large to be handed to a command",
            expected=f"at most {_MOST_HANDED:,} bytes of JSON",
            got=f"{size:,} bytes",
            hint="keep large tables in a file of their own, recorded with --input",
        )


def execute(  # noqa: PLR0913 - what a command is run with; all but two are keyword-only
    run: ActiveRun,
    argv: tuple[str, ...],
    *,
    wanted: Wanted | None,
    inputs: tuple[str, ...],
    secrets: tuple[str, ...],
    cwd: str,
    environ: Mapping[str, str],
    tee: bool,
    relay: Relay | None = None,
) -> Execution:
    """Run the command inside `run`, record its end, seal.

    Args:
        run: A run that was just started.
        argv: Command and arguments; no shell is involved.
        wanted: What is asked of the fence around it; None: the usual.
        inputs: Files and folders to record first.
        secrets: Patterns of secret names, for the runs that the command makes.
        cwd: Absolute directory to run it in.
        environ: Its environment; the run's own variables join it.
        tee: Repeat both streams on this process's own.
        relay: Passes signals on to several commands; by default to this one alone.

    Raises:
        CommandNotFoundError: The system cannot start it; the run is sealed as failed.
    """
    with run:  # whatever goes wrong before the seal, the run does not stay open
        for each in inputs:
            if is_uri(each):
                _use(run, each)
            else:
                record_input(run, each, cwd=cwd)
        command = Command(
            argv=argv,
            cwd=cwd,
            environ={**environ, **_told_inputs(run, environ)},
            secrets=secrets,
            tee=tee,
            wanted=wanted or Wanted(),
            relay=relay,
        )
        ran = run_command(run, command)
        end = ran.end
        state, reason = meaning_of(end)
        standing = finish_run(run, state, error=reason, exit_code=end.exit_code, signal=end.signal)
    return Execution(
        state=standing.state,
        reason=standing.reason,
        exit_code=end.exit_code,
        signal=end.signal,
        interrupted_by=end.interrupted_by,
        confinement=run.confinement,
        is_refused=ran.is_refused,
    )


def _readable(run: ActiveRun, argv: tuple[str, ...], *, cwd: str) -> tuple[str, ...]:
    """Return what was declared to be read: inputs, and the files that the command itself names."""
    named = (os.path.join(cwd, word) for word in argv)
    return (*(kept.place for kept in run.inputs.values()), *(path for path in named if os.path.isfile(path)))


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A command to be run in an open run, and how."""

    argv: tuple[str, ...]
    """Command and arguments; no shell is involved."""
    cwd: str
    """Absolute directory to run it in."""
    environ: Mapping[str, str]
    """Its environment; the run's own variables join it."""
    secrets: tuple[str, ...] = ()
    """Patterns of secret names, for the runs that the command makes."""
    tee: bool = False
    """Repeat both streams on this process's own."""
    wanted: Wanted = Wanted()
    """What is asked of the fence around it."""
    timeout_seconds: float | None = None
    """Stop it after so long."""
    relay: Relay | None = None
    """Passes signals on to several commands; by default to this one alone."""
    ends_rest: bool = False
    """What it leaves behind is ended with it."""


class Ran(msgspec.Struct, frozen=True):
    """How a command ended."""

    end: ChildEnd
    is_refused: bool
    """It failed under the kernel's fence, and what it printed looks as if a system call had been refused."""


def run_command(run: ActiveRun, command: Command) -> Ran:
    """Run the command of an open run to its end and keep what it prints; the run stays open.

    Raises:
        CommandNotFoundError: The system cannot start it.
    """
    logs = _MaskedLog(run, STDOUT), _MaskedLog(run, STDERR)
    run.wanted = command.wanted.level
    readable = _readable(run, command.argv, cwd=command.cwd)
    fence = fence_of(run, command.wanted, readable=readable, environ=command.environ)
    note = functools.partial(
        note_trace, run, command.argv, readable=readable, cwd=command.cwd, environ=command.environ
    )
    run.note(STARTED, argv=list(run.record.provenance.command))
    try:
        end = run_child(
            command.argv,
            cwd=command.cwd,
            env={**command.environ, **child_environment(run, secrets=command.secrets)},
            logs=(logs[0].keep, logs[1].keep),
            tee=command.tee,
            fence=fence,
            timeout_seconds=command.timeout_seconds,
            relay=command.relay,
            on_trace=note,
        )
    finally:
        adopt(run)
    run.enforced = end.enforced
    run.left = _left(run, is_late=end.timed_out_seconds is not None, ends=command.ends_rest)
    end = _closed(end, logs)
    run.note(
        "command.ended", exit_code=end.exit_code, signal=end.signal, duration_seconds=end.duration_seconds
    )
    run.has_met_refusal = end.enforced.level >= W2 and any(log.is_refused for log in logs)
    return Ran(end, run.has_met_refusal and end.exit_code != 0)


def _left(run: ActiveRun, *, is_late: bool, ends: bool) -> tuple[LeftRunning, ...]:
    """Return the processes that a command left behind, ended if they are to be."""
    left = left_by_command(run.uid, patience=0.0) if is_late else left_by_command(run.uid)
    if left and ends:
        left = [
            *left,
            *(each for each in end_processes(run.uid, grace=0.0 if is_late else _GRACE) if each not in left),
        ]
    return tuple(
        LeftRunning(pid=each.pid, command=_told(run, each), is_ended=ends) for each in left[:_MOST_LEFT]
    )


def _told(run: ActiveRun, process: Process) -> str:
    """Return a command as records show it: without secrets and without the folders of paths."""
    words = " ".join(run.masker.command("command", process.command))
    return _FOLDERS.sub("", words)[:_MOST_SHOWN]


class _MaskedLog:
    """One stream of the command, stored without secrets."""

    def __init__(self, run: ActiveRun, path: str) -> None:
        self._store = run.writer.open_stream(path)
        self._stream = run.masker.stream(path)
        self.is_refused = False
        """Something in it looks as if a system call had been refused."""

    def keep(self, piece: bytes) -> None:
        """Store what the next piece makes certain; raises `OSError`."""
        self.is_refused = self.is_refused or any(sign in piece for sign in _REFUSALS)
        self._store(self._stream.feed(piece))

    def close(self) -> None:
        """Store what was kept back; raises `OSError`."""
        self._store(self._stream.end())


def _closed(end: ChildEnd, logs: tuple[_MaskedLog, _MaskedLog]) -> ChildEnd:
    """Store the rest of both streams, unless that failed before."""
    if end.log_fault is not None:
        return end
    try:
        for log in logs:
            log.close()
    except OSError as error:
        return msgspec.structs.replace(end, log_fault=os.strerror(error.errno or 0))
    return end


def child_environment(run: ActiveRun, *, secrets: tuple[str, ...]) -> dict[str, str]:
    """Return the variables by which a program finds its run."""
    told = {PATTERNS: ",".join(secrets)} if secrets else {}
    return (
        told
        | run.announced.environment()
        | {
            DIRECTORY: run.dir,
            "RUNPACT_RUN_ID": run.id,
            UID: run.uid,
            ROOT: run.root,
            CONFINEMENT: run.wanted,
            CONFIG: msgspec.json.encode(run.config).decode(),
        }
    )


def _told_inputs(run: ActiveRun, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variable that tells a command where its inputs stand, by the names that are recorded.

    Within a stage its own inputs are told as before; more than a variable can hold are not told.
    """
    told = msgspec.json.encode({name: kept.place for name, kept in run.inputs.items()}).decode()
    return {} if environ.get(STAGE) or len(told) > _MOST_HANDED else {INPUTS: told}


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
