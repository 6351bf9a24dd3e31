"""Pictures of a sweep.

Knows: which picture shows most of a space.
Does not know: how a picture is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

import msgspec
from msgspec.structs import replace

from runpact.model.errors import CannotStartError, UsageError
from runpact.model.facts import Json
from runpact.model.plot.axis import Axis, axis_of, setting_axis
from runpact.model.plot.heat import MOST_SIDE, Heat, heat_picture
from runpact.model.plot.picture import Line, Parallel, Picture
from runpact.model.sweep.chosen import Chosen, chosen_settings, over_windows
from runpact.model.sweep.plan import Plan
from runpact.model.sweep.space import Log
from runpact.model.sweep.trial import TrialEnd

FORMS = ("auto", "trials", "scatter", "heat", "parallel")
"""What can be asked for; `auto` follows from the number of keys."""
_PAIR = 2


class _Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What is drawn of a sweep."""

    plan: Plan
    ends: tuple[TrialEnd, ...]
    """Trials that are ranked, in order."""
    left_out: tuple[str, ...]
    is_log: bool | None

    def column(self, key: str) -> list[Json]:
        """Return what the trials set a key to."""
        return [end.trial.settings.get(key) for end in self.ends]

    @property
    def values(self) -> list[float]:
        """The objective of each trial."""
        return [end.objective if end.objective is not None else 0.0 for end in self.ends]

    @property
    def labels(self) -> list[str]:
        """What each trial is called."""
        return [_label(end) for end in self.ends]


def sweep_picture(
    plan: Plan, ends: Sequence[TrialEnd], form: str = "auto", *, is_log: bool | None = None
) -> Picture | Parallel | Heat:
    """Return a picture of a sweep.

    Args:
        plan: What was tried.
        ends: Of all trials; those that are not ranked are left out and told.
        form: One of `FORMS`. One key makes a scatter, two of few values a heat map, more make parallel
            coordinates.
        is_log: The axis of the objective is logarithmic; by default as the values suggest.

    Raises:
        CannotStartError: No trial is ranked.
        UsageError: The picture does not fit the number of keys.
    """
    asked = sorted((end for end in ends if end.trial.phase != "train"), key=lambda end: end.trial.number)
    if plan.is_walk and form != "trials":
        asked = [_judged(plan, each) for each in chosen_settings(asked, plan.objective)]
    drawn = tuple(end for end in asked if end.is_done and end.objective is not None)
    left_out = tuple(_label(end) for end in asked if end not in drawn)
    if not drawn:
        raise CannotStartError("there is nothing to draw", expected="a trial that is ranked", got="none")
    shown = _Shown(plan=plan, ends=drawn, left_out=left_out, is_log=is_log)
    keys = tuple(plan.space)
    chosen = _usual(keys, shown) if form == "auto" else form
    wanted = {"scatter": 1, "heat": _PAIR}.get(chosen, len(keys))
    if len(keys) != wanted:
        raise UsageError(
            f"the picture `{chosen}` has room for {wanted} of the keys alone",
            expected="`parallel` or `trials`",
            got=", ".join(keys),
        )
    return _PICTURES[chosen](shown, keys)


def _judged(plan: Plan, chosen: Chosen) -> TrialEnd:
    """Return the latest trial of a setting of a walk as if it had the mean over the setting's windows."""
    return replace(chosen.last, objective=over_windows(chosen.ends, plan.objective)["mean"])


def _usual(keys: Sequence[str], shown: _Shown) -> str:
    if len(keys) == 1:
        return "scatter"
    longest = max(len({repr(value) for value in shown.column(key)}) for key in keys)
    return "heat" if len(keys) == _PAIR and longest < len(shown.ends) and longest <= MOST_SIDE else "parallel"


def _label(end: TrialEnd) -> str:
    return f"{end.trial.number:04}"


def _trials(shown: _Shown, _keys: Sequence[str]) -> Picture:
    """Return the objective of each trial in order, and the best so far."""
    objective, numbers = shown.plan.objective, [end.trial.number for end in shown.ends]
    better: Callable[[float, float], float] = min if objective.direction == "min" else max
    best = [*accumulate(shown.values, better)]
    return Picture(
        title=f"{objective.text} over trials",
        x=axis_of("trial", numbers, is_log=False),
        y=axis_of(objective.field, shown.values, is_log=shown.is_log),
        lines=tuple(
            Line(label=label, values=tuple(zip(numbers, values, strict=True)), count=len(values))
            for label, values in (("trial", shown.values), ("best so far", best))
        ),
        runs=len(shown.ends),
        left_out=shown.left_out,
    )


def _axis(shown: _Shown, key: str) -> Axis:
    """Return the axis of a key: logarithmic where it was drawn so, though the draws may span little."""
    is_log = True if isinstance(shown.plan.space[key], Log) else None
    return setting_axis(key, shown.column(key), is_log=is_log)


def _scatter(shown: _Shown, keys: Sequence[str]) -> Picture:
    field, settings = shown.plan.objective.field, shown.column(keys[0])
    points = zip(shown.labels, settings, shown.values, strict=True)
    return Picture(
        title=f"{shown.plan.objective.text} against {keys[0]}",
        x=_axis(shown, keys[0]),
        y=axis_of(field, shown.values, is_log=shown.is_log),
        lines=tuple(Line(label=label, values=((x, y),), count=1) for label, x, y in points),
        runs=len(shown.ends),
        has_lines=False,
        left_out=shown.left_out,
    )


def _heat(shown: _Shown, keys: Sequence[str]) -> Heat:
    objective = shown.plan.objective
    cells = zip(shown.labels, shown.column(keys[0]), shown.column(keys[1]), shown.values, strict=True)
    return heat_picture(
        (keys[0], keys[1], objective.field), cells, key=objective.key, left_out=shown.left_out
    )


def _parallel(shown: _Shown, keys: Sequence[str]) -> Parallel:
    objective, columns = shown.plan.objective, [shown.column(key) for key in keys]
    return Parallel(
        title=f"{objective.text} by {', '.join(keys)}",
        axes=(
            *(_axis(shown, key) for key in keys),
            axis_of(objective.field, shown.values, is_log=shown.is_log),
        ),
        rows=tuple(zip(shown.labels, zip(*columns, shown.values, strict=True), strict=True)),
        left_out=shown.left_out,
    )


_PICTURES: dict[str, Callable[[_Shown, Sequence[str]], Picture | Parallel | Heat]] = {
    "trials": _trials,
    "scatter": _scatter,
    "heat": _heat,
    "parallel": _parallel,
}
