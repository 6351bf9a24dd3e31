"""When a run was looked at, and how it is judged if somebody asks.

Knows: that judging costs, so it is done once and not before.
Does not know: how a run is judged.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from runpact.model.errors import RunpactError


def told_verdict(look: Look) -> str:
    """Return the verdict for a page about a run; empty where there is nothing to judge by."""
    try:
        return look.verdict
    except RunpactError:
        return ""


class Look:
    """The look at a run that gave an answer: when it was, and how the run is judged if somebody asks."""

    def __init__(self, moment: datetime, judge: Callable[[], str]) -> None:
        """Store the moment, and what judges the run."""
        self.moment = moment
        self._judge = judge
        self._verdict: str | None = None

    @property
    def verdict(self) -> str:
        """What judging the run came to, the first time that somebody asked."""
        self._verdict = self._verdict or self._judge()
        return self._verdict

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Look)

    def __hash__(self) -> int:
        return hash(Look)
