"""A picture as Vega-Lite, for notebooks and pages that draw it themselves.

Knows: the Vega-Lite specification of each picture.
Does not know: where its values came from.
"""

from __future__ import annotations

from runpact.model.facts import Json
from runpact.model.plot.axis import Axis
from runpact.model.plot.heat import Heat
from runpact.model.plot.picture import Parallel, Picture
from runpact.model.plot.style import COLOURS, RAMP

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"


def vega_of(picture: Picture | Parallel | Heat) -> dict[str, Json]:
    """Return the picture as a Vega-Lite document, its values inside."""
    if isinstance(picture, Heat):
        body = _heat(picture)
    else:
        body = _parallel(picture) if isinstance(picture, Parallel) else _plane(picture)
    return {"$schema": SCHEMA, "title": picture.title, "width": 640, "height": 360, **body}


def _plane(picture: Picture) -> dict[str, Json]:
    values = [
        {"run": line.label, "x": x, "y": y, "stretch": number}
        for line in picture.lines
        for number, stretch in enumerate(line.stretches)
        for x, y in stretch
    ]
    shared: dict[str, Json] = {"x": _channel("x", picture.x), "y": _channel("y", picture.y)}
    tooltip = [{"field": name} for name in ("run", "x", "y")]
    if not picture.has_lines:
        mark: dict[str, Json] = {"type": "point", "filled": True, "size": 80}
        return {"data": {"values": values}, "mark": mark, "encoding": {**shared, "tooltip": tooltip}}
    colour = {"field": "run", "type": "nominal", "scale": {"range": list(COLOURS)}, "sort": None}
    dash = {"field": "run", "type": "nominal", "sort": None}
    detail = {"field": "stretch"}
    encoding = {**shared, "color": colour, "strokeDash": dash, "detail": detail, "tooltip": tooltip}
    return {"data": {"values": values}, "mark": {"type": "line", "point": False}, "encoding": encoding}


def _parallel(picture: Parallel) -> dict[str, Json]:
    values = [
        {
            "run": label,
            "axis": axis.title,
            "position": axis.position(value),
            "value": value,
            "result": picture.axes[-1].position(row[-1]),
        }
        for label, row in picture.rows
        for axis, value in zip(picture.axes, row, strict=True)
    ]
    order = [axis.title for axis in picture.axes]
    encoding = {
        "x": {"field": "axis", "type": "nominal", "sort": order, "title": None},
        "y": {"field": "position", "type": "quantitative", "axis": None, "scale": {"domain": [0, 1]}},
        "detail": {"field": "run"},
        "color": {
            "field": "result",
            "type": "quantitative",
            "title": order[-1],
            "scale": {"domain": [0, 1], "range": list(RAMP)},
        },
        "tooltip": [{"field": name} for name in ("run", "axis", "value")],
    }
    return {"data": {"values": values}, "mark": {"type": "line", "point": True}, "encoding": encoding}


def _heat(picture: Heat) -> dict[str, Json]:
    values = [{"run": label, "x": x, "y": y, "value": value} for label, x, y, value in picture.cells]
    scale = {"range": list(RAMP)} | ({"type": "log"} if picture.value.is_log else {})
    colour = {"field": "value", "type": "quantitative", "title": picture.value.title, "scale": scale}
    sides = {
        name: {"field": name, "type": "ordinal", "title": axis.title, "sort": list(axis.categories)}
        for name, axis in (("x", picture.x), ("y", picture.y))
    }
    tooltip = [{"field": name} for name in ("run", "x", "y", "value")]
    return {
        "data": {"values": values},
        "mark": {"type": "rect"},
        "encoding": {**sides, "color": colour, "tooltip": tooltip},
    }


def _channel(field: str, axis: Axis) -> dict[str, Json]:
    if axis.categories:
        return {"field": field, "type": "nominal", "title": axis.title, "sort": None}
    scale: dict[str, Json] = {"zero": False}
    if axis.is_log:
        scale = {"type": "log"}
    return {"field": field, "type": "quantitative", "title": axis.title, "scale": scale}
