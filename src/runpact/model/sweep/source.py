"""Where the next trial comes from.

Knows: which trial may be begun now, what a walk selects on each split before it is judged.
Does not know: how trials are run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Protocol

from runpact.model.facts import Json
from runpact.model.sweep.leaderboard import best_of
from runpact.model.sweep.order import Settings, count_of, settings_of
from runpact.model.sweep.plan import Plan, SplitPlan
from runpact.model.sweep.splits import Split, Window, splits_of
from runpact.model.sweep.trial import Trial, TrialEnd


class Source(Protocol):
    """Gives trials one by one and is told what became of each."""

    @property
    def count(self) -> int:
        """How many trials there will be at most."""
        ...

    def take(self) -> Trial | None:
        """Return a trial that may begin now; None when there is none, now or at all."""
        ...

    def told(self, end: TrialEnd) -> None:
        """Hear what became of a trial that was given; called once for each."""
        ...


class Listed:
    """Settings in a fixed order."""

    def __init__(self, plan: Plan) -> None:
        """Store what is tried."""
        self.count = count_of(plan.space, trials=plan.trials)
        """How many trials there will be at most."""
        self._settings = settings_of(plan.space, trials=plan.trials, seed=plan.seed)
        self._number = 0

    def take(self) -> Trial | None:
        """Return the next trial."""
        settings = next(self._settings, None)
        if settings is None:
            return None
        self._number += 1
        return Trial(number=self._number, settings=settings)

    def told(self, end: TrialEnd) -> None:
        """Nothing follows from an end."""


class Walked:
    """All settings on the train window of each split, then the best of them on its test window.

    What is tried on a test window follows from train windows alone. A split whose train trials all failed
    is not judged.
    """

    def __init__(self, plan: Plan, said: SplitPlan) -> None:
        """Store what is tried on which windows."""
        self._plan, self._said = plan, said
        self._settings = tuple(settings_of(plan.space, trials=plan.trials, seed=plan.seed))
        self.splits = splits_of(said.index, said.walk)  # type: ignore[arg-type]  # judged there
        self.selected: dict[int, TrialEnd] = {}
        """By the number of the split: the best of its train window."""
        self.count = len(self.splits) * (len(self._settings) + 1)
        """How many trials there will be at most."""
        self._ready = deque(self._trains())
        self._ended: dict[int, list[TrialEnd]] = {}

    def take(self) -> Trial | None:
        """Return the next trial that may begin."""
        return self._ready.popleft() if self._ready else None

    def told(self, end: TrialEnd) -> None:
        """Once all train trials of a split have ended, let its test trial begin."""
        trial = end.trial
        if trial.phase != "train" or trial.split is None:
            return
        ends = self._ended.setdefault(trial.split, [])
        ends.append(end)
        best = best_of(ends, self._plan.objective) if len(ends) == len(self._settings) else None
        if best is not None and not any(each.is_interrupted for each in ends):
            self.selected[trial.split] = best
            split = self.splits[trial.split - 1]
            self._ready.appendleft(self._trial(split, "test", best.trial.settings, len(self._settings) + 1))

    def _trains(self) -> Iterator[Trial]:
        for split in self.splits:
            for place, settings in enumerate(self._settings, start=1):
                yield self._trial(split, "train", settings, place)

    def _trial(self, split: Split, phase: str, settings: Settings, place: int) -> Trial:
        before = (split.number - 1) * (len(self._settings) + 1)
        window = split.test if phase == "test" else split.train
        return Trial(
            number=before + place,
            settings=settings,
            split=split.number,
            phase=phase,
            window=window_of(self._said, window),
        )


def window_of(said: SplitPlan, window: Window) -> dict[str, Json]:
    """Return the keys by which a trial is told its window: first and last entry, both in it."""
    first, last = said.keys
    return {first: said.index[window.start], last: said.index[window.end - 1]}


def source_of(plan: Plan) -> Listed | Walked:
    """Return where the trials of a plan come from that no sampler chooses."""
    return Walked(plan, plan.splits) if plan.splits is not None else Listed(plan)
