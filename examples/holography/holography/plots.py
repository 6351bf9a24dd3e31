"""Figures as SVG, by hand: panels side by side, lines and marks, linear and logarithmic axes.

Knows: axes with round ticks, a legend, colours that people with any colour vision tell apart.
Does not know: what the numbers mean.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from holography.metric import Array

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#56B4E9", "#E69F00")
"""Okabe and Ito (2008), without the yellow."""
_WIDTH, _HEIGHT = 440, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 14, 40, 46
_LEGEND_LINE = 17
_INK, _GRID, _SOFT = "#1f2933", "#e4e7eb", "#616e7c"
_MOST_POINTS = 400
_SAMPLE = 42
"""Where the text of a legend begins, behind its line or mark."""
_MOST_LETTERS = (_WIDTH - _LEFT - _SAMPLE - _RIGHT) // 7


@dataclass(frozen=True)
class Series:
    """One set of points."""

    label: str
    """Empty for a series that the legend leaves out."""
    x: Array | Sequence[float]
    y: Array | Sequence[float]
    kind: str = "line"
    """`line`, `dashed`, `marks` or `both`."""
    colour: int | None = None
    """Number of the colour; by default the series' own. After the last colour marks become squares."""


@dataclass(frozen=True)
class Panel:
    """One pair of axes."""

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    log_x: bool = False
    log_y: bool = False


