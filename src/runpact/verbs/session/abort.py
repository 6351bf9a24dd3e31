"""End a session: ask its process to, or record the end where there is no process any more.

Knows: whom to ask, how long to wait, what is done when nobody answers.
Does not know: how a run is sealed.
"""

from __future__ import annotations

import os
import posixpath
from typing import Literal

import msgspec

from runpact.disk.aside import Aside
from runpact.disk.reader import read_run
from runpact.host import clock
from runpact.host.process import ask_to_end
from runpact.model.errors import CannotStartError, NotEndedError, StorageError
from runpact.model.run import SEALABLE, Standing, State
from runpact.verbs.finding.standing import stand
from runpact.verbs.life.recover import recover_run

_POLL_SECONDS = 0.02
_Done = Literal["asked", "killed", "recorded", "nothing"]


class AbortedSession(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a session that was to end."""

    path: str
    done: _Done
    """`asked`: its process ended it; `killed`: that did not help; `recorded`: there was no process any more;
    `nothing`: it had ended before."""
    standing: Standing


def abort_session(root: str, path: str, *, wait_seconds: float, is_killed: bool) -> AbortedSession:
    """End a session, and return its state then.

    Args:
        root: Absolute data root.
        path: Of the session, relative to it.
        wait_seconds: How long its process has for it.
        is_killed: A process that does not answer in that time is killed.

    Raises:
        CannotStartError: It runs on another host, or nobody can tell.
        NotEndedError: It did not end in that time.
        StorageError: It cannot be asked, or its end could not be recorded.
    """
    directory = posixpath.normpath(posixpath.join(root, path))
    standing = stand(directory)[1]
    done: _Done = "nothing"
    if standing.state is State.RUNNING:
        done = _ended(directory, wait_seconds=wait_seconds, is_killed=is_killed)
        standing = stand(directory)[1]
    if _is_sealed(directory):
        return AbortedSession(path=path, done=done, standing=standing)
    if standing.state is not State.INTERRUPTED:
        raise CannotStartError(
            f"the session `{path}` cannot be ended from here",
            at=path,
            expected="a session of this host that runpact made",
            got=f"{standing.state.value}: {standing.reason}",
            hint="end its process where it runs",
        )
    moment = clock.utc_now().strftime("%Y%m%dT%H%M%SZ")
    was_gone = done == "nothing"
    aside = Aside(root, f"{moment}-{os.urandom(3).hex()}")
    standing = recover_run(root, path, aside, is_by_operator=not was_gone)
    return AbortedSession(path=path, done="recorded" if was_gone else done, standing=standing)


def _is_sealed(directory: str) -> bool:
    reading, standing = stand(directory)
    is_committed = reading.manifest is not None and reading.manifest.sealed
    return is_committed and standing.state in SEALABLE


def _ended(directory: str, *, wait_seconds: float, is_killed: bool) -> _Done:
    """Ask the process of a session to end it, and wait until it has."""
    record = read_run(directory).record
    if record is None or not ask_to_end(record.owner, is_killed=False):
        if stand(directory)[1].state is not State.RUNNING:
            return "nothing"
        raise StorageError(
            "the process of the session cannot be asked to end",
            at=directory,
            hint="it belongs to somebody else, or runs in another container",
        )
    if _is_over(directory, seconds=wait_seconds):
        return "asked"
    if is_killed and ask_to_end(record.owner, is_killed=True) and _is_over(directory, seconds=wait_seconds):
        return "killed"
    raise NotEndedError(
        f"the session did not end within {wait_seconds:g} s",
        at=directory,
        hint="`--kill` ends a process that does not answer; `--wait` gives it longer",
    )


def _is_over(directory: str, *, seconds: float) -> bool:
    until = clock.monotonic() + seconds
    while stand(directory)[1].state is State.RUNNING:
        if clock.monotonic() > until:
            return False
        clock.wait(_POLL_SECONDS)
    return True
