"""A picture as PNG, drawn by matplotlib where that is installed.

Knows: how matplotlib is asked, without its global state or a display.
Does not know: where the values came from.
"""

from __future__ import annotations

import io
import warnings
from typing import Any

from runpact.model.errors import CannotStartError
from runpact.model.plot.axis import Axis, shortened
from runpact.model.plot.heat import Heat
from runpact.model.plot.picture import Parallel, Picture
from runpact.model.plot.style import RAMP, ramp_colour, style_of
from runpact.model.plot.svg import (
    MOST_IN_LEGEND,
    left_out_text,
    parallel_width,
    shown_labels,
    ticks_apart,
)
from runpact.model.plot.svgparts import HEIGHT, WIDTH

_LONGEST_TITLE, _LONGEST_TICK = 24, 14
_MOST_LETTERS = 90
"""Letters that have room side by side along an axis."""
_MOST_NAMES = 12
"""Categories that are all named along an axis; of more, some are."""
_DASHES = {"": "-", "7 4": "--", "2 3": ":", "9 3 2 3": "-."}


def png_of(picture: Picture | Parallel | Heat) -> bytes:
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
    width = parallel_width(picture) if isinstance(picture, Parallel) else WIDTH
    figure = Figure(figsize=(width / 100, HEIGHT / 100), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    if isinstance(picture, Parallel):
        _parallel(axes, picture)
    elif isinstance(picture, Heat):
        _heat(axes, picture)
    else:
        _plane(axes, picture)
    told = left_out_text(picture)
    if told:
        figure.supxlabel(told, x=0.99, horizontalalignment="right", fontsize="x-small", color="#555555")
    axes.set_title(_plain(shortened(picture.title, 90)))
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # letters that its fonts lack are drawn as boxes
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def _plane(axes: Any, picture: Picture) -> None:  # noqa: ANN401 - an optional library's object
    labels = shown_labels([line.label for line in picture.lines])
    for number, line in enumerate(picture.lines):
        style = style_of(number) if picture.has_lines else style_of(0)
        is_named = number < MOST_IN_LEGEND
        for part, stretch in enumerate(line.stretches):
            places = [(_value(picture.x, x), _value(picture.y, y)) for x, y in stretch]
            axes.plot(
                *zip(*places, strict=True),
                color=style.colour,
                linestyle=_DASHES[style.dash] if picture.has_lines else "",
                marker="" if picture.has_lines and len(stretch) > 1 else "o",
                label=_plain(labels[number]) if part == 0 and is_named else None,
            )
    for axis, name in ((picture.x, "x"), (picture.y, "y")):
        getattr(axes, f"set_{name}label")(_plain(axis.title))
        if axis.categories:
            every = (len(axis.categories) - 1) // _MOST_NAMES + 1
            names = [_plain(shortened(each, _LONGEST_TITLE)) for each in axis.categories[::every]]
            is_crowded = name == "x" and sum(map(len, names)) > _MOST_LETTERS
            turned = {"rotation": 30, "ha": "right"} if is_crowded else {}
            getattr(axes, f"set_{name}ticks")(range(0, len(axis.categories), every), names, **turned)
        elif axis.is_log:
            getattr(axes, f"set_{name}scale")("log")
        elif axis.marks:
            getattr(axes, f"set_{name}ticks")(axis.marks)
    axes.grid(visible=True, color="#dddddd")
    more = len(picture.lines) - MOST_IN_LEGEND
    if picture.has_lines and more > 0:
        axes.plot([], [], linestyle="", label=f"and {more} more")
    if picture.has_lines:
        axes.figure.legend(loc="outside right upper", fontsize="small")


def _parallel(axes: Any, picture: Parallel) -> None:  # noqa: ANN401 - an optional library's object
    last = picture.axes[-1]
    for _label, row in picture.rows:
        heights = [axis.position(value) for axis, value in zip(picture.axes, row, strict=True)]
        axes.plot(range(len(row)), heights, color=ramp_colour(last.position(row[-1])))
    for number, axis in enumerate(picture.axes):
        axes.axvline(number, color="#444444")
        for tick in ticks_apart(axis, HEIGHT * 0.7):
            axes.annotate(
                _plain(shortened(tick.text, _LONGEST_TICK)),
                (number, tick.position),
                textcoords="offset points",
                xytext=(18 if number == len(picture.axes) - 1 else 4, -3),
                bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
            )
    _colour_bar(axes, len(picture.axes) - 1)
    titles = [_plain(shortened(axis.title, _LONGEST_TITLE)) + " (log)" * axis.is_log for axis in picture.axes]
    lines = [f"{chr(10) * (number % 2)}{title}" for number, title in enumerate(titles)]
    axes.set_xticks(range(len(titles)), lines)
    axes.set_yticks([])
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlim(-0.1, len(titles) - 0.6)


def _heat(axes: Any, picture: Heat) -> None:  # noqa: ANN401 - an optional library's object
    for _label, x, y, value in picture.cells:
        place = picture.x.categories.index(x), picture.y.categories.index(y)
        corners = [place[0], place[0] + 1]
        colour = ramp_colour(picture.value.position(value))
        axes.fill_between(corners, place[1], place[1] + 1, color=colour, linewidth=0)
        axes.annotate(f"{value:.4g}", (place[0] + 0.5, place[1] + 0.5), ha="center", color="#888888")
    for axis, ticks, label in (
        (picture.x, axes.set_xticks, axes.set_xlabel),
        (picture.y, axes.set_yticks, axes.set_ylabel),
    ):
        names = [_plain(shortened(name, _LONGEST_TICK)) for name in axis.categories]
        ticks([number + 0.5 for number in range(len(names))], names)
        label(_plain(axis.title))


def _colour_bar(axes: Any, place: int) -> None:  # noqa: ANN401 - an optional library's object
    """Draw beside the last axis which colour stands for which of its values."""
    for number, colour in enumerate(RAMP):
        ends = number / len(RAMP), (number + 1) / len(RAMP)
        axes.fill_between([place + 0.02, place + 0.06], *ends, color=colour, linewidth=0)


def _value(axis: Axis, value: object) -> object:
    return axis.position(value) * len(axis.categories) - 0.5 if axis.categories else value


def _plain(text: str) -> str:
    """Return a text in which matplotlib sees no formula."""
    return text.replace("$", r"\$")
