"""The loss curve as SVG, by hand.

Knows: axes with round ticks, lines named at their ends, a dashed line to compare with.
Does not know: where the numbers come from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 760, 420
_MARKED = 40
"""Series of at most so many points get a mark at each."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 120, 56, 52
_LINE = 16
"""Height of a label; labels at the lines' ends keep this distance."""
_INK, _GRID, _SOFT = "#1f2933", "#e4e7eb", "#616e7c"


def loss_plot(title: str, series: Mapping[str, tuple[str, Points]], reference: tuple[str, float]) -> str:
    """Return an SVG document of losses over steps.

    Args:
        title: Above the plot.
        series: Name to colour and points (step, nats per character).
        reference: Label and height of a dashed line to compare with.
    """
    points = [point for _colour, line in series.values() for point in line]
    x_ticks = ticks(0, max(x for x, _y in points))
    y_ticks = ticks(0, max([y for _x, y in points] + [reference[1]]))
    scale = _Scale(x_ticks[-1], y_ticks[-1])
    body = [*_frame(title, scale, x_ticks, y_ticks), *_reference(scale, *reference)]
    for colour, line in series.values():
        body += _series(scale, colour, line)
    body += _end_labels(scale, series)
    style = "font-family:system-ui,-apple-system,'Segoe UI',sans-serif"
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} style="{style}">'
    return "\n".join([head, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>', *body, "</svg>", ""])


def ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Return round numbers from `low` to at least `high`."""
    raw = (high - low) / about or 1.0
    power = 10 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw)
    return [low + step * i for i in range(math.ceil((high - low) / step) + 1)]


class _Scale:
    """From values to places on the page."""

    def __init__(self, x_max: float, y_max: float) -> None:
        self._x, self._y = x_max or 1.0, y_max or 1.0

    def x(self, value: float) -> float:
        return round(_LEFT + value / self._x * (WIDTH - _LEFT - _RIGHT), 2)

    def y(self, value: float) -> float:
        return round(HEIGHT - _BOTTOM - value / self._y * (HEIGHT - _TOP - _BOTTOM), 2)


def _frame(title: str, scale: _Scale, x_ticks: list[float], y_ticks: list[float]) -> list[str]:
    left, right, bottom = _LEFT, WIDTH - _RIGHT, HEIGHT - _BOTTOM
    lines = [_text(left, 28, title, _INK, size=16, weight=600)]
    for tick in y_ticks:
        y = scale.y(tick)
        lines.append(f'<line x1="{left}" y1="{y}" x2="{right}" y2="{y}" stroke="{_GRID}"/>')
        lines.append(_text(left - 8, y + 4, f"{tick:g}", _SOFT, anchor="end"))
    for tick in x_ticks:
        x = scale.x(tick)
        lines.append(f'<line x1="{x}" y1="{bottom}" x2="{x}" y2="{bottom + 5}" stroke="{_SOFT}"/>')
        lines.append(_text(x, bottom + 20, f"{tick:g}", _SOFT, anchor="middle"))
    lines.append(_text((left + right) / 2, HEIGHT - 10, "step", _SOFT, anchor="middle"))
    lines.append(_text(left, 48, "loss, nats per character", _SOFT))
    return lines


def _reference(scale: _Scale, label: str, value: float) -> list[str]:
    y, right = scale.y(value), WIDTH - _RIGHT
    return [
        f'<line x1="{_LEFT}" y1="{y}" x2="{right}" y2="{y}" stroke="{_SOFT}" stroke-dasharray="5 4"/>',
        _text(right + 8, y + 4, f"{label} {value:.2f}", _SOFT),
    ]


def _series(scale: _Scale, colour: str, line: Points) -> list[str]:
    path = " ".join(f"{scale.x(x)},{scale.y(y)}" for x, y in line)
    is_sparse = len(line) <= _MARKED
    marked = line if is_sparse else ()
    marks = [f'<circle cx="{scale.x(x)}" cy="{scale.y(y)}" r="3" fill="{colour}"/>' for x, y in marked]
    width = 2.2 if is_sparse else 1.4
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>',
        *marks,
    ]


def _end_labels(scale: _Scale, series: Mapping[str, tuple[str, Points]]) -> list[str]:
    """Name each line at its end, from the top down, no label on another."""
    ends = sorted((scale.y(line[-1][1]), name) for name, (_colour, line) in series.items())
    labels, lowest = [], -math.inf
    spare = _LINE / 2 if len(ends) > 1 and ends[-1][0] - ends[0][0] < _LINE else 0
    for y, name in ends:
        colour, line = series[name]
        lowest = max(y + 4 - spare, lowest + _LINE)
        labels.append(
            _text(scale.x(line[-1][0]) + 8, lowest, f"{name} {line[-1][1]:.2f}", colour, weight=600)
        )
    return labels


def _text(
    x: float, y: float, text: str, colour: str, *, size: int = 12, weight: int = 400, anchor: str = "start"
) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    font = f'font-size="{size}" font-weight="{weight}" text-anchor="{anchor}"'
    return f'<text x="{x}" y="{y}" fill="{colour}" {font}>{escaped}</text>'


def difference_plot(
    title: str, differences: Sequence[float], *, mean: float, interval: tuple[float, float], bound: float
) -> str:
    """Return an SVG document of the differences to a baseline, window by window in order of size.

    Args:
        title: Above the plot.
        differences: Subject minus baseline, nats per character.
        mean: Weighted mean of them.
        interval: Its ends.
        bound: The greatest end of the interval that passes.
    """
    values = sorted(differences)
    low, high = min(0.0, values[0], interval[0]), max(0.0, values[-1], bound, interval[1])
    margin = (high - low) * 0.06
    low, high = low - margin, high + margin
    left, right, bottom = _LEFT, WIDTH - _RIGHT, HEIGHT - _BOTTOM

    def y(value: float) -> float:
        return round(bottom - (value - low) / (high - low) * (bottom - _TOP), 2)

    band = y(interval[0]) - y(interval[1])
    body = [
        _text(left, 28, title, _INK, size=16, weight=600),
        _text(left, 48, "difference of each window to the baseline, nats per character", _SOFT),
        _band(left, y(interval[1]), right - left, max(band, 1)),
    ]
    step = ticks(low, high)[1] - low
    for number in range(math.ceil(low / step), math.floor(high / step) + 1):
        tick = round(number * step, 12)
        body.append(f'<line x1="{left}" y1="{y(tick)}" x2="{right}" y2="{y(tick)}" stroke="{_GRID}"/>')
        body.append(_text(left - 8, y(tick) + 4, f"{tick:g}", _SOFT, anchor="end"))
    width = (right - left) / len(values)
    for number, value in enumerate(values):
        x, top = left + number * width, min(y(0), y(value))
        colour = "#d9480f" if value > 0 else "#2b8a3e"
        size = f'width="{max(width - 0.6, 0.6):.2f}" height="{max(abs(y(value) - y(0)), 0.5):.2f}"'
        body.append(f'<rect x="{x:.2f}" y="{top}" {size} fill="{colour}" fill-opacity="0.55"/>')
    named = [("mean", mean, "#2f6fde", ""), ("bound", bound, _INK, ' stroke-dasharray="5 4"')]
    lowest = -math.inf
    for name, value, colour, dash in sorted(named, key=lambda each: y(each[1])):
        line = f'x1="{left}" y1="{y(value)}" x2="{right}" y2="{y(value)}"'
        body.append(f'<line {line} stroke="{colour}" stroke-width="1.6"{dash}/>')
        lowest = max(y(value) + 4, lowest + _LINE)
        body.append(_text(right + 8, lowest, f"{name} {value:.4f}", colour, weight=600))
    told = f"{len(values)} windows in order of size; band: interval {interval[0]:.4f} to {interval[1]:.4f}"
    body.append(_text((left + right) / 2, HEIGHT - 18, told, _SOFT, anchor="middle"))
    style = "font-family:system-ui,-apple-system,'Segoe UI',sans-serif"
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} style="{style}">'
    return "\n".join([head, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>', *body, "</svg>", ""])


def _band(x: float, y: float, width: float, height: float) -> str:
    place = f'x="{x}" y="{y}" width="{width}" height="{height:.2f}"'
    return f'<rect {place} fill="#2f6fde" fill-opacity="0.15"/>'
