"""Pictures of curves and grids, as SVG without any library; light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

_WIDTH, _HEIGHT = 860, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 16, 40, 34
_POINTS = 800
_STYLE = (
    "<style>:root{color-scheme:light dark;--i:#1b1f24;--g:#d5d9de;--p:#fff}"
    "@media(prefers-color-scheme:dark){:root{--i:#e6e8eb;--g:#3a4048;--p:#15181c}}"
    "svg{background:var(--p)}text{font:12px system-ui,sans-serif;fill:var(--i)}"
    ".g{stroke:var(--g)}.t{font-weight:600;font-size:14px}</style>"
)


def curve_plot(title: str, dates: np.ndarray, curves: Sequence[tuple[str, str, np.ndarray]]) -> str:
    """Draw curves over days: (label, colour, values) each."""
    low = min(float(values.min()) for _, _, values in curves)
    high = max(float(values.max()) for _, _, values in curves)
    high = high if high > low else low + 1.0
    across = (_WIDTH - _LEFT - _RIGHT) / max(1, len(dates) - 1)
    down = (_HEIGHT - _TOP - _BOTTOM) / (high - low)
    parts = [_head(title, _WIDTH, _HEIGHT)]
    for value in ticks(low, high):
        y = _TOP + (high - value) * down
        parts.append(f'<line class="g" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_short(value)}</text>')
    for index in np.linspace(0, len(dates) - 1, min(6, len(dates))).astype(int).tolist():
        x = _LEFT + index * across
        anchor = "end" if index == len(dates) - 1 > 0 else "middle"
        day = str(dates[index])[:7]
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - 12}" text-anchor="{anchor}">{day}</text>')
    for place, (label, colour, values) in enumerate(curves):
        kept = extremes(values, _POINTS)
        points = " ".join(f"{_LEFT + i * across:.1f},{_TOP + (high - values[i]) * down:.1f}" for i in kept)
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>')
        x = _WIDTH - _RIGHT - 130 * (len(curves) - place)
        parts.append(f'<rect x="{x}" y="14" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 18}" y="25">{escape(label)}</text>')
    return "".join([*parts, "</svg>\n"])


def extremes(values: np.ndarray, most: int) -> list[int]:
    """Return the places of at most `most` values, among them the least and greatest of each stretch."""
    if len(values) <= most:
        return list(range(len(values)))
    kept = {0, len(values) - 1}
    for part in np.array_split(np.arange(len(values)), most // 2 - 1):
        kept |= {int(part[values[part].argmin()]), int(part[values[part].argmax()])}
    return sorted(kept)


def ticks(low: float, high: float) -> list[float]:
    """Return round numbers between two, four to ten of them."""
    size = 10.0 ** np.floor(np.log10((high - low) / 4))
    step = next(size * part for part in (5.0, 2.0, 1.0) if (high - low) / (size * part) >= 4)
    return [float(value) for value in np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step]


def heat_map(
    title: str, across: tuple[str, Sequence[object]], down: tuple[str, Sequence[object]], values: np.ndarray
) -> str:
    """Draw a table of numbers as colours; what is not finite stays empty.

    Args:
        title: Above the picture.
        across: Name and values of the columns.
        down: Name and values of the rows.
        values: float64[rows, columns].
    """
    size = 46
    width = _LEFT + 30 + size * len(across[1]) + _RIGHT
    height = _TOP + 24 + size * len(down[1]) + 16
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    parts = [_head(title, max(width, 320), height)]
    parts.append(f'<text x="{_LEFT + 30}" y="{_TOP + 4}">{escape(across[0])} →  ({escape(down[0])} ↓)</text>')
    for column, name in enumerate(across[1]):
        x = _LEFT + 30 + size * (column + 0.5)
        parts.append(f'<text x="{x:.0f}" y="{_TOP + 20}" text-anchor="middle">{escape(str(name))}</text>')
    for row, name in enumerate(down[1]):
        y = _TOP + 24 + size * row
        parts.append(f'<text x="{_LEFT + 22}" y="{y + 27}" text-anchor="end">{escape(str(name))}</text>')
        columns = enumerate(values[row].tolist())
        parts += [_cell(value, low, high, _LEFT + 30 + size * column, y, size) for column, value in columns]
    return "".join([*parts, "</svg>\n"])


def _cell(value: float, low: float, high: float, x: float, y: float, size: int) -> str:
    if not np.isfinite(value):
        return ""
    share = (value - low) / (high - low) if high > low else 0.5
    red, green, blue = (round(a + (b - a) * share) for a, b in ((68, 250), (1, 220), (84, 60)))
    ink = "#fff" if share < 0.55 else "#1b1f24"
    return (
        f'<rect x="{x}" y="{y}" width="{size - 2}" height="{size - 2}" fill="rgb({red},{green},{blue})"/>'
        f'<text x="{x + size / 2 - 1}" y="{y + size / 2 + 4}" text-anchor="middle" style="fill:{ink}">'
        f"{value:.2f}</text>"
    )


def _head(title: str, width: int, height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">'
        f'<title>{escape(title)}</title>{_STYLE}<text class="t" x="12" y="25">{escape(title)}</text>'
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value + 0.0:.4g}"
