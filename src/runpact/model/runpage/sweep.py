"""What a page says first of a sweep: what it was after, what it tried, who came out best.

Knows: the parts of a leaderboard that a reader needs, which pictures show a sweep.
Does not know: where trials are found, Markdown, HTML.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from runpact.model.errors import CannotStartError
from runpact.model.facts import Json
from runpact.model.plot.svg import svg_of
from runpact.model.runpage.charts import Chart
from runpact.model.runpage.facts import OwnForm, Section, number_told
from runpact.model.sweep.board import Board, board_of
from runpact.model.sweep.leaderboard import counts_of, ranked
from runpact.model.sweep.picture import sweep_picture
from runpact.model.sweep.plan import Plan
from runpact.model.sweep.space import Choice, Dimension, Grid, text_of
from runpact.model.sweep.trial import TrialEnd

MOST_LISTED = 20
MOST_DRAWN = 1_000
_TABLES = frozenset({"leaderboard.csv", "experiments.csv", "walkforward.csv", "oos_leaderboard.csv"})
"""Files of the sweep that the leaderboard of the page stands for."""
_OF_PLACE = ("rank", "trial", "split", "windows")
_BEHIND = ("median", "worst", "best", "state", "verdict", "run", "reason")


def sweep_form(plan: Plan, ends: Sequence[TrialEnd]) -> OwnForm:
    """Return what a page says first of a sweep.

    Args:
        plan: What was asked.
        ends: Of all its trials.
    """
    board = board_of(plan, ends)
    return OwnForm(
        noun="Sweep",
        lines=tuple(_lines(plan, ends, board)),
        charts=tuple(_charts(plan, ends, board)),
        sections=(_leaderboard(plan, board), Section("Space", ("key", "tries"), tuple(_space(plan)))),
        hidden=_TABLES,
        config_title="Base configuration",
    )


def _lines(plan: Plan, ends: Sequence[TrialEnd], board: Board) -> Iterator[tuple[str, str]]:
    counts = counts_of(ranked(ends, plan.objective), asked=len(ends), resumed=0)
    yield "objective", f"{plan.objective.text} ({plan.mode})"
    yield "trials", counts.told
    best = board.best_row
    if best is not None:
        settings = " ".join(f"{key}={_cell(best[key])}" for key in plan.space if key in best)
        yield "best", f"{_cell(best[plan.objective.field])} with {settings}, {best['run']}"
    for remark in board.remarks:
        name, _colon, value = remark.partition(": ")
        yield name, value


def _charts(plan: Plan, ends: Sequence[TrialEnd], board: Board) -> Iterator[Chart]:
    """Yield the objective by the keys, and over the trials; of very many trials the best are drawn."""
    listed = [place.end for place in board.places[:MOST_DRAWN]] if len(ends) > MOST_DRAWN else ends
    for form in ("auto", "trials"):
        try:
            picture = sweep_picture(plan, listed, form)
        except CannotStartError:
            return
        yield Chart(form, svg_of(picture, name=f"sweep-{form}-"))


def _leaderboard(plan: Plan, board: Board) -> Section:
    rows = board.rows
    known = {name for row in rows[:MOST_LISTED] for name in row}
    keys = [key for key in plan.space if key != plan.objective.field]
    columns = [name for name in (*_OF_PLACE, plan.objective.field, *keys, *_BEHIND) if name in known]
    more = len(rows) - MOST_LISTED
    return Section(
        "Leaderboard",
        tuple(columns),
        tuple(tuple(_cell(row.get(name)) for name in columns) for row in rows[:MOST_LISTED]),
        f"and {more:,} more" if more > 0 else "",
    )


def _space(plan: Plan) -> Iterator[tuple[str, str]]:
    for key, dimension in plan.space.items():
        yield key, _tries(dimension)
    if plan.splits is not None:
        walk = msgspec.to_builtins(plan.splits.walk)
        yield (
            " and ".join(plan.splits.keys),
            ", ".join(f"{key} {_cell(value)}" for key, value in walk.items() if value is not None),
        )


def _tries(dimension: Dimension) -> str:
    if isinstance(dimension, Grid | Choice):
        told = ", ".join(map(text_of, dimension.values))
        return told if isinstance(dimension, Grid) else f"one of {told}"
    word = type(dimension).__name__.lower()
    return f"{word}({number_told(dimension.low)}, {number_told(dimension.high)})"


def _cell(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return number_told(value)
    return value if isinstance(value, str) else text_of(value)
