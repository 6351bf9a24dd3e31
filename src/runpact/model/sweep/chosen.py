"""Who came out best of a walk over splits.

Knows: that a setting is judged by all test windows it was chosen for, and a walk by all of its own.
Does not know: how windows are laid out, how anything was measured.

One window says little: the best of many is the luckiest. So a setting has the mean over its test windows; one
that was chosen for more windows stands first, and among those chosen equally often the better mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import msgspec

from runpact.model.digest import canonical_json
from runpact.model.facts import Json
from runpact.model.sweep.objective import Objective
from runpact.model.sweep.trial import TrialEnd


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """One setting of a walk that was chosen on some train window."""

    rank: int | None
    """From 1; None where none of its test windows gave a number."""
    is_tied: bool = False
    """Another setting has the same rank."""
    ends: tuple[TrialEnd, ...]
    """Of its test trials, in the order of the windows."""

    @property
    def last(self) -> TrialEnd:
        """The trial on the latest window that gave a number; else the latest of all."""
        return (judged(self.ends) or self.ends)[-1]


def chosen_settings(ends: Iterable[TrialEnd], objective: Objective) -> tuple[Chosen, ...]:
    """Return each setting that has a test trial, the one that the walk speaks for first.

    Args:
        ends: Of the trials on test windows.
        objective: What is read from them.
    """
    by_setting: dict[bytes, list[TrialEnd]] = {}
    for end in sorted(ends, key=lambda end: end.trial.split or 0):
        by_setting.setdefault(canonical_json(end.trial.settings), []).append(end)
    found = sorted(map(tuple, by_setting.values()), key=lambda group: _key(group, objective))
    places: list[Chosen] = []
    for key, equals in groupby(found, key=lambda group: _key(group, objective)[:2]):
        equal = list(equals)
        rank = len(places) + 1 if key[0] else None
        is_tied = rank is not None and len(equal) > 1
        places += [Chosen(rank=rank, is_tied=is_tied, ends=group) for group in equal]
    return tuple(places)


def judged(ends: Iterable[TrialEnd]) -> tuple[TrialEnd, ...]:
    """Return those trials that can be judged: they keep their contract and have a number."""
    return tuple(end for end in ends if end.is_done and end.objective is not None)


def _key(ends: Sequence[TrialEnd], objective: Objective) -> tuple[int, float, int]:
    values = _values(ends)
    mean = objective.key(_mean(values)) if values else 0.0
    return -len(values), mean, min(end.trial.number for end in ends)


def over_windows(ends: Iterable[TrialEnd], objective: Objective) -> dict[str, Json]:
    """Return what trials come to over their windows: how many were judged, mean, median, worst and best."""
    values = sorted(_values(ends), key=objective.key)
    if not values:
        return {"windows": 0, "mean": None, "median": None, "worst": None, "best": None}
    middle = values[(len(values) - 1) // 2], values[len(values) // 2]
    return {
        "windows": len(values),
        "mean": _mean(values),
        "median": _mean(middle),
        "worst": values[-1],
        "best": values[0],
    }


def chosen_row(chosen: Chosen, objective: Objective) -> dict[str, Json]:
    """Return one line of the leaderboard of a walk; `run` is that of the latest window."""
    last, told = chosen.last, over_windows(chosen.ends, objective)
    return {
        "rank": chosen.rank,
        objective.field: told.pop("mean"),
        **{key: value for key, value in last.trial.settings.items() if key != objective.field},
        **told,
        "trial": last.trial.number,
        "run": last.path,
        "uid": last.uid,
        "reason": "tied" if chosen.is_tied else last.reason,
    }


def walk_lines(over: Mapping[str, Json] | None, best: Mapping[str, Json] | None) -> tuple[str, ...]:
    """Return what a reader of the leaderboard of a walk must know; nothing for another sweep.

    Args:
        over: What the walk comes to over all its test windows.
        best: The first line of its leaderboard.
    """
    if over is None or best is None:
        return ()
    figures = ", ".join(f"{name} {_told(over[name])}" for name in ("mean", "median", "worst", "best"))
    lines = [f"Out of sample, over {over['windows']} windows: {figures}"]
    if best["windows"] == 1 != over["windows"]:
        lines.append(
            "No setting was chosen for two windows: the first line is one window, the walk is all of them"
        )
    return tuple(lines)


def _told(value: Json) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _values(ends: Iterable[TrialEnd]) -> list[float]:
    return [end.objective for end in judged(ends) if end.objective is not None]


def _mean(values: Sequence[float]) -> float:
    """Return the mean; each is divided first, so that no sum is too large."""
    return sum(value / len(values) for value in values)
