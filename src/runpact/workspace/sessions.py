"""The front door to sessions.

Knows: which kinds of a workspace's contract are sessions, which of them a person means.
Does not know: what is wrong with one, how one is ended.
"""

from __future__ import annotations

from runpact.model.contract.language import Kind
from runpact.model.errors import NoSuchRunError, UsageError
from runpact.model.session.alerts import Alert, Alerts, HealthReport, alerts_on, health_of
from runpact.model.session.promotion import Readiness, Readinesses
from runpact.model.session.seen import Health, SeenSession
from runpact.verbs.life.opened import Registry
from runpact.verbs.life.views import Views, check_views, refresh_views, write_views
from runpact.verbs.session.abort import AbortedSession, abort_session
from runpact.verbs.session.look import (
    STALE_MINUTES,
    broken_in,
    judge_readiness,
    look_at,
    look_at_sessions,
    session_kinds,
)
from runpact.workspace import Workspace

__all__ = [
    "STALE_MINUTES",
    "AbortedSession",
    "Alert",
    "Alerts",
    "Health",
    "HealthReport",
    "Readiness",
    "Readinesses",
    "SeenSession",
    "abort",
    "alerts",
    "all_sessions",
    "check_index",
    "health",
    "promotion",
    "show",
    "write_index",
]


def all_sessions(
    place: Workspace, *, kind: str | None = None, stale_minutes: float = STALE_MINUTES
) -> tuple[SeenSession, ...]:
    """List the sessions of a workspace, newest first, as they are at this moment.

    Args:
        place: The workspace.
        kind: Only those of this kind.
        stale_minutes: When one counts as stale of which nobody here can tell whether it lives.

    Raises:
        CannotStartError: No kind of the contract is a session.
        UsageError: The kind that was named is none.
    """
    return look_at_sessions(
        place.data_root, _kinds(place, kind), place.runs(), stale_minutes=_positive(stale_minutes)
    )


def show(place: Workspace, reference: str, *, stale_minutes: float = STALE_MINUTES) -> SeenSession:
    """Return what is seen of one session.

    Raises:
        NoSuchRunError: Nothing is named so, or what is named so is no session.
    """
    summary = place.summary(reference)
    kinds = _kinds(place, None)
    if summary.kind not in kinds:
        raise NoSuchRunError(
            f"`{reference[:120]}` is no session",
            expected=f"a run of kind {' or '.join(kinds)}",
            got=f"a run of kind {summary.kind}",
            hint="`runpact sessions list` lists them",
        )
    return look_at(place.data_root, kinds[summary.kind], summary, stale_minutes=_positive(stale_minutes))


def alerts(place: Workspace, *, kind: str | None = None, stale_minutes: float = STALE_MINUTES) -> Alerts:
    """Return what is wrong with sessions, the gravest first."""
    seen = all_sessions(place, kind=kind, stale_minutes=stale_minutes)
    return _alerts(place, seen)


def _alerts(place: Workspace, seen: tuple[SeenSession, ...]) -> Alerts:
    return alerts_on(seen, _kinds(place, None), broken_in(place.check, place.data_root, seen))


def health(
    place: Workspace, *, kind: str | None = None, stale_minutes: float = STALE_MINUTES
) -> HealthReport:
    """Return how the sessions are, in short."""
    seen = all_sessions(place, kind=kind, stale_minutes=stale_minutes)
    return health_of(seen, _alerts(place, seen))


def promotion(place: Workspace, reference: str | None = None) -> Readinesses:
    """Return which sessions are ready for promotion, with reasons; of all, or of one."""
    seen = all_sessions(place) if reference is None else (show(place, reference),)
    kinds, loaded = _kinds(place, None), place.lint()
    broken = broken_in(place.check, place.data_root, seen)
    judged = (
        judge_readiness(place.data_root, loaded, kinds[each.kind], each, broken=broken.get(each.path, ""))
        for each in seen
    )
    return Readinesses(sessions=tuple(judged))


def abort(
    place: Workspace, reference: str, *, wait_seconds: float = 10.0, is_killed: bool = False
) -> AbortedSession:
    """End a session: its process is asked to, or its end is recorded where there is none any more.

    Args:
        place: The workspace.
        reference: The session.
        wait_seconds: How long its process has for it.
        is_killed: A process that does not answer in that time is killed.

    Raises:
        CannotStartError: It runs on another host, or runpact did not make it.
        StorageError: It did not end.
    """
    session = show(place, reference)
    ended = abort_session(place.data_root, session.path, wait_seconds=wait_seconds, is_killed=is_killed)
    if ended.done in {"recorded", "killed"} and session.uid is not None:
        registry = Registry(place.lint().contract, is_own=not place.is_named)
        refresh_views(place.data_root, registry, kind=session.kind, uid=session.uid)
    return ended


def write_index(place: Workspace) -> Views:
    """Bring the registry files of sessions up to date; those of runs are not touched."""
    _kinds(place, None)
    contract = place.lint().contract
    return write_views(place.data_root, contract, is_own=not place.is_named, of_sessions=True)


def check_index(place: Workspace) -> Views:
    """Say of every registry file of sessions whether it lists them as they are."""
    _kinds(place, None)
    contract = place.lint().contract
    return check_views(place.data_root, contract, is_own=not place.is_named, of_sessions=True)


def _kinds(place: Workspace, name: str | None) -> dict[str, Kind]:
    kinds = session_kinds(place.working_contract.contract)
    if name is None:
        return kinds
    if name not in kinds:
        raise UsageError(
            f"`{name}` is no kind of sessions", expected=" or ".join(f"`{kind}`" for kind in kinds), got=name
        )
    return {name: kinds[name]}


def _positive(minutes: float) -> float:
    if not minutes > 0:
        raise UsageError(
            "the age at which a session counts as stale is more than 0",
            expected="minutes, as in 60",
            got=f"{minutes:g}",
        )
    return minutes
