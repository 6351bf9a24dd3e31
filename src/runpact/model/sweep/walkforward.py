"""Tables of a walk over splits.

Knows: what was selected on each split and how it did afterwards.
Does not know: how anything was measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from runpact.model.facts import Json
from runpact.model.sweep.leaderboard import Place, best_of, ranked, row_of
from runpact.model.sweep.objective import Objective
from runpact.model.sweep.trial import TrialEnd

Rows = list[dict[str, Json]]


def walk_tables(ends: Iterable[TrialEnd], objective: Objective) -> dict[str, Rows]:
    """Return the tables of a walk by the stem of their file.

    `walkforward` has every trial, `walkforward_summary` a line for each split, `selected_configs` what was
    chosen on its train window, `split_metrics` how its trials did, `oos_leaderboard` the
    test trials, best first.
    """
    found = sorted(ends, key=lambda end: end.trial.number)
    splits = _by_split(found)
    return {
        "walkforward": [row_of(Place(rank=None, end=end), objective) for end in found],
        "walkforward_summary": [_summary(number, phases, objective) for number, phases in splits.items()],
        "selected_configs": [
            row for number, phases in splits.items() for row in _selected(number, phases, objective)
        ],
        "split_metrics": [
            _metrics(number, phase, phases[phase], objective)
            for number, phases in splits.items()
            for phase in phases
        ],
        "oos_leaderboard": [row_of(place, objective) for place in ranked(out_of_sample(found), objective)],
    }


def out_of_sample(ends: Iterable[TrialEnd]) -> tuple[TrialEnd, ...]:
    """Return the trials on test windows."""
    return tuple(end for end in ends if end.trial.phase == "test")


def _by_split(ends: Iterable[TrialEnd]) -> dict[int, dict[str, list[TrialEnd]]]:
    found: dict[int, dict[str, list[TrialEnd]]] = {}
    for end in ends:
        found.setdefault(end.trial.split or 0, {}).setdefault(end.trial.phase, []).append(end)
    return found


def _summary(number: int, phases: Mapping[str, Sequence[TrialEnd]], objective: Objective) -> dict[str, Json]:
    best = best_of(phases.get("train", ()), objective)
    test = next(iter(phases.get("test", ())), None)
    windows = {
        f"{phase}_{key}": value
        for phase, ends in phases.items()
        for key, value in ends[0].trial.window.items()
    }
    return {
        "split": number,
        **windows,
        "train_trials": len(phases.get("train", ())),
        **(best.trial.settings if best is not None else {}),
        f"train {objective.field}": best.objective if best is not None else None,
        f"test {objective.field}": test.objective if test is not None else None,
        "run": test.path if test is not None else "",
        "reason": _why_not(best, test),
    }


def _why_not(best: TrialEnd | None, test: TrialEnd | None) -> str:
    if best is None:
        return "no train trial can be ranked"
    return "not judged" if test is None else test.reason


def _selected(number: int, phases: Mapping[str, Sequence[TrialEnd]], objective: Objective) -> Rows:
    best = best_of(phases.get("train", ()), objective)
    if best is None:
        return []
    digest = {"config_digest": best.config_digest, "run": best.path}
    return [{"split": number, "trial": best.trial.number, **best.trial.settings, **digest}]


def _metrics(number: int, phase: str, ends: Sequence[TrialEnd], objective: Objective) -> dict[str, Json]:
    values = [place.end.objective for place in ranked(ends, objective) if place.rank is not None]
    numbers = [value for value in values if value is not None]
    return {
        "split": number,
        "phase": phase,
        "trials": len(ends),
        "ranked": len(numbers),
        "best": numbers[0] if numbers else None,
        "mean": sum(numbers) / len(numbers) if numbers else None,
        "worst": numbers[-1] if numbers else None,
    }
