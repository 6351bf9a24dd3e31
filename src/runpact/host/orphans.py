"""Processes of runs, found from outside.

Knows: how a process of a run is told: by the variable that names its run, by a file of the run that it holds
    open for writing; how one is ended, and no other.
Does not know: whether the run's own process lives.

Only processes that this one may look at are found: those of the same user, in the same container or below it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Collection, Iterator

import msgspec

_PROC = "/proc"
_UID = b"RUNPACT_RUN_UID="
_MOST_WORDS = 4096
_WRITING = os.O_WRONLY | os.O_RDWR
_PATIENCE_SECONDS = 0.5
"""How long what a command leaves behind may take to end by itself, as Python's own trackers do."""
_GRACE_SECONDS = 1.0
"""How long a process that is asked to end may take."""
_MOST_ROUNDS = 20
"""How often new ones are looked for; a program that starts others faster than they are ended is left."""
_LOOK_SECONDS = 0.02


class Process(msgspec.Struct, frozen=True):
    """A process that lives."""

    pid: int
    command: tuple[str, ...]


def processes_of(runs: dict[str, str], *, proc: str = _PROC) -> dict[str, list[Process]]:
    """Return the processes of each run that still has some, but for this one.

    Args:
        runs: uid by the absolute real directory of each run asked about.
        proc: Root of the process file system.
    """
    found: dict[str, list[Process]] = {}
    uids = set(runs.values())
    for pid in _pids(proc) if runs else ():
        for uid in {*_named_by(f"{proc}/{pid}", uids), *_held_by(f"{proc}/{pid}", runs)}:
            found.setdefault(uid, []).append(Process(pid, _command(f"{proc}/{pid}")))
    return found


def left_by_command(uid: str, *, patience: float = _PATIENCE_SECONDS) -> list[Process]:
    """Return the processes that a run's command leaves behind; those that are about to end are waited for.

    Args:
        uid: Of the run.
        patience: Seconds to wait for them.
    """
    deadline = time.monotonic() + patience
    while (pids := _told_of(uid)) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    return [Process(pid, _command(f"{_PROC}/{pid}")) for pid in pids]


def end_processes(uid: str, *, grace: float = _GRACE_SECONDS) -> list[Process]:
    """End every process that was told of a run, and all that these start; return those that were met.

    They are asked first (SIGTERM), and killed when they do not answer in time.

    Args:
        uid: Of the run.
        grace: Seconds that they have to end by themselves.
    """
    met: dict[int, Process] = {}
    deadline = time.monotonic() + grace
    number = signal.SIGTERM if grace > 0 else signal.SIGKILL
    for _round in range(_MOST_ROUNDS):
        pids = _told_of(uid)
        if not pids:
            break
        met |= {pid: Process(pid, _command(f"{_PROC}/{pid}")) for pid in pids if pid not in met}
        for pid in pids:
            _signal(pid, uid, number)
        while _told_of(uid) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        number, deadline = signal.SIGKILL, time.monotonic() + grace + _LOOK_SECONDS
    return list(met.values())


def _told_of(uid: str) -> list[int]:
    return [pid for pid in _pids(_PROC) if any(_named_by(f"{_PROC}/{pid}", {uid}))]


def _signal(pid: int, uid: str, number: signal.Signals) -> None:
    """Send a signal to a process of a run, and to no other that was given its id meanwhile."""
    with contextlib.suppress(OSError):
        descriptor = os.pidfd_open(pid)
        try:
            if any(_named_by(f"{_PROC}/{pid}", {uid})):
                signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)


def _pids(proc: str) -> Iterator[int]:
    try:
        names = os.listdir(proc)
    except OSError:
        return
    yield from sorted(int(name) for name in names if name.isdecimal() and int(name) != os.getpid())


def _named_by(folder: str, uids: Collection[str]) -> Iterator[str]:
    """Yield the run that a process was told of when it was started."""
    for variable in _read(f"{folder}/environ").split(b"\0"):
        if variable.startswith(_UID):
            uid = os.fsdecode(variable[len(_UID) :])
            if uid in uids:
                yield uid


def _held_by(folder: str, runs: dict[str, str]) -> Iterator[str]:
    """Yield the runs of which a process holds a file open for writing."""
    try:
        descriptors = os.listdir(f"{folder}/fd")
    except OSError:
        return
    for descriptor in descriptors:
        uid = _run_of(_link(f"{folder}/fd/{descriptor}"), runs)
        if uid is not None and _is_writing(f"{folder}/fdinfo/{descriptor}"):
            yield uid


def _run_of(path: str, runs: dict[str, str]) -> str | None:
    while len(path) > 1:
        if path in runs:
            return runs[path]
        path = path.rpartition("/")[0]
    return None


def _is_writing(path: str) -> bool:
    for line in _read(path).splitlines():
        if line.startswith(b"flags:"):
            return bool(int(line.split()[1], 8) & _WRITING)
    return False


def _command(folder: str) -> tuple[str, ...]:
    words = _read(f"{folder}/cmdline")[:_MOST_WORDS].rstrip(b"\0")
    if not words:
        words = _read(f"{folder}/comm").strip()
    return tuple(word.decode("utf-8", "replace") for word in words.split(b"\0"))


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""
