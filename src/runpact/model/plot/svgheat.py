"""A heat map as SVG.

Knows: how cells, their colours and their values are laid out.
Does not know: where the values came from.
"""

from __future__ import annotations

from collections.abc import Iterator

from runpact.model.plot.axis import Axis, number_text, shortened
from runpact.model.plot.heat import Heat
from runpact.model.plot.style import RAMP, ramp_colour
from runpact.model.plot.svgparts import BOTTOM, END, HEIGHT, LETTER, MIDDLE, TOP, WIDTH, Frame, tag

_BAR = 110
"""Room of the bar of colours, pixels."""
_WRITTEN_FROM = 46
"""A cell so wide has its value written in it."""
_LIGHT_FROM = 0.6
"""Share of the ramp from which on writing is dark."""


def heat_body(picture: Heat) -> Iterator[str]:
    """Yield the elements of a heat map."""
    left = 54 + min(max(len(name) for name in picture.y.categories), 16) * LETTER
    frame = Frame(left, TOP, WIDTH - left - _BAR, HEIGHT - TOP - BOTTOM)
    wide, high = frame.width / len(picture.x.categories), frame.height / len(picture.y.categories)
    for label, x, y, value in picture.cells:
        share = picture.value.position(value)
        corner = frame.x(picture.x.position(x)) - wide / 2, frame.y(picture.y.position(y)) - high / 2
        told = f"{picture.x.title} {x}, {picture.y.title} {y}, {picture.value.title} {number_text(value)}"
        yield "<g>" + tag("title", f"{label}: {told}")
        size = {"width": round(wide, 2), "height": round(high, 2)}
        yield tag("rect", x=round(corner[0], 2), y=round(corner[1], 2), fill=ramp_colour(share), **size)
        if wide >= _WRITTEN_FROM:
            ink = "#000" if share >= _LIGHT_FROM else "#fff"
            middle = {"x": frame.x(picture.x.position(x)), "y": frame.y(picture.y.position(y)) + 4}
            yield tag("text", f"{value:.4g}", fill=ink, **middle, **MIDDLE)
        yield "</g>"
    yield from _names(picture, frame, wide)
    yield from _bar(picture.value, frame)


def _names(picture: Heat, frame: Frame, wide: float) -> Iterator[str]:
    every = max(1, int(50 / wide))
    for name in picture.x.categories[::every]:
        text = shortened(name, max(int(wide * every / LETTER), 4))
        yield tag(
            "text", text, x=frame.x(picture.x.position(name)), y=frame.top + frame.height + 18, **MIDDLE
        )
    for name in picture.y.categories:
        y = frame.y(picture.y.position(name)) + 4
        yield tag("text", shortened(name, 16), x=frame.left - 8, y=y, **END)
    middle = frame.left + frame.width / 2
    yield tag("text", picture.x.title, x=round(middle, 2), y=HEIGHT - 18, font_size=13, **MIDDLE)
    yield tag("text", picture.y.title, x=8, y=TOP - 8, font_size=13)


def _bar(axis: Axis, frame: Frame) -> Iterator[str]:
    x, height = frame.left + frame.width + 14, frame.height / len(RAMP)
    for number, colour in enumerate(reversed(RAMP)):
        y = round(frame.top + number * height, 2)
        yield tag("rect", x=x, y=y, width=12, height=round(height + 0.5, 2), fill=colour)
    for tick in axis.ticks:
        yield tag("text", tick.text, x=x + 18, y=frame.y(tick.position) + 4)
