"""A picture as SVG.

Knows: how a picture is laid out, coloured and described so that nobody is left out.
Does not know: where its values came from.

Seven colours that people with any colour vision tell apart, then the same with other dashes; a title and a
description for those who hear the picture; a title for each line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from posixpath import commonprefix
from typing import NamedTuple
from unicodedata import east_asian_width

from runpact.model.facts import Json
from runpact.model.plot.axis import Axis, Tick, category_of, number_text, shortened
from runpact.model.plot.heat import Heat
from runpact.model.plot.picture import Line, Parallel, Picture
from runpact.model.plot.style import RAMP, Style, ramp_colour, style_of
from runpact.model.plot.svgheat import heat_body
from runpact.model.plot.svgparts import (
    BOTTOM,
    END,
    HEIGHT,
    LETTER,
    LINE,
    MIDDLE,
    RIGHT,
    TOP,
    WIDTH,
    Frame,
    tag,
)

_LEGEND_LINE = 20
MOST_IN_LEGEND = 18
"""Lines that the legend names; of more it says how many."""
_MARKED_UP_TO = 60
"""Lines of at most so many points show each of them."""
_LABELLED_UP_TO = 14
"""Clouds of at most so many points name each of them."""
_LONGEST_LABEL = 36
_LEAST_ALIKE = 6
"""So many letters at least that long labels have in common are left out."""
_LINE_HEIGHT = 13
_SLOT = 110
"""Least room for each of parallel axes, pixels."""


def svg_of(picture: Picture | Parallel | Heat, *, name: str = "") -> str:
    """Return the picture as an SVG document.

    Args:
        picture: What is drawn.
        name: Begins the names of its parts, where several pictures stand in one page.
    """
    width = parallel_width(picture) if isinstance(picture, Parallel) else WIDTH
    if isinstance(picture, Parallel):
        body = _parallel(picture, width)
    else:
        body = heat_body(picture) if isinstance(picture, Heat) else _plane(picture)
    return "\n".join(_document(picture, body, width, name)) + "\n"


def _document(
    picture: Picture | Parallel | Heat, body: Iterator[str], width: int, name: str
) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}"'
        f' height="{HEIGHT}" role="img" aria-labelledby="{name}title {name}description"'
        ' font-family="system-ui, sans-serif" font-size="12" fill="#222">'
    )
    yield tag("title", picture.title, id=f"{name}title")
    yield tag("desc", _description(picture), id=f"{name}description")
    yield tag("rect", width=width, height=HEIGHT, fill="#fff")
    yield tag("text", shortened(picture.title, 90), x=width / 2, y=24, font_size=16, **MIDDLE)
    yield from body
    told = left_out_text(picture)
    if told:
        yield tag("text", told, x=width - 8, y=HEIGHT - 6, font_size=10, fill="#555", **END)
    yield "</svg>"


def left_out_text(picture: Picture | Parallel | Heat) -> str:
    """Return what a picture says of runs that are not in it; empty when all are."""
    left_out = len(picture.left_out)
    return f"not drawn, for want of values: {left_out} of {_total(picture)} runs" if left_out else ""


def _total(picture: Picture | Parallel | Heat) -> int:
    drawn = len(picture.rows) if isinstance(picture, Parallel) else picture.runs
    return drawn + len(picture.left_out)


def _description(picture: Picture | Parallel | Heat) -> str:
    if isinstance(picture, Parallel):
        axes = ", ".join(axis.title for axis in picture.axes)
        return (
            f"Parallel coordinates of {len(picture.rows)} runs over {axes}; the last axis gives the colour."
        )
    if isinstance(picture, Heat):
        return picture.description
    if not picture.has_lines:
        return f"{len(picture.lines)} runs: {picture.y.title} against {picture.x.title}."
    names = "; ".join(f"{line.label}: {line.count} points" for line in picture.lines[:MOST_IN_LEGEND])
    return f"{len(picture.lines)} lines of {picture.y.title} over {picture.x.title}. {names}."


def _plane(picture: Picture) -> Iterator[str]:
    labels = shown_labels([line.label for line in picture.lines])
    legend = max(map(_width, labels)) + 44 if picture.has_lines else 0.0
    left = 44 + max((_width(tick.text) for tick in picture.y.ticks), default=0.0)
    frame = Frame(left, TOP, WIDTH - left - RIGHT - legend, HEIGHT - TOP - BOTTOM)
    yield from _grid(picture, frame)
    for number, line in enumerate(picture.lines):
        yield from _line(picture, line, number, frame) if picture.has_lines else _dot(picture, line, frame)
    if picture.has_lines:
        yield from _legend(labels, frame.left + frame.width + 16)
    elif len(picture.lines) <= _LABELLED_UP_TO:
        yield from _names(picture, labels, frame)


def shown_labels(labels: Sequence[str]) -> list[str]:
    """Return labels short enough to stand beside a line; what long ones have in common goes first."""
    long = [label for label in labels if len(label) > _LONGEST_LABEL]
    before = _whole_words(commonprefix(long))
    behind = _whole_words(commonprefix([label[::-1] for label in long]))[::-1]
    cut = []
    for label in labels:
        text = label
        if len(long) > 1 and len(label) > _LONGEST_LABEL:
            text = f"…{text[len(before) :]}" if len(before) >= _LEAST_ALIKE else text
            is_ending = len(behind) >= _LEAST_ALIKE and len(before) + len(behind) < len(label)
            text = f"{text[: -len(behind)]}…" if is_ending else text
        cut.append(shortened(text, _LONGEST_LABEL))
    return cut


def _whole_words(text: str) -> str:
    """Return the beginning of a text up to and with the last mark between words."""
    return text[: max(text.rfind(mark) for mark in "-_/ ") + 1]


def _width(text: str) -> float:
    """Return about how many pixels a text takes; letters of East Asia are twice as wide."""
    return LETTER * sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _grid(picture: Picture, frame: Frame) -> Iterator[str]:
    top, left, bottom, right = frame.top, frame.left, frame.top + frame.height, frame.left + frame.width
    yield '<g class="axes" stroke="#ddd">'
    for tick in picture.x.ticks:
        yield tag("line", x1=frame.x(tick.position), y1=top, x2=frame.x(tick.position), y2=bottom)
    for tick in picture.y.ticks:
        yield tag("line", x1=left, y1=frame.y(tick.position), x2=right, y2=frame.y(tick.position))
    yield tag("path", d=f"M{left} {top}V{bottom}H{right}", fill="none", stroke="#444")
    yield '</g><g class="ticks">'
    for tick in _spaced(picture.x, frame.width):
        yield tag("text", tick.text, x=frame.x(tick.position), y=bottom + 17, **MIDDLE)
    for tick in picture.y.ticks:
        yield tag("text", tick.text, x=left - 7, y=frame.y(tick.position) + 4, **END)
    yield tag("text", _titled(picture.x), x=frame.x(0.5), y=bottom + 40, font_size=13, **MIDDLE)
    turned = f"translate(16 {frame.y(0.5)}) rotate(-90)"
    yield tag("text", _titled(picture.y), transform=turned, font_size=13, **MIDDLE)
    yield "</g>"


def _spaced(axis: Axis, width: float) -> list[Tick]:
    """Return the ticks of a horizontal axis that do not run into each other."""
    kept: list[Tick] = []
    end = -1.0
    for tick in axis.ticks:
        half = _width(tick.text) / 2 / width
        if tick.position - half >= end:
            kept.append(tick)
            end = tick.position + half + 6 / width
    return kept


def _titled(axis: Axis) -> str:
    return shortened(axis.title, 60) + (" (logarithmic)" if axis.is_log else "")


def _line(picture: Picture, line: Line, number: int, frame: Frame) -> Iterator[str]:
    style = style_of(number)
    stretches = [[_place(picture, value, frame) for value in stretch] for stretch in line.stretches]
    yield _series(line.label, line.count, line.label)
    for places in stretches:
        points = " ".join(f"{x},{y}" for x, y in places)
        yield tag("polyline", points=points, stroke=style.colour, stroke_width=1.8, **LINE, **_dashed(style))
        is_marked = len(line.values) <= _MARKED_UP_TO or len(places) == 1
        yield from (tag("circle", cx=x, cy=y, r=2.4, fill=style.colour) for x, y in places if is_marked)
    for (*_before, (x1, y1)), ((x2, y2), *_behind) in pairwise(stretches):
        ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
        yield tag("line", stroke=style.colour, stroke_width=1, stroke_dasharray="1 4", **ends)
    yield "</g>"


def _series(label: str, count: int, told: str) -> str:
    attributes: dict[str, str | float] = {"class": "series", "data-label": label, "data-points": count}
    opening = tag("g", **attributes)
    return opening.removesuffix("/>") + ">" + tag("title", told)


def _dashed(style: Style) -> dict[str, str]:
    return {"stroke-dasharray": style.dash} if style.dash else {}


def _dot(picture: Picture, line: Line, frame: Frame) -> Iterator[str]:
    x, y = _place(picture, line.values[0], frame)
    yield _series(line.label, 1, f"{line.label}: {_value(line.values[0][0])}, {_value(line.values[0][1])}")
    yield tag("circle", cx=x, cy=y, r=5, fill=style_of(0).colour, fill_opacity=0.75, stroke="#fff") + "</g>"


class _Box(NamedTuple):
    """Where something stands that no name may cover."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        beside = self.right < other.left or other.right < self.left
        return not (beside or self.bottom < other.top or other.bottom < self.top)


