"""What is drawn: lines over an axis, points, parallel coordinates.

Knows: which values of runs make which picture; how many points a line needs.
Does not know: how a picture is written.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import msgspec

from runpact.model.compare.records import flattened
from runpact.model.compare.series import Point, Series
from runpact.model.errors import CannotStartError
from runpact.model.facts import Json
from runpact.model.plot.axis import Axis, axis_of, setting_axis, shortened

MOST_POINTS = 2000
"""Most points of a line that are drawn; of more, the least and the greatest of each stretch are."""
_UNITS = ((180.0, 1.0, "seconds"), (10_800.0, 60.0, "minutes"), (259_200.0, 3600.0, "hours"))
"""Longest span in seconds, seconds in one, and its name."""
_DAY = (86_400.0, "days")
_GAP = 8.0
"""A distance that is so many times as long as those before and behind it is a gap."""
VALUES = ("last", "min", "max")
"""Which value of a metric stands for a run."""


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be drawn of the runs."""

    metrics: tuple[str, ...]
    over: str = "step"
    """`step` or `time`."""
    scatter: str | None = None
    """Configuration key to draw the metric against."""
    parallel: tuple[str, ...] = ()
    """Configuration keys of parallel coordinates."""
    value: str = "last"
    """Which value of the metric stands for a run: `last`, `min` or `max`."""
    is_log: bool | None = None
    """The vertical axis is logarithmic; None to let the values decide."""


