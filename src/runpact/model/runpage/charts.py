"""The pictures of a page about a run.

Knows: which metrics share a picture, how a series looks in a line of text.
Does not know: how a picture is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from runpact.model.compare.series import Series
from runpact.model.plot.picture import Plotted, series_picture
from runpact.model.plot.svg import svg_of

MOST_CHARTS = 8
_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 24
_FEWEST = 2
"""Points that make a line."""


class Chart(msgspec.Struct, frozen=True):
    """A picture, and the last name of the metrics it shows."""

    title: str
    svg: str


def charts_of(series: Mapping[str, Series]) -> tuple[Chart, ...]:
    """Return pictures of the metrics that have a course, those of one last name together, eight at most.

    `train/loss` and `val/loss` share a picture, so that they can be compared.
    """
    groups: dict[str, list[str]] = {}
    for name, points in series.items():
        if len(points) >= _FEWEST:
            groups.setdefault(name.replace(".", "/").rsplit("/", 1)[-1], []).append(name)
    return tuple(
        Chart(
            shared,
            svg_of(
                series_picture([_line(name, shared, series[name]) for name in names], [shared]),
                name=f"chart{number}-",
            ),
        )
        for number, (shared, names) in enumerate(list(groups.items())[:MOST_CHARTS])
    )


def _line(name: str, shared: str, points: Series) -> Plotted:
    """Return a metric as if it were a run of its own, so that the legend names metrics."""
    return Plotted(label=name, metrics={shared: points}, config={})


def sparkline(values: Sequence[float]) -> str:
    """Return the course of a series as a line of bars; nothing for one value, or where none differ."""
    low, high = min(values), max(values)
    if low == high:
        return ""
    count = min(len(values), _WIDTH)
    last = len(values) - 1
    picked = [values[round(number * last / (count - 1))] for number in range(count)]
    half = len(_BARS) - 1
    return "".join(_BARS[round((value / 2 - low / 2) / (high / 2 - low / 2) * half)] for value in picked)
