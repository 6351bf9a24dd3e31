"""Processes, named so that none is taken for another.

Knows: who this process is, whether another one still lives.
Does not know: what a dead owner means for a run.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import signal

from runpact.model.run import Liveness, Owner

_PROC = "/proc"
_START_FIELD = 19
"""Index of `starttime` among the fields after the command's closing parenthesis."""
_STATE_FIELD = 0
_DEAD_STATES = frozenset({"Z", "X", "x"})


def this_process() -> Owner:
    """Return the identity of the calling process."""
    return _identity(os.getpid())


@functools.lru_cache(maxsize=2)
def _identity(pid: int) -> Owner:
    return Owner(
        pid=pid,
        start_ticks=start_ticks(pid) or 0,
        boot_id=_first_line(f"{_PROC}/sys/kernel/random/boot_id"),
        host_id=host_id(),
        pid_namespace=_pid_namespace(),
    )


@functools.cache
def host_id() -> str:
    """Return a digest that tells machines apart without naming them."""
    identity = _first_line("/etc/machine-id") or _first_line("/var/lib/dbus/machine-id")
    boot = "" if identity else _first_line(f"{_PROC}/sys/kernel/random/boot_id")
    return hashlib.sha256(f"runpact:{identity}:{boot}:{platform.node()}".encode()).hexdigest()[:32]


def start_ticks(pid: int, *, proc: str = _PROC) -> int | None:
    """Return when a process started, in clock ticks since boot; None when it does not live.

    A zombie does not live.
    """
    try:
        with open(f"{proc}/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    if len(fields) <= _START_FIELD or fields[_STATE_FIELD].decode() in _DEAD_STATES:
        return None
    return int(fields[_START_FIELD])


def liveness(
    owner: Owner, *, lock_held: bool | None, proc: str = _PROC, here: Owner | None = None
) -> Liveness:
    """Say whether the owner of a run still lives.

    A held lock alone proves nothing (a forked child inherits it), nor does a process id alone (it is
    given again): both together do, on the same boot of the same machine. Seen from another container of
    that boot process ids mean nothing, but its kernel is one and so are its locks.

    Args:
        owner: As recorded when the run began.
        lock_held: Whether somebody holds the run's lock; None when the file system cannot tell.
        proc: Root of the process file system.
        here: This process's identity, for the comparison.
    """
    here = here or this_process()
    if owner.host_id != here.host_id or owner.pid_namespace != here.pid_namespace:
        is_same_kernel = owner.boot_id != "" and owner.boot_id == here.boot_id
        dead = Liveness.DEAD if is_same_kernel and lock_held is False else Liveness.UNDECIDED
        return Liveness.ALIVE if lock_held else dead
    if owner.boot_id != here.boot_id:
        return Liveness.DEAD
    is_same = start_ticks(owner.pid, proc=proc) == owner.start_ticks
    if is_same and lock_held is not False:
        return Liveness.ALIVE
    return Liveness.ORPHANS if lock_held else Liveness.DEAD


def ask_to_end(owner: Owner, *, is_killed: bool) -> bool:
    """Send a process the signal to end, if it is still the one that is meant; whether it was sent.

    Args:
        owner: As recorded.
        is_killed: By SIGKILL, which leaves it no choice; else by SIGTERM.
    """
    here = this_process()
    if (owner.host_id, owner.boot_id, owner.pid_namespace) != (
        here.host_id,
        here.boot_id,
        here.pid_namespace,
    ):
        return False
    try:
        handle = os.pidfd_open(owner.pid)
    except OSError:
        return False
    try:
        if start_ticks(owner.pid) != owner.start_ticks:
            return False
        signal.pidfd_send_signal(handle, signal.SIGKILL if is_killed else signal.SIGTERM)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.readline().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _pid_namespace() -> int:
    try:
        return os.stat(f"{_PROC}/self/ns/pid").st_ino
    except OSError:
        return 0
