"""Runs a child process and keeps everything it prints.

Knows: how streams are pumped, signals forwarded, an end told exactly.
Does not know: runs.
"""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from runpact.host.fence import Launch, prepared
from runpact.host.relay import Relay
from runpact.model.confinement import Enforcement, Fence
from runpact.model.errors import CommandNotFoundError, RunpactError, StorageError

Store = Callable[[bytes], None]
"""Keeps a piece of a stream; raises `OSError` when it cannot."""
_CHUNK = 1 << 18
_GRACE_SECONDS = 1.0
"""How long a stream is still read after the child ended and a grandchild keeps it open."""
_LOOK_SECONDS = 0.1
_LAST_SECONDS = 5.0
"""How long a child whose time is over may take to end by itself."""


class ChildEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How a child ended."""

    exit_code: int | None
    """None when a signal ended it."""
    signal: int | None
    duration_seconds: float
    interrupted_by: int | None = None
    """The signal this process received and passed on."""
    bytes_out: int = 0
    bytes_err: int = 0
    log_fault: str | None = None
    """Why output was not stored; the child was not stopped for it."""
    left_open: bool = False
    """A grandchild still held a stream when reading stopped."""
    enforced: Enforcement = Enforcement()
    """How it was really held."""
    timed_out_seconds: float | None = None
    """It was stopped after so many seconds, because its time was over."""


def resolve_command(argv: tuple[str, ...], *, cwd: str, env: Mapping[str, str]) -> str:
    """Return the absolute path of the program.

    Raises:
        CommandNotFoundError: It does not exist or may not be executed.
    """
    program = argv[0] if argv else ""
    if os.sep in program:
        path = os.path.normpath(os.path.join(cwd, program))
        found = path if os.path.isfile(path) and os.access(path, os.X_OK) else None
    else:
        found = (
            shutil.which(program, path=env.get("PATH", os.defpath))
            if program and "\0" not in program
            else None
        )
    if found is None:
        raise CommandNotFoundError(
            f"no command `{program[:200]}`",
            expected="a program that exists and may be executed",
            got=program[:200],
            hint="check the spelling, or give its path; nothing was created",
        )
    return found


def run_child(  # noqa: PLR0913 - a child has so many sides; all but its words have names
    argv: tuple[str, ...],
    *,
    cwd: str,
    env: Mapping[str, str],
    logs: tuple[Store, Store],
    tee: bool,
    fence: Fence | None = None,
    timeout_seconds: float | None = None,
    relay: Relay | None = None,
    on_trace: Callable[[Iterable[str]], None] = lambda _lines: None,
) -> ChildEnd:
    """Run a command to its end, its two streams going to the logs and, if wanted, to our own.

    Args:
        argv: Program and arguments; no shell is involved.
        cwd: Absolute directory to run in.
        env: Its whole environment.
        logs: Called with each piece of stdout and stderr; an `OSError` of theirs ends the storing.
        tee: Repeat each stream on our own.
        fence: What it may do; None: whatever this process may. `ChildEnd.enforced` tells what came of it.
        timeout_seconds: Stop it after so long; None for as long as it takes.
        relay: Passes signals on to several children; by default to this one alone.
        on_trace: Is given the lines of the trace when a traced child has ended.

    Raises:
        CommandNotFoundError: It could not be started.
        ConfinementError: It was not started, since a strict fence cannot be enforced.
    """
    began = time.monotonic()
    relay = relay or Relay()
    with relay.at_work(), prepared(fence, env) as launch:
        try:
            child = launch.start(argv, cwd=cwd)
        except (OSError, ValueError) as error:
            raise _not_started(argv[0], error) from error
        relay.attach(child, launch)
        pumps = _pumps(child, logs, tee=tee)
        term = _Term(child, launch, timeout_seconds)
        left_open = _pump(child, pumps, term)
        code = term.wait()
        relay.detach(child)
        _hand_over(launch.trace, on_trace)
    return ChildEnd(
        exit_code=code if code >= 0 else None,
        signal=-code if code < 0 else None,
        duration_seconds=round(time.monotonic() - began, 6),
        interrupted_by=relay.received,
        bytes_out=pumps[0].size,
        bytes_err=pumps[1].size,
        log_fault=pumps[0].fault or pumps[1].fault,
        left_open=left_open,
        enforced=launch.enforcement,
        timed_out_seconds=term.over_after,
    )


def _hand_over(trace: str, on_trace: Callable[[Iterable[str]], None]) -> None:
    """Hand over the lines of a trace, if there is one; the child may have spoiled it."""
    if trace:
        with contextlib.suppress(OSError), open(trace, encoding="utf-8", errors="surrogateescape") as lines:
            on_trace(lines)


def _not_started(program: str, error: OSError | ValueError) -> RunpactError:
    """Tell a program that cannot be run from a machine that cannot run one."""
    if isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM}:
        hint = "raise the limit (`ulimit -a` shows them), or end other programs"
        return StorageError(f"cannot start `{program}`: {os.strerror(error.errno)}", hint=hint)
    return CommandNotFoundError(f"cannot start `{program}`: {error}", got=program)


class _Term:
    """The time that a child has: asked to end when it is over, killed when it does not."""

    def __init__(self, child: subprocess.Popen[bytes], launch: Launch, seconds: float | None) -> None:
        self.over_after: float | None = None
        """After how many seconds it was asked to end; None when it was not."""
        self._child, self._launch = child, launch
        self._seconds = seconds
        self._began = time.monotonic()

    def look(self) -> None:
        """End the child if its time is over."""
        if self._seconds is None or self._child.poll() is not None:
            return
        passed = time.monotonic() - self._began
        if passed > self._seconds + _LAST_SECONDS and self.over_after is not None:
            self._launch.send(self._child, signal.SIGKILL)
        elif passed > self._seconds and self.over_after is None:
            self.over_after = self._seconds
            self._launch.send(self._child, signal.SIGTERM)

    def wait(self) -> int:
        """Wait for the child's end, also when it closed its streams long before."""
        while self._seconds is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self._child.wait(timeout=_LOOK_SECONDS)
            self.look()
        return self._child.wait()