def figure(title: str, panels: Sequence[Panel]) -> str:
    """Return an SVG document with the panels side by side."""
    rows = max(sum(bool(series.label) for series in panel.series) for panel in panels)
    width, height = _WIDTH * len(panels), _HEIGHT + 26 + _LEGEND_LINE * rows
    body = [part for number, panel in enumerate(panels) for part in _panel(panel, number * _WIDTH, 26)]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}"'
        ' role="img" style="font-family:system-ui,-apple-system,\'Segoe UI\',sans-serif">'
    )
    about = f"<title>{html.escape(title)}</title>"
    name = _text(width / 2, 20, title, size=15, anchor="middle", weight=600)
    return "\n".join(
        [head, about, f'<rect width="{width}" height="{height}" fill="#fff"/>', name, *body, "</svg>", ""]
    )


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    is_log: bool
    start: float
    length: float

    def __call__(self, value: float) -> float:
        low, high, at = (
            (math.log10(v) for v in (self.low, self.high, value))
            if self.is_log
            else (self.low, self.high, value)
        )
        return self.start + (at - low) / (high - low) * self.length

    @property
    def ticks(self) -> list[float]:
        if self.is_log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            step = max((last - first) // 6 + 1, 1)
            return [10.0**power for power in range(first, last + 1, step)]
        return _round_values(self.low, self.high)


def _panel(panel: Panel, left: float, top: float) -> Iterator[str]:
    drawn = [_points(series, panel) for series in panel.series]
    x = _scale(
        [p for points in drawn for p, _ in points], left + _LEFT, _WIDTH - _LEFT - _RIGHT, is_log=panel.log_x
    )
    y = _scale(
        [p for points in drawn for _, p in points],
        top + _HEIGHT - _BOTTOM,
        -(_HEIGHT - _TOP - _BOTTOM),
        is_log=panel.log_y,
    )
    yield from _axes(panel, x, y, left, top)
    row, at = top + _HEIGHT + 4, left + _LEFT
    for number, (series, points) in enumerate(zip(panel.series, drawn, strict=True)):
        colour = number if series.colour is None else series.colour
        yield from _drawn(series.kind, [(x(a), y(b)) for a, b in points], colour)
        if series.label:
            sample = [(at + 14, row)] if series.kind == "marks" else [(at, row), (at + 28, row)]
            yield from _drawn(series.kind, sample, colour)
            yield _text(at + _SAMPLE, row + 4, _fitting(series.label), size=12)
            row += _LEGEND_LINE


def _fitting(label: str) -> str:
    """Return a label that ends where its panel does, so that it stands beside no label of the next one."""
    return label if len(label) <= _MOST_LETTERS else f"{label[: _MOST_LETTERS - 1]}…"


def _points(series: Series, panel: Panel) -> list[tuple[float, float]]:
    """Return the points that can be drawn; lines of very many are thinned."""
    pairs = [
        (float(a), float(b))
        for a, b in zip(series.x, series.y, strict=True)
        if math.isfinite(a) and math.isfinite(b) and (a > 0 or not panel.log_x) and (b > 0 or not panel.log_y)
    ]
    return pairs[:: max(len(pairs) // _MOST_POINTS, 1)]


def _scale(values: Sequence[float], start: float, length: float, *, is_log: bool) -> _Scale:
    low, high = (min(values), max(values)) if values else (1.0, 10.0)
    if is_log:
        low, high = low / 1.3, high * 1.3
        if high / low < 12:
            low, high = low / 3, high * 3
        return _Scale(low, high, is_log, start, length)
    room = 0.05 * (high - low) or 0.5 * abs(high) or 0.5
    return _Scale(low - room, high + room, is_log, start, length)


def _axes(panel: Panel, x: _Scale, y: _Scale, left: float, top: float) -> Iterator[str]:
    bottom, right, ceiling = top + _HEIGHT - _BOTTOM, left + _WIDTH - _RIGHT, top + _TOP
    yield _text(left + _LEFT + (_WIDTH - _LEFT - _RIGHT) / 2, top + 26, panel.title, size=13, anchor="middle")
    for tick in x.ticks:
        yield _line(x(tick), ceiling, x(tick), bottom, _GRID)
        yield _text(
            x(tick), bottom + 16, _number(tick, is_log=x.is_log), size=11, anchor="middle", colour=_SOFT
        )
    for tick in y.ticks:
        yield _line(left + _LEFT, y(tick), right, y(tick), _GRID)
        yield _text(
            left + _LEFT - 6, y(tick) + 4, _number(tick, is_log=y.is_log), size=11, anchor="end", colour=_SOFT
        )
    yield _line(left + _LEFT, bottom, right, bottom, _INK)
    yield _line(left + _LEFT, ceiling, left + _LEFT, bottom, _INK)
    yield _text((left + _LEFT + right) / 2, bottom + 34, panel.x_label, size=12, anchor="middle")
    yield _text(left + 15, (ceiling + bottom) / 2, panel.y_label, size=12, anchor="middle", turn=True)


def _drawn(kind: str, places: Sequence[tuple[float, float]], number: int) -> Iterator[str]:
    colour = COLOURS[number % len(COLOURS)]
    if kind != "marks" and places:
        path = " ".join(f"{a:.2f},{b:.2f}" for a, b in places)
        dash = ' stroke-dasharray="6 4"' if kind == "dashed" else ""
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"{dash}/>'
    if kind in {"marks", "both"}:
        style = f'fill="none" stroke="{colour}" stroke-width="1.4"'
        for a, b in places:
            if number < len(COLOURS):
                yield f'<circle cx="{a:.2f}" cy="{b:.2f}" r="3.2" {style}/>'
            else:
                yield f'<rect x="{a - 3:.2f}" y="{b - 3:.2f}" width="6" height="6" {style}/>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}" stroke="{colour}"/>'


def _text(
    x: float,
    y: float,
    words: str,
    *,
    size: int,
    anchor: str = "start",
    colour: str = _INK,
    weight: int = 400,
    turn: bool = False,
) -> str:
    turned = f' transform="rotate(-90 {x:.2f} {y:.2f})"' if turn else ""
    return (
        f'<text x="{x:.2f}" y="{y:.2f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"'
        f' font-weight="{weight}"{turned}>{html.escape(words)}</text>'
    )


def _round_values(low: float, high: float) -> list[float]:
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _number(value: float, *, is_log: bool) -> str:
    if is_log:
        power = round(math.log10(value))
        return str(10**power) if 0 <= power <= 3 else f"10{str(power).translate(_RAISED)}"
    return f"{value:.6g}".replace("-", "−")


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
