"""Metrics of several runs side by side: last, least, greatest, and the series themselves.

Knows: how points are matched, by step or else by order.
Does not know: where the stream stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from runpact.model.compare.allowance import FileAllowance, is_within
from runpact.model.compare.row import ABSENT, Likeness, Row, row_of, worst_of
from runpact.model.contract.rule import Tolerance
from runpact.model.facts import Json


class Point(msgspec.Struct, frozen=True, gc=False):
    """One value of a metric."""

    time: float
    """Seconds since 1970, UTC."""
    step: float | None
    value: float


Series = tuple[Point, ...]
"""The points of one metric in the order they were logged."""
_Key = tuple[float, int]


def series_of(entries: Iterable[Mapping[str, object]]) -> dict[str, Series]:
    """Return the series of each metric of a stream, by name, in the order of first appearance."""
    found: dict[str, list[Point]] = {}
    for entry in entries:
        time, step, values = _number(entry.get("time")), _number(entry.get("step")), entry.get("values")
        for name, value in values.items() if isinstance(values, dict) else ():
            if isinstance(value, int | float):
                found.setdefault(name, []).append(Point(time or 0.0, step, value))
    return {name: tuple(points) for name, points in found.items()}


def metric_rows(runs: Sequence[Mapping[str, Series]], allowance: FileAllowance) -> Iterator[Row]:
    """Yield four rows for each metric: last, least and greatest value, and the series.

    Args:
        runs: The series of each run, by name of the metric.
        allowance: What may differ; the name of a metric is a place.
    """
    for name in dict.fromkeys(name for run in runs for name in run):
        found = [run.get(name, ()) for run in runs]
        is_free, tolerance = allowance.is_volatile((name,)), allowance.tolerance((name,))
        for word, pick in (("last", _last), ("min", _least), ("max", _greatest)):
            values = [pick(series) if series else ABSENT for series in found]
            yield row_of(f"{name}.{word}", values, _likeness(values, tolerance, is_free=is_free))
        yield _series_row(name, found, tolerance, is_free=is_free)


def _likeness(values: Sequence[Json], tolerance: Tolerance, *, is_free: bool) -> Likeness:
    first, others = values[0], values[1:]
    if all(other == first for other in others):
        return Likeness.SAME
    if is_free:
        return Likeness.VOLATILE
    numbers = [value for value in others if isinstance(value, int | float)]
    is_near = isinstance(first, int | float) and len(numbers) == len(others)
    is_near = is_near and all(is_within(first, other, tolerance) for other in numbers)  # type: ignore[arg-type]  # `is_near` says that it is a number
    return Likeness.TOLERATED if is_near else Likeness.DIFFERENT


def _series_row(name: str, found: Sequence[Series], tolerance: Tolerance, *, is_free: bool) -> Row:
    told = [_told(series) if series else ABSENT for series in found]
    compared = [_compare(found[0], other, tolerance) for other in found[1:]]
    worst = worst_of(each.likeness for each in compared)
    if is_free and worst is not Likeness.SAME:
        worst = Likeness.VOLATILE
    return row_of(f"{name}.series", told, worst, _remark(found[0], compared))


class _Compared(msgspec.Struct, frozen=True):
    likeness: Likeness
    common: int = 0
    """Points that both have."""
    apart: tuple[tuple[_Key, float], ...] = ()
    """Those that differ, and by how much."""
    lonely: int = 0
    """Points in one of them only."""


def _compare(first: Series, other: Series, tolerance: Tolerance) -> _Compared:
    one, two = _by_key(first), _by_key(other)
    lonely = len(one.keys() ^ two.keys())
    pairs = [(key, one[key], two[key]) for key in one if key in two]
    apart = [(key, abs(a - b), is_within(a, b, tolerance)) for key, a, b in pairs if a != b]
    if not apart and not lonely:
        return _Compared(Likeness.SAME)
    is_near = not lonely and all(near for _key, _gap, near in apart)
    likeness = Likeness.TOLERATED if is_near else Likeness.DIFFERENT
    return _Compared(likeness, len(pairs), tuple((key, gap) for key, gap, _near in apart), lonely)


def _remark(first: Series, compared: Sequence[_Compared]) -> str:
    """Say how far the others are from the first; of several, the most that is true of any."""
    widest = max(compared, key=lambda each: len(each.apart))
    lonely = [each.lonely for each in compared]
    parts = []
    if widest.apart:
        counts = {len(each.apart) for each in compared}
        up_to = "up to " * (len(counts) > 1)
        begin = min(each.apart[0][0] for each in compared if each.apart)
        largest = max(gap for each in compared for _key, gap in each.apart)
        parts = [
            f"{up_to}{len(widest.apart)} of {widest.common} points differ, from {_where(first, begin)} on",
            f"by at most {largest:.6g}",
        ]
    if any(lonely):
        parts.append(f"{'up to ' * (len(set(lonely)) > 1)}{max(lonely)} points in one of them only")
    return ", ".join(parts)


def _by_key(series: Series) -> dict[_Key, float]:
    """Return values by step and how often it was there before; by order where there are no steps."""
    found: dict[_Key, float] = {}
    seen: dict[float, int] = {}
    for number, point in enumerate(series):
        step = float(number) if point.step is None else point.step
        times = seen[step] = seen.get(step, -1) + 1
        found[step, times] = point.value
    return found


def _where(series: Series, key: _Key) -> str:
    return f"step {key[0]:.6g}" if series and series[0].step is not None else f"point {key[0]:.6g}"


def _told(series: Series) -> str:
    steps = [point.step for point in series if point.step is not None]
    return f"{len(series)} point{'s' * (len(series) != 1)}" + (f" to step {max(steps):.6g}" if steps else "")


def _last(series: Series) -> float:
    return series[-1].value


def _least(series: Series) -> float:
    return min(point.value for point in series)


def _greatest(series: Series) -> float:
    return max(point.value for point in series)


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
