"""Processes of runs, found from outside.

Knows: how a process of a run is told: by the variable that names its run, by a file of the run that it holds
    open for writing.
Does not know: whether the run's own process lives.

Only processes that this one may look at are found: those of the same user, in the same container or below it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator

import msgspec

_PROC = "/proc"
_UID = b"RUNPACT_RUN_UID="
_MOST_WORDS = 4096
_WRITING = os.O_WRONLY | os.O_RDWR


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
