"""Who came out best.

Knows: how trials are ranked, what happens to equal ones and to those without a number.
Does not know: what the tables look like.

Equal objectives share a rank and the next rank is skipped; among them the earlier trial stands first, so that
the best is always one trial. Whoever has no number to rank by stands behind all others with the reason:
first trials that kept their contract, then those that did not come to a good end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import msgspec

from runpact.model.facts import Json
from runpact.model.sweep.objective import Objective
from runpact.model.sweep.trial import TrialEnd


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a leaderboard."""

    rank: int | None
    """From 1; None of a trial that is not ranked."""
    is_tied: bool = False
    """Another trial has the same rank."""
    end: TrialEnd


def ranked(ends: Iterable[TrialEnd], objective: Objective) -> tuple[Place, ...]:
    """Return every trial in its place."""
    found = list(ends)
    good = [end for end in found if end.is_done and end.objective is not None]
    others = [end for end in found if not (end.is_done and end.objective is not None)]
    good.sort(key=lambda end: (_key(end, objective), end.trial.number))
    others.sort(key=lambda end: (not end.is_done, end.trial.number))
    return (*_places(good, objective), *(Place(rank=None, end=end) for end in others))


def best_of(ends: Iterable[TrialEnd], objective: Objective) -> TrialEnd | None:
    """Return the best trial; None when none can be ranked."""
    places = ranked(ends, objective)
    return places[0].end if places and places[0].rank is not None else None


def _places(good: Sequence[TrialEnd], objective: Objective) -> Iterator[Place]:
    before = 0
    for _key_of_all, group in groupby(good, key=lambda end: _key(end, objective)):
        equal = list(group)
        for end in equal:
            yield Place(rank=before + 1, is_tied=len(equal) > 1, end=end)
        before += len(equal)


def _key(end: TrialEnd, objective: Objective) -> float:
    return objective.key(end.objective if end.objective is not None else 0.0)


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many trials became what."""

    asked: int
    """As many as the plan has, as far as that is known."""
    finished: int
    ranked: int
    failed: int
    interrupted: int
    resumed: int
    """Of the finished and failed ones, taken over from an earlier beginning."""
    tied: int
    """Share their rank with another one."""

    @property
    def told(self) -> str:
        """All that is not zero, in words."""
        words = (
            (self.finished, "finished"),
            (self.failed, "failed"),
            (self.interrupted, "interrupted"),
            (self.finished - self.ranked, "without an objective"),
            (self.resumed, "taken over"),
            (self.tied, "tied"),
        )
        return ", ".join(f"{number} {word}" for number, word in words if number) or "none ran"


def counts_of(places: Sequence[Place], *, asked: int, resumed: int) -> Counts:
    """Count what trials became."""
    ends = [place.end for place in places]
    return Counts(
        asked=asked,
        finished=sum(end.is_done for end in ends),
        ranked=sum(place.rank is not None for place in places),
        failed=sum(end.is_failed for end in ends),
        interrupted=sum(end.is_interrupted for end in ends),
        resumed=resumed,
        tied=sum(place.is_tied for place in places),
    )


def row_of(place: Place, objective: Objective) -> dict[str, Json]:
    """Return one line of a leaderboard as plain values."""
    end, trial = place.end, place.end.trial
    split = {} if trial.split is None else {"split": trial.split, "phase": trial.phase, **trial.window}
    return {
        "rank": place.rank,
        "trial": trial.number,
        **split,
        objective.field: end.objective,
        **{key: value for key, value in trial.settings.items() if key != objective.field},
        "state": end.state,
        "verdict": end.verdict,
        "seconds": end.seconds,
        "run": end.path,
        "uid": end.uid,
        "reason": "; ".join(part for part in ("tied" if place.is_tied else "", end.reason) if part),
    }
