"""Watch sessions from Python, and end them.

Knows: the shapes a caller may hand in.
Does not know: how a session is looked at.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runpact.workspace import Workspace
    from runpact.workspace.sessions import AbortedSession, Alerts, SeenSession

_HOUR = 60.0


def sessions(
    *,
    kind: str | None = None,
    stale_minutes: float = _HOUR,
    workspace: str | os.PathLike[str] | None = None,
) -> tuple[SeenSession, ...]:
    """Return the sessions of a workspace, newest first, as they are at this moment.

    Each has its `.health` (`running`, `ended`, `failed`, `aborted`, `stale`, `quiet`, `damaged`) and what its
    lifecycle document tells.

    Args:
        kind: Only those of this kind of the contract.
        stale_minutes: A session on another host that was not heard of for so long is stale; one of this host
            whose process is gone is stale at once.
        workspace: Folder of the contract; by default found upwards.

    Raises:
        CannotStartError: No kind of the contract is a session.
        UsageError: The kind is none of sessions, or the age is not more than 0.
    """
    from runpact.workspace.sessions import all_sessions  # noqa: PLC0415 - only who asks pays for it

    return all_sessions(_opened(workspace), kind=kind, stale_minutes=stale_minutes)


def session_alerts(
    *,
    kind: str | None = None,
    stale_minutes: float = _HOUR,
    workspace: str | os.PathLike[str] | None = None,
) -> Alerts:
    """Return what is wrong with sessions; its `.alerts` have codes, its `.alert_status` is the gravest.

    Args:
        kind: Only sessions of this kind of the contract.
        stale_minutes: As for `sessions`.
        workspace: Folder of the contract; by default found upwards.

    Raises:
        CannotStartError: No kind of the contract is a session.
        UsageError: The kind is none of sessions, or the age is not more than 0.
    """
    from runpact.workspace.sessions import alerts  # noqa: PLC0415 - as above

    return alerts(_opened(workspace), kind=kind, stale_minutes=stale_minutes)


def abort_session(
    session: str,
    *,
    wait_seconds: float = 10.0,
    kill: bool = False,
    workspace: str | os.PathLike[str] | None = None,
) -> AbortedSession:
    """End a session: its process is asked to, or its end is recorded where there is none any more.

    Args:
        session: Its id, path, uid or unique prefix.
        wait_seconds: How long its process has for it.
        kill: A process that does not answer in that time is killed.
        workspace: Folder of the contract; by default found upwards.

    Raises:
        CannotStartError: It runs on another host, or runpact did not make it.
        NoSuchRunError: Nothing is named so, or what is named so is no session.
        StorageError: It did not end.
    """
    from runpact.workspace.sessions import abort  # noqa: PLC0415 - as above

    return abort(_opened(workspace), session, wait_seconds=wait_seconds, is_killed=kill)


def _opened(workspace: str | os.PathLike[str] | None) -> Workspace:
    from runpact.workspace import Workspace  # noqa: PLC0415 - as above

    return Workspace.open(workspace=None if workspace is None else os.fspath(workspace))
