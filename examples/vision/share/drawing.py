"""A frame with what was found drawn in it."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from share.boxes import Detection

LEAST_SIDE = 320
COLOURS = (
    "#e6194b",
    "#3cb44b",
    "#ffe119",
    "#4363d8",
    "#f58231",
    "#b45cff",
    "#42d4f4",
    "#f032e6",
    "#bfef45",
    "#fabed4",
)


def annotated(scene: NDArray[np.float32], found: Sequence[Detection], names: Sequence[str]) -> bytes:
    """Return the frame as JPEG, enlarged when it is small, with a box and a word for each object."""
    factor = max(1, -(-LEAST_SIDE // max(scene.shape)))
    grey = Image.fromarray((np.clip(scene, 0, 1) * 255).astype(np.uint8))
    picture = grey.resize((grey.width * factor, grey.height * factor), Image.Resampling.NEAREST).convert(
        "RGB"
    )
    pen = ImageDraw.Draw(picture)
    for each in found:
        colour = COLOURS[each.label % len(COLOURS)]
        left, top, right, bottom = (value * factor for value in each.box)
        pen.rectangle((left, top, right, bottom), outline=colour, width=2)
        words = f"{names[each.label]} {each.score:.2f}"
        wide, high = pen.textbbox((0, 0), words)[2:]
        above = top - high if top >= high else bottom  # under the box where there is no room over it
        place = (max(min(left, picture.width - wide), 0), min(above, picture.height - high))
        pen.rectangle(pen.textbbox(place, words), fill="#000000")
        pen.text(place, words, fill=colour)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=88)
    return stream.getvalue()
