"""Pictures for a person: a frame, and over it where things are and where they were thought to be.

Knows: lines and dots.
Does not know: who looks.
"""

from __future__ import annotations

import numpy as np
from core.geometry import transformed

TRUTH, ANSWER, POINT = (70, 220, 90), (255, 70, 60), (255, 214, 64)
SCALE = 2


def overlay(frame, answer, shape):
    """Draw the wall's raster as it is (green) and as it was found (red), and the points that agree (yellow).

    Where the two agree only green is seen: it is drawn last.
    """
    canvas = np.repeat(np.repeat(frame.image, SCALE, axis=0), SCALE, axis=1)
    canvas = np.repeat((np.clip(canvas, 0, 1) * 200).astype(np.uint8)[..., None], 3, axis=2)
    for homography, colour in ((answer.homography, ANSWER), (frame.homography, TRUTH)):
        for line in raster_lines(shape):
            _draw_line(canvas, transformed(homography, line) * SCALE, colour)
    for x, y in answer.measured * SCALE:
        _dot(canvas, x, y, POINT)
    return canvas


def raster_lines(shape, count=9):
    """Lines of a net over the wall, as points close to each other."""
    height, width = shape
    along = np.linspace(0, 1, 400)
    for share in np.linspace(0, 1, count):
        yield np.column_stack([along * (width - 1), np.full(400, share * (height - 1))])
        yield np.column_stack([np.full(400, share * (width - 1)), along * (height - 1)])


def sheet(pictures, columns=3):
    """Lay pictures of one size side by side."""
    rows = [pictures[start : start + columns] for start in range(0, len(pictures), columns)]
    empty = np.zeros_like(pictures[0])
    full = [row + [empty] * (columns - len(row)) for row in rows]
    return np.concatenate([np.concatenate(row, axis=1) for row in full], axis=0)


def _draw_line(canvas, points, colour):
    height, width, _ = canvas.shape
    x, y = np.round(points).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    canvas[y[inside], x[inside]] = colour


def _dot(canvas, x, y, colour):
    height, width, _ = canvas.shape
    left, top = round(x), round(y)
    if 1 <= left < width - 2 and 1 <= top < height - 2:
        canvas[top - 1 : top + 2, left - 1 : left + 2] = colour