class _Pump:
    """One stream of the child: read, store, repeat."""

    def __init__(self, source: int, log: Store, repeat: int | None) -> None:
        self.source = source
        self.size = 0
        self.fault: str | None = None
        self._log: Store | None = log
        self._repeat = repeat

    def step(self) -> bool:
        """Move one chunk; False at the end of the stream."""
        data = os.read(self.source, _CHUNK)
        self.size += len(data)
        if data and self._log is not None:
            self._store(self._log, data)
        if data and self._repeat is not None:
            self._show(self._repeat, data)
        return bool(data)

    def _store(self, log: Store, data: bytes) -> None:
        try:
            log(data)
        except OSError as error:
            self.fault = os.strerror(error.errno or 0)
            self._log = None

    def _show(self, repeat: int, data: bytes) -> None:
        try:
            _write_all(repeat, data)
        except OSError:
            self._repeat = None


def _pumps(child: subprocess.Popen[bytes], logs: tuple[Store, Store], *, tee: bool) -> tuple[_Pump, _Pump]:
    assert child.stdout is not None  # noqa: S101 - opened as pipes above
    assert child.stderr is not None  # noqa: S101 - as above
    return (
        _Pump(child.stdout.fileno(), logs[0], 1 if tee else None),
        _Pump(child.stderr.fileno(), logs[1], 2 if tee else None),
    )


def _pump(child: subprocess.Popen[bytes], pumps: tuple[_Pump, _Pump], term: _Term) -> bool:
    """Move both streams until their ends; return whether a grandchild still held one."""
    with selectors.DefaultSelector() as selector:
        for pump in pumps:
            selector.register(pump.source, selectors.EVENT_READ, pump)
        for pump in _ready(child, selector, term):
            if not pump.step():
                selector.unregister(pump.source)
        left_open = bool(selector.get_map())
    for stream in (child.stdout, child.stderr):
        if stream is not None:
            stream.close()
    return left_open


def _ready(child: subprocess.Popen[bytes], selector: selectors.BaseSelector, term: _Term) -> Iterator[_Pump]:
    deadline: float | None = None
    while selector.get_map():
        events = selector.select(timeout=_LOOK_SECONDS)
        term.look()
        for key, _mask in events:
            yield key.data
        if events:
            continue
        if deadline is None and child.poll() is not None:
            deadline = time.monotonic() + _GRACE_SECONDS
        if deadline is not None and time.monotonic() > deadline:
            return


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
