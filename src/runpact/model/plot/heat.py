"""A heat map: one value for each pair of two settings, as a colour.

Knows: which trial stands for a pair that several have.
Does not know: how a picture is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from runpact.model.errors import CannotStartError
from runpact.model.facts import Json
from runpact.model.plot.axis import Axis, axis_of, category_of

MOST_SIDE = 40
"""Different values of one setting that have room."""
Cell = tuple[str, Json, Json, float]
"""Label, both settings, and the value."""


class Heat(msgspec.Struct, frozen=True, kw_only=True):
    """Cells over two settings, coloured by a value."""

    title: str
    x: Axis
    y: Axis
    value: Axis
    cells: tuple[tuple[str, str, str, float], ...]
    """Label of the run, name of both settings, and the value; one for each pair."""
    runs: int
    left_out: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """What the picture shows, for those who hear it."""
        return f"{len(self.cells)} cells of {self.value.title} over {self.x.title} and {self.y.title}."


def heat_picture(
    titles: tuple[str, str, str],
    cells: Iterable[Cell],
    *,
    key: Callable[[float], float],
    left_out: Iterable[str] = (),
) -> Heat:
    """Return a heat map; of several runs with one pair of settings the best is shown.

    Args:
        titles: Of both settings and of the value.
        cells: The runs.
        key: What values are ordered by; the less, the better.
        left_out: Labels of runs that lack a value.

    Raises:
        CannotStartError: There is no cell, or a setting has too many values.
    """
    found = list(cells)
    if not found:
        raise CannotStartError("there is nothing to draw", expected="a trial that is ranked", got="none")
    axes = [_side(title, [cell[place] for cell in found]) for place, title in enumerate(titles[:2], start=1)]
    best: dict[tuple[str, str], tuple[str, str, str, float]] = {}
    for label, x, y, value in found:
        place = category_of(x), category_of(y)
        if place not in best or key(value) < key(best[place][3]):
            best[place] = (label, *place, value)
    return Heat(
        title=f"{titles[2]} by {titles[0]} and {titles[1]}",
        x=axes[0],
        y=axes[1],
        value=axis_of(titles[2], [value for *_names, value in found]),
        cells=tuple(best.values()),
        runs=len(found),
        left_out=tuple(left_out),
    )


def _side(title: str, values: list[Json]) -> Axis:
    """Return the axis of a setting, each of its values in a row of its own, in order."""
    different = {category_of(value): value for value in values}
    if len(different) > MOST_SIDE:
        raise CannotStartError(
            f"`{title}` has too many values for a heat map",
            expected=f"at most {MOST_SIDE}",
            got=str(len(different)),
            hint="draw parallel coordinates",
        )
    is_number = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    names = sorted(different, key=lambda name: (float(str(different[name])) if is_number else 0.0, name))
    return Axis(title=title, categories=tuple(names))