class Plotted(msgspec.Struct, frozen=True, kw_only=True):
    """What is drawn of one run."""

    label: str
    name: str = ""
    """As it was given; several runs may share one."""
    metrics: Mapping[str, Series]
    config: Mapping[str, object]
    began: float | None = None
    """When it started, seconds since 1970; None where its records do not say."""

    @property
    def start(self) -> float:
        """The moment that its times are counted from: no later than its first point."""
        first = min((point.time for series in self.metrics.values() for point in series), default=0.0)
        return first if self.began is None else min(self.began, first)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One series, or one run in parallel coordinates."""

    label: str
    values: tuple[tuple[Json, Json], ...]
    """Horizontal and vertical value of each point."""
    count: int
    """Points before they were thinned out."""
    breaks: tuple[int, ...] = ()
    """Numbers of the values before which some are missing."""

    @property
    def stretches(self) -> tuple[tuple[tuple[Json, Json], ...], ...]:
        """The values, parted where some are missing."""
        ends = (0, *self.breaks, len(self.values))
        return tuple(self.values[first:last] for first, last in pairwise(ends))


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """Lines or points over two axes."""

    title: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    runs: int
    """How many runs are drawn."""
    has_lines: bool = True
    """False for points alone."""
    left_out: tuple[str, ...] = ()
    """Labels of runs that lack what is drawn."""


class Parallel(msgspec.Struct, frozen=True, kw_only=True):
    """Parallel coordinates: one axis for each value, one line for each run, coloured by the last axis."""

    title: str
    axes: tuple[Axis, ...]
    rows: tuple[tuple[str, tuple[Json, ...]], ...]
    """Label and values of each run."""
    left_out: tuple[str, ...] = ()


def series_picture(
    runs: Sequence[Plotted], metrics: Sequence[str], *, over: str = "step", is_log: bool | None = None
) -> Picture:
    """Return the series of metrics, overlaid.

    Args:
        runs: The runs.
        metrics: Names; a run may lack some of them.
        over: `step` (without one, the number of the point) or `time` (since the run began).
        is_log: The vertical axis is logarithmic; by default as the values suggest.

    Raises:
        CannotStartError: No run has any of the metrics.
    """
    seconds, unit = _unit(runs, metrics)
    lines = tuple(_lines(runs, metrics, seconds if over == "time" else None))
    _demand(lines, runs, metrics)
    drawn = [point for line in lines for point in line.values]
    known = {run.label for run in runs if any(name in run.metrics for name in metrics)}
    return Picture(
        title=f"{' and '.join(metrics)} over {over}",
        x=axis_of(
            "step" if over == "step" else f"{unit} since the run began",
            [x for x, _y in drawn],
            is_log=False,
        ),
        y=axis_of(", ".join(metrics), [y for _x, y in drawn], is_log=is_log),
        lines=lines,
        runs=len(known),
        left_out=tuple(run.label for run in runs if run.label not in known),
    )


def scatter_picture(
    runs: Sequence[Plotted], metric: str, key: str, *, value: str = "last", is_log: bool | None = None
) -> Picture:
    """Return one point for each run: a configuration value against a metric.

    Args:
        runs: The runs; those without the key or the metric are left out.
        metric: Its name.
        key: Dotted key of the configuration.
        value: Which value of the metric: `last`, `min` or `max`.
        is_log: The vertical axis is logarithmic; by default as the values suggest.

    Raises:
        CannotStartError: No run has both.
    """
    pairs = [(run.label, _values(run, [key], metric, value)) for run in runs]
    points = [(label, found) for label, found in pairs if found is not None]
    _demand(points, runs, [metric], [key])
    return Picture(
        title=f"{_worded(value, metric)} against {key}",
        x=setting_axis(key, [x for _label, (x, _y) in points]),
        y=axis_of(_worded(value, metric), [y for _label, (_x, y) in points], is_log=is_log),
        lines=tuple(Line(label=label, values=((x, y),), count=1) for label, (x, y) in points),
        runs=len(points),
        has_lines=False,
        left_out=tuple(label for label, found in pairs if found is None),
    )


def parallel_picture(
    runs: Sequence[Plotted], metric: str, keys: Sequence[str], *, value: str = "last"
) -> Parallel:
    """Return one line for each run over the axes of configuration values and a metric.

    Args:
        runs: The runs; those without one of the values are left out.
        metric: Its name; the last axis, by which lines are coloured.
        keys: Dotted keys of the configuration.
        value: Which value of the metric: `last`, `min` or `max`.

    Raises:
        CannotStartError: No run has them all.
    """
    pairs = [(run.label, _values(run, keys, metric, value)) for run in runs]
    rows = tuple((label, found) for label, found in pairs if found is not None)
    _demand(rows, runs, [metric], keys)
    last = len(keys)
    settings = (setting_axis(key, [row[n] for _label, row in rows]) for n, key in enumerate(keys))
    return Parallel(
        title=f"{_worded(value, metric)} by {', '.join(keys)}",
        axes=(*settings, axis_of(_worded(value, metric), [row[last] for _label, row in rows])),
        rows=rows,
        left_out=tuple(label for label, found in pairs if found is None),
    )


def _unit(runs: Sequence[Plotted], metrics: Sequence[str]) -> tuple[float, str]:
    """Return the unit of time that the series is told in which ends last: its seconds, and its name."""
    spans = [
        max(point.time for point in series) - run.start
        for run in runs
        for series in (run.metrics.get(name) for name in metrics)
        if series
    ]
    longest = max(spans, default=0.0)
    return next(((seconds, name) for most, seconds, name in _UNITS if longest <= most), _DAY)


def _lines(runs: Sequence[Plotted], metrics: Sequence[str], seconds: float | None) -> Iterator[Line]:
    """Yield a line for each series, over the steps; over the time when a unit of so many seconds is given."""
    for run in runs:
        for name in metrics:
            series = run.metrics.get(name)
            if series:
                label = run.label if len(metrics) == 1 else f"{run.label} {name}"
                points = _over_steps(series) if seconds is None else _over_time(series, run.start, seconds)
                values = tuple(thinned(points))
                yield Line(label=label, values=values, count=len(points), breaks=_breaks(points, values))


def _over_steps(series: Series) -> list[tuple[float, float]]:
    return sorted(
        (float(number) if point.step is None else point.step, point.value)
        for number, point in enumerate(series)
    )


def _over_time(series: Series, start: float, seconds: float) -> list[tuple[float, float]]:
    return sorted(((point.time - start) / seconds, point.value) for point in series)


def _breaks(points: Sequence[tuple[float, float]], values: Sequence[tuple[float, float]]) -> tuple[int, ...]:
    """Return the numbers of the values before which some are missing.

    A gap is much longer than the distances on both sides of it, and than most distances of the series: so
    neither points that come in bunches nor ever rarer ones are parted.
    """
    distances = [after - before for (before, _y), (after, _z) in pairwise(points)]
    usual = sorted(distances)[len(distances) * 3 // 4] if distances else 0.0
    ends = [
        points[number + 1][0]
        for number in range(1, len(distances) - 1)
        if distances[number] > _GAP * max(distances[number - 1], distances[number + 1], usual)
    ]
    numbers = (bisect_left(values, (end,)) for end in ends if usual > 0)
    return tuple(dict.fromkeys(number for number in numbers if 0 < number < len(values)))


def thinned(points: Sequence[tuple[float, float]], most: int = MOST_POINTS) -> Sequence[tuple[float, float]]:
    """Return points that look like all of them: first, last, and the extremes of each stretch."""
    if len(points) <= most:
        return points
    width = 2 * len(points) / (most - 2)
    kept = {0, len(points) - 1}
    for number in range(most // 2 - 1):
        stretch = range(int(number * width), min(int((number + 1) * width), len(points)))
        kept |= {
            min(stretch, key=lambda each: points[each][1]),
            max(stretch, key=lambda each: points[each][1]),
        }
    return [points[number] for number in sorted(kept)]


def _values(run: Plotted, keys: Sequence[str], metric: str, value: str) -> tuple[Json, ...] | None:
    """Return a run's configuration values and the one of its metric; None when it lacks any of them."""
    config, series = flattened(run.config), run.metrics.get(metric)
    settings = [config.get(key, config.get(key.removeprefix("config."))) for key in keys]
    if not series or any(setting is None for setting in settings):
        return None
    return (*settings, _chosen(series, value))


def _chosen(series: Series, value: str) -> float:
    ends: dict[str, Point] = {
        "last": series[-1],
        "min": min(series, key=lambda point: point.value),
        "max": max(series, key=lambda point: point.value),
    }
    return ends[value].value


def _worded(value: str, metric: str) -> str:
    return f"{value} {metric}"


def _listed(names: Iterable[str]) -> str:
    """Return the first of many names, none of them very long."""
    most = 20
    return ", ".join(shortened(name, 40) for name in list(names)[:most]) or "none"


def _demand(
    found: Sequence[object], runs: Sequence[Plotted], metrics: Sequence[str], keys: Sequence[str] = ()
) -> None:
    if found:
        return
    known = dict.fromkeys(name for run in runs for name in run.metrics)
    settings = dict.fromkeys(name for run in runs for name in flattened(run.config))
    hint = f"metrics there are: {_listed(known)}"
    hint += f"; keys there are: {_listed(settings)}" if keys else ""
    wanted = ", ".join(f"`{name}`" for name in (*metrics, *keys))
    raise CannotStartError("there is nothing to draw", expected=f"a run with {wanted}", got="none", hint=hint)
