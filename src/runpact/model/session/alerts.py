"""What is wrong with sessions, in codes that programs wait for.

Knows: which health is an alert, how grave it is, what the code is.
Does not know: how sessions are found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from runpact.model.contract.language import Kind
from runpact.model.finding import Verdict
from runpact.model.session.seen import Health, SeenSession

Gravity = Literal["critical", "warning", "ok"]

_CODES: dict[Health, tuple[str, Gravity]] = {
    Health.DAMAGED: ("DAMAGED", "critical"),
    Health.FAILED: ("FAILED", "critical"),
    Health.ABORTED: ("ABORTED", "warning"),
    Health.STALE: ("STALE", "warning"),
}
_VERDICTS: dict[Gravity, Verdict] = {
    "critical": Verdict.ERROR,
    "warning": Verdict.WARNING,
    "ok": Verdict.OK,
}


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody should look at."""

    code: str
    """As in `PAPER_SESSION_FAILED`."""
    severity: Gravity
    session_id: str
    path: str
    message: str
    hint: str = ""


class Alerts(msgspec.Struct, frozen=True, kw_only=True):
    """All alerts, the gravest first."""

    alerts: tuple[Alert, ...]
    sessions: int
    """How many were looked at."""

    @property
    def alert_status(self) -> Gravity:
        """The gravest of them; `ok` without any."""
        return self.alerts[0].severity if self.alerts else "ok"

    @property
    def verdict(self) -> Verdict:
        """What that comes to as an exit code."""
        return _VERDICTS[self.alert_status]


def prefix_of(name: str, kind: Kind) -> str:
    """Return what codes of alerts on sessions of a kind begin with."""
    return (kind.session.alerts if kind.session is not None else "") or name.upper()


def alerts_on(
    sessions: Iterable[SeenSession], kinds: Mapping[str, Kind], broken: Mapping[str, str] = {}
) -> Alerts:
    """Return the alerts on these sessions, critical ones first, otherwise in the order of the sessions.

    Args:
        sessions: As they were seen.
        kinds: Those whose runs are sessions.
        broken: By the path of a session that succeeded, why its run does not keep its contract.
    """
    seen = tuple(sessions)
    found = []
    for each in seen:
        prefix = prefix_of(each.kind, kinds[each.kind])
        if each.health in _CODES:
            found.append(_alert(each, prefix))
        elif each.path in broken:
            found.append(_broken(each, prefix, broken[each.path]))
    found.sort(key=lambda alert: alert.severity != "critical")
    return Alerts(alerts=tuple(found), sessions=len(seen))


def _alert(session: SeenSession, prefix: str) -> Alert:
    code, severity = _CODES[session.health]
    message, hint = _told(session)
    return Alert(
        code=f"{prefix}_{code}",
        severity=severity,
        session_id=session.id,
        path=session.path,
        message=message,
        hint=hint,
    )


def _broken(session: SeenSession, prefix: str, why: str) -> Alert:
    return Alert(
        code=f"{prefix}_BROKEN",
        severity="critical",
        session_id=session.id,
        path=session.path,
        message=f"it tells `{session.status}`, but does not keep its contract: {why}",
        hint=f"`runpact check {session.path}` names all of it",
    )


def _told(session: SeenSession) -> tuple[str, str]:
    if session.health is Health.STALE:
        if session.uid is None or session.state.value == "unknown":
            age = "for an unknown time" if session.age_seconds is None else f"for {session.age_seconds:.0f} s"
            told = f"`{session.status}`" if session.status is not None else "nothing"
            return f"it tells {told}, and was not heard of {age}", ""
        hint = f"`runpact sessions abort {session.id}` records its end"
        return f"it tells `{session.status}`, but {session.why or 'it is over'}", hint
    if session.health is Health.DAMAGED:
        return session.why, f"`runpact verify {session.path}` names all of it"
    why = ": ".join(part for part in (session.error_type, session.message) if part)
    return why or session.why or f"it ended as `{session.status}`", ""


class HealthReport(msgspec.Struct, frozen=True, kw_only=True):
    """How the sessions of a workspace are, in short."""

    sessions: int
    by_health: dict[str, int]
    """How many of each, only those that there are."""
    running: tuple[str, ...]
    """Those that live."""
    latest: str | None
    """The one that began last."""
    alert_status: Gravity
    alerts: dict[str, int]
    """How many of each code."""

    @property
    def verdict(self) -> Verdict:
        """What that comes to as an exit code."""
        return _VERDICTS[self.alert_status]


def health_of(sessions: Iterable[SeenSession], alerts: Alerts) -> HealthReport:
    """Return how sessions are, newest first."""
    seen = tuple(sessions)
    counted = Counter(each.health.value for each in seen)
    return HealthReport(
        sessions=len(seen),
        by_health=dict(sorted(counted.items())),
        running=tuple(each.id for each in seen if each.health is Health.RUNNING),
        latest=seen[0].id if seen else None,
        alert_status=alerts.alert_status,
        alerts=dict(sorted(Counter(alert.code for alert in alerts.alerts).items())),
    )
