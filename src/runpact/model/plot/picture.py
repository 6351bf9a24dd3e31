"""What is drawn: lines over an axis, points, parallel coordinates.

Knows: which values of runs make which picture; how many points a line needs.
Does not know: how a picture is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from runpact.model.compare.records import flattened
from runpact.model.compare.series import Point, Series
from runpact.model.errors import CannotStartError
from runpact.model.facts import Json
from runpact.model.plot.axis import Axis, axis_of

MOST_POINTS = 2000
"""Most points of a line that are drawn; of more, the least and the greatest of each stretch are."""
_OVER = {"step": "step", "time": "seconds since the first point"}
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
    metrics: Mapping[str, Series]
    config: Mapping[str, object]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One series, or one run in parallel coordinates."""

    label: str
    values: tuple[tuple[Json, Json], ...]
    """Horizontal and vertical value of each point."""
    count: int
    """Points before they were thinned out."""


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
        over: `step` (without one, the number of the point) or `time` (seconds since the run's first point).
        is_log: The vertical axis is logarithmic; by default as the values suggest.

    Raises:
        CannotStartError: No run has any of the metrics.
    """
    lines = tuple(_lines(runs, metrics, over))
    _demand(lines, runs, metrics)
    drawn = [point for line in lines for point in line.values]
    known = {run.label for run in runs if any(name in run.metrics for name in metrics)}
    return Picture(
        title=f"{' and '.join(metrics)} over {over}",
        x=axis_of(
            "step" if over == "step" else "seconds since the first point",
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
        x=axis_of(key, [x for _label, (x, _y) in points]),
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
    titles = (*keys, _worded(value, metric))
    return Parallel(
        title=f"{_worded(value, metric)} by {', '.join(keys)}",
        axes=tuple(axis_of(title, [row[n] for _label, row in rows]) for n, title in enumerate(titles)),
        rows=rows,
        left_out=tuple(label for label, found in pairs if found is None),
    )


def _lines(runs: Sequence[Plotted], metrics: Sequence[str], over: str) -> Iterator[Line]:
    for run in runs:
        for name in metrics:
            series = run.metrics.get(name)
            if series:
                label = run.label if len(metrics) == 1 else f"{run.label} {name}"
                points = _over_time(series) if over == "time" else _over_steps(series)
                yield Line(label=label, values=tuple(thinned(points)), count=len(points))


def _over_steps(series: Series) -> list[tuple[float, float]]:
    return sorted(
        (float(number) if point.step is None else point.step, point.value)
        for number, point in enumerate(series)
    )


def _over_time(series: Series) -> list[tuple[float, float]]:
    first = min(point.time for point in series)
    return sorted((point.time - first, point.value) for point in series)


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
    if not series or any(config.get(key) is None for key in keys):
        return None
    return (*(config[key] for key in keys), _chosen(series, value))


def _chosen(series: Series, value: str) -> float:
    ends: dict[str, Point] = {
        "last": series[-1],
        "min": min(series, key=lambda point: point.value),
        "max": max(series, key=lambda point: point.value),
    }
    return ends[value].value


def _worded(value: str, metric: str) -> str:
    return f"{value} {metric}"


def _demand(
    found: Sequence[object], runs: Sequence[Plotted], metrics: Sequence[str], keys: Sequence[str] = ()
) -> None:
    if found:
        return
    known = dict.fromkeys(name for run in runs for name in run.metrics)
    settings = dict.fromkeys(name for run in runs for name in flattened(run.config))
    hint = f"metrics there are: {', '.join(list(known)[:20]) or 'none'}"
    hint += f"; keys there are: {', '.join(list(settings)[:20]) or 'none'}" if keys else ""
    wanted = ", ".join(f"`{name}`" for name in (*metrics, *keys))
    raise CannotStartError("there is nothing to draw", expected=f"a run with {wanted}", got="none", hint=hint)
