"""The leaderboard of a sweep, whatever sort of sweep it is.

Knows: that trials are ranked one by one, and the settings of a walk by all their test windows.
Does not know: where it is written.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from runpact.model.facts import Json
from runpact.model.sweep.chosen import (
    Chosen,
    chosen_row,
    chosen_settings,
    judged,
    over_windows,
    walk_lines,
)
from runpact.model.sweep.leaderboard import Place, ranked, row_of
from runpact.model.sweep.objective import Objective
from runpact.model.sweep.plan import Plan
from runpact.model.sweep.trial import TrialEnd
from runpact.model.sweep.walkforward import out_of_sample


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """Who came out how."""

    objective: Objective
    places: tuple[Place, ...]
    """The trials, best first; of a walk, those on test windows, each for itself."""
    chosen: tuple[Chosen, ...] | None
    """Of a walk, the settings that it chose, by all their test windows; None of another sweep."""

    @property
    def best_ends(self) -> tuple[TrialEnd, ...]:
        """The best trial; of a walk, the best setting's, in the order of their windows."""
        if self.chosen is not None:
            is_ranked = bool(self.chosen) and self.chosen[0].rank is not None
            return judged(self.chosen[0].ends) if is_ranked else ()
        return (self.places[0].end,) if self.places and self.places[0].rank is not None else ()

    @property
    def _lines(self) -> tuple[Place | Chosen, ...]:
        return self.places if self.chosen is None else self.chosen

    def _row(self, line: Place | Chosen) -> dict[str, Json]:
        if isinstance(line, Chosen):
            return chosen_row(line, self.objective)
        return row_of(line, self.objective)

    @property
    def rows(self) -> list[dict[str, Json]]:
        """The leaderboard as plain values; of a walk, a line for each setting that it chose."""
        return [self._row(each) for each in self._lines]

    @property
    def best_row(self) -> dict[str, Json] | None:
        """The first line; None when nothing is ranked."""
        return self._row(self._lines[0]) if self.best_ends else None

    @property
    def out_of_sample(self) -> dict[str, Json] | None:
        """What a walk comes to over all its test windows; None of another sweep."""
        ends = [place.end for place in self.places]
        return None if self.chosen is None else over_windows(ends, self.objective)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader of the leaderboard of a walk must know."""
        return walk_lines(self.out_of_sample, self.best_row)


def board_of(plan: Plan, ends: Iterable[TrialEnd]) -> Board:
    """Return the leaderboard of a sweep.

    Args:
        plan: What was asked.
        ends: Of all its trials.
    """
    listed = out_of_sample(ends) if plan.is_walk else tuple(ends)
    return Board(
        objective=plan.objective,
        places=ranked(listed, plan.objective),
        chosen=chosen_settings(listed, plan.objective) if plan.is_walk else None,
    )
