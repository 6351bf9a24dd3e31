"""A picture as PNG, drawn by matplotlib where that is installed.

Knows: how matplotlib is asked, without its global state or a display.
Does not know: where the values came from.
"""

from __future__ import annotations

import io
from typing import Any

from runpact.model.errors import CannotStartError
from runpact.model.plot.axis import Axis
from runpact.model.plot.picture import Parallel, Picture
from runpact.model.plot.style import ramp_colour, style_of

_DASHES = {"": "-", "7 4": "--", "2 3": ":", "9 3 2 3": "-."}


def png_of(picture: Picture | Parallel) -> bytes:
    """Return the picture as PNG.

    Raises:
        CannotStartError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an optional extra
        from matplotlib.figure import Figure  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise CannotStartError(
            "PNG needs matplotlib, which is not installed",
            hint="write an .svg, or install `runpact[plots]`",
        ) from error
    figure = Figure(figsize=(8.6, 4.8), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    if isinstance(picture, Parallel):
        _parallel(axes, picture)
    else:
        _plane(axes, picture)
    axes.set_title(_plain(picture.title))
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def _plane(axes: Any, picture: Picture) -> None:  # noqa: ANN401 - an optional library's object
    for number, line in enumerate(picture.lines):
        style = style_of(number) if picture.has_lines else style_of(0)
        for part, stretch in enumerate(line.stretches):
            places = [(_value(picture.x, x), _value(picture.y, y)) for x, y in stretch]
            axes.plot(
                *zip(*places, strict=True),
                color=style.colour,
                linestyle=_DASHES[style.dash] if picture.has_lines else "",
                marker="" if picture.has_lines and len(stretch) > 1 else "o",
                label=_plain(line.label) if part == 0 else None,
            )
    for axis, name in ((picture.x, "x"), (picture.y, "y")):
        getattr(axes, f"set_{name}label")(_plain(axis.title))
        if axis.categories:
            names = [_plain(each) for each in axis.categories]
            getattr(axes, f"set_{name}ticks")(range(len(names)), names)
        elif axis.is_log:
            getattr(axes, f"set_{name}scale")("log")
    axes.grid(visible=True, color="#dddddd")
    if picture.has_lines:
        axes.figure.legend(loc="outside right upper", fontsize="small")


def _parallel(axes: Any, picture: Parallel) -> None:  # noqa: ANN401 - an optional library's object
    last = picture.axes[-1]
    for _label, row in picture.rows:
        heights = [axis.position(value) for axis, value in zip(picture.axes, row, strict=True)]
        axes.plot(range(len(row)), heights, color=ramp_colour(last.position(row[-1])))
    for number, axis in enumerate(picture.axes):
        axes.axvline(number, color="#444444")
        for tick in axis.ticks:
            axes.annotate(
                _plain(tick.text), (number, tick.position), textcoords="offset points", xytext=(4, -3)
            )
    axes.set_xticks(range(len(picture.axes)), [_plain(axis.title) for axis in picture.axes])
    axes.set_yticks([])


def _value(axis: Axis, value: object) -> object:
    return axis.position(value) * len(axis.categories) - 0.5 if axis.categories else value


def _plain(text: str) -> str:
    """Return a text in which matplotlib sees no formula."""
    return text.replace("$", r"\$")
