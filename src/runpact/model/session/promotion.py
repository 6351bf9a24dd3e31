"""Which sessions are ready for promotion, with reasons.

Knows: that a session is ready only when it ended well, verifies, and fulfils every condition of its kind.
Does not know: what a condition looks at.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from runpact.model.expression import Undecided
from runpact.model.finding import Verdict
from runpact.model.session.seen import Health, SeenSession

MOST_CANDIDATES = 2


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one session is ready, and why."""

    session_id: str
    path: str
    ready: bool
    reasons: tuple[str, ...]
    """Conditions that hold, by name."""
    blockers: tuple[str, ...]
    """What keeps it back; empty exactly when it is ready."""


class Readinesses(msgspec.Struct, frozen=True, kw_only=True):
    """All sessions asked about, newest first."""

    sessions: tuple[Readiness, ...]

    @property
    def candidates(self) -> tuple[str, ...]:
        """Return the newest that are ready, two at most."""
        return tuple(each.session_id for each in self.sessions if each.ready)[:MOST_CANDIDATES]

    @property
    def verdict(self) -> Verdict:
        """OK when there is a candidate."""
        return Verdict.OK if self.candidates else Verdict.INCOMPLETE


def readiness(
    session: SeenSession, conditions: Mapping[str, bool | Undecided], faults: tuple[str, ...] = ()
) -> Readiness:
    """Return whether a session is ready.

    Args:
        session: As it is seen.
        conditions: Answer by name, of its kind.
        faults: What is wrong with its records.
    """
    blockers = [] if session.health is Health.ENDED else [f"it is {session.health.value}"]
    blockers += faults
    if not conditions:
        blockers.append("its kind names no condition for promotion")
    for name, answer in conditions.items():
        if isinstance(answer, Undecided):
            blockers.append(f"{name}: {answer.reason}")
        elif not answer:
            blockers.append(name)
    return Readiness(
        session_id=session.id,
        path=session.path,
        ready=not blockers,
        reasons=tuple(name for name, answer in conditions.items() if answer is True),
        blockers=tuple(blockers),
    )