def _names(picture: Picture, labels: Sequence[str], frame: Frame) -> Iterator[str]:
    """Yield the names of points, each where it covers nothing; one without room stands in its title alone."""
    places = [_place(picture, line.values[0], frame) for line in picture.lines]
    taken = [_Box(x - 5, y - 5, x + 5, y + 5) for x, y in places]
    yield '<g class="names" font-size="10" fill="#444">'
    for label, (x, y) in zip(labels, places, strict=True):
        for anchor, x_at, y_at in _rooms(x, y):
            box = _box(label, anchor, x_at, y_at)
            is_inside = frame.left <= box.left and box.right <= WIDTH and box.top >= TOP - 10
            if is_inside and not any(box.meets(other) for other in taken):
                taken.append(box)
                yield tag("text", label, x=round(x_at, 2), y=round(y_at, 2), text_anchor=anchor)
                break
    yield "</g>"


def _rooms(x: float, y: float) -> tuple[tuple[str, float, float], ...]:
    """Return where the name of a point may stand, the best place first: anchor, and the anchor's place."""
    return ("start", x + 9, y + 4), ("end", x - 9, y + 4), ("middle", x, y - 9), ("middle", x, y + 17)


def _box(label: str, anchor: str, x: float, y: float) -> _Box:
    width = _width(label) * 0.95
    left = x - {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * width
    return _Box(left, y - 9, left + width, y + 2)


def _place(picture: Picture, value: tuple[Json, Json], frame: Frame) -> tuple[float, float]:
    return frame.x(picture.x.position(value[0])), frame.y(picture.y.position(value[1]))


def _value(value: Json) -> str:
    return number_text(value) if isinstance(value, float) else category_of(value)


def _legend(labels: Sequence[str], left: float) -> Iterator[str]:
    yield '<g class="legend">'
    for number, label in enumerate(labels[:MOST_IN_LEGEND]):
        style, y = style_of(number), TOP + 8 + number * _LEGEND_LINE
        ends = {"x1": left, "y1": y, "x2": left + 22, "y2": y}
        yield tag("line", stroke=style.colour, stroke_width=2.4, **ends, **_dashed(style))
        yield tag("text", label, x=left + 28, y=y + 4)
    if len(labels) > MOST_IN_LEGEND:
        y = TOP + 12 + MOST_IN_LEGEND * _LEGEND_LINE
        yield tag("text", f"and {len(labels) - MOST_IN_LEGEND} more", x=left, y=y)
    yield "</g>"


def parallel_width(picture: Parallel) -> int:
    """Return how wide a picture must be for each of its axes to have room."""
    return max(WIDTH, int(sum(_margins(picture))) + _SLOT * (len(picture.axes) - 1))


def _margins(picture: Parallel) -> tuple[float, float]:
    """Return the room beside the first and the last axis, for what is written there."""
    widths = [max((_width(tick.text) for tick in axis.ticks), default=0.0) for axis in picture.axes]
    return max(70.0, widths[0] + 20), max(90.0, widths[-1] + 40)


def _parallel(picture: Parallel, width: int) -> Iterator[str]:
    left, right = _margins(picture)
    frame = Frame(left, TOP + 40, width - left - right, HEIGHT - TOP - BOTTOM - 24)
    places = [number / (len(picture.axes) - 1) for number in range(len(picture.axes))]
    for label, values in picture.rows:
        parts = list(zip(places, picture.axes, values, strict=True))
        corners = " ".join(f"{frame.x(place)},{frame.y(axis.position(each))}" for place, axis, each in parts)
        told = ", ".join(f"{axis.title} {_value(each)}" for _place, axis, each in parts)
        yield _series(label, len(values), f"{label}: {told}")
        colour = ramp_colour(picture.axes[-1].position(values[-1]))
        yield tag("polyline", points=corners, stroke=colour, stroke_width=1.8, **LINE) + "</g>"
    slot = frame.width / (len(picture.axes) - 1)
    for number, (place, axis) in enumerate(zip(places, picture.axes, strict=True)):
        yield '<g class="axis">'
        yield _heading(axis, number, _Slot(frame.x(place), slot, width), frame.top - 14)
        is_last = number == len(picture.axes) - 1
        yield from _upright(axis, frame, frame.x(place), slot=slot, is_last=is_last)
        yield "</g>"


class _Slot(NamedTuple):
    """The room of one of parallel axes."""

    middle: float
    width: float
    most: float
    """Width of the picture."""


def _heading(axis: Axis, number: int, slot: _Slot, y: float) -> str:
    """Return the title of an axis; every other one stands higher, so each has the room of two."""
    ending = " (log)" if axis.is_log else ""
    room = min(2 * slot.width, slot.middle + slot.width, slot.most - slot.middle + slot.width) - 16
    letters = int(room / LETTER / 1.08) - len(ending)
    text = shortened(axis.title, max(letters, 8)) + ending
    half = _width(text) * 1.08 / 2
    middle = min(max(slot.middle, half + 6), slot.most - half - 6)
    return tag("text", text, x=round(middle, 2), y=y - 16 * (number % 2), font_size=13, **MIDDLE)


def _upright(axis: Axis, frame: Frame, x: float, *, slot: float, is_last: bool) -> Iterator[str]:
    yield tag("line", x1=x, y1=frame.top, x2=x, y2=frame.top + frame.height, stroke="#444")
    beside: dict[str, str | float] = {"x": x + 20} if is_last else {"x": x - 7, **END}
    letters = max(int((slot - 16) / LETTER), 6)
    for tick in ticks_apart(axis, frame.height):
        y = frame.y(tick.position)
        text = shortened(tick.text, letters)
        yield tag("line", x1=x - 4, y1=y, x2=x, y2=y, stroke="#444")
        yield tag("text", text, y=y + 4, stroke="#fff", stroke_width=3, paint_order="stroke", **beside)
    if is_last:
        height = frame.height / len(RAMP)
        for number, colour in enumerate(reversed(RAMP)):
            y = round(frame.top + number * height, 2)
            yield tag("rect", x=x + 5, y=y, width=9, height=round(height + 0.5, 2), fill=colour)


def ticks_apart(axis: Axis, height: float) -> list[Tick]:
    """Return the ticks of an upright axis that do not stand in each other."""
    kept: list[Tick] = []
    for tick in axis.ticks:
        if not kept or (tick.position - kept[-1].position) * height >= _LINE_HEIGHT:
            kept.append(tick)
    return kept
