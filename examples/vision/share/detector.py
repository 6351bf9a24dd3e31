"""The detector's geometry: which window a cell sees, what it is to answer, what its answers mean.

A scene is grey, float32[H, W] from 0 to 1, H and W multiples of 4. It is cut into cells of 4 × 4 pixels;
each cell is judged by the 20 × 20 window around it. The answer is a class (the last one is "nothing here")
and a box relative to the cell's centre.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from share.boxes import Detection, suppress

CELL = 4
WINDOW = 20
MARGIN = (WINDOW - CELL) // 2
INPUTS = WINDOW * WINDOW
NEAR, FAR = 3.0, 5.0
"""Cells nearer than NEAR to an object's centre are to find it; from NEAR to FAR they are not asked."""
REACH, USUAL = 8.0, 14.0
"""Units of a box: offset of the centre, and size whose logarithm is 0."""
CANDIDATES = 300
Array = NDArray[np.float32]


def padded(scene: Array) -> Array:
    """Return the scene with black added at the right and bottom, up to a whole number of cells."""
    height, width = scene.shape
    return np.pad(scene, ((0, -height % CELL), (0, -width % CELL)))


def windows(scene: Array) -> Array:
    """Return what each cell sees, float32[cells, 400], row by row."""
    framed = np.pad(scene, MARGIN)
    views = sliding_window_view(framed, (WINDOW, WINDOW))[::CELL, ::CELL]
    return views.reshape(-1, INPUTS)


def centres(shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return the centre (x, y) of each cell, row by row."""
    rows, columns = shape[0] // CELL, shape[1] // CELL
    y, x = np.mgrid[0:rows, 0:columns]
    return np.stack([x.ravel(), y.ravel()], axis=1) * CELL + CELL / 2


def targets(
    shape: tuple[int, int], objects: list[Detection], classes: int
) -> tuple[NDArray[np.int64], Array]:
    """Return what each cell is to answer: its class (-1: not asked), and its box in units.

    Args:
        shape: Height and width of the scene.
        objects: What stands in it.
        classes: Number of classes; that number itself means "nothing here".
    """
    middle = centres(shape)
    labels = np.full(len(middle), classes, dtype=np.int64)
    boxes = np.zeros((len(middle), 4), dtype=np.float32)
    nearest = np.full(len(middle), np.inf)
    for each in objects:
        left, top, right, bottom = each.box
        offset = np.array([(left + right) / 2, (top + bottom) / 2]) - middle
        distance = np.abs(offset).max(axis=1)
        closer = distance < nearest
        labels[closer & (distance < FAR) & (distance >= NEAR)] = -1
        mine = closer & (distance < NEAR)
        labels[mine] = each.label
        sizes = np.log(np.maximum([right - left, bottom - top], 1.0) / USUAL)
        boxes[mine] = np.concatenate([offset[mine] / REACH, np.tile(sizes, (int(mine.sum()), 1))], axis=1)
        nearest = np.minimum(nearest, distance)
    return labels, boxes


def decode(
    scores: Array, boxes: Array, shape: tuple[int, int], *, confidence: float, overlap: float
) -> list[Detection]:
    """Return the objects that the cells' answers come to.

    Args:
        scores: Probability of each class, "nothing here" last, float32[cells, classes + 1].
        boxes: float32[cells, 4] in units.
        shape: Height and width of the scene; boxes are cut at its edges.
        confidence: Least probability that is believed.
        overlap: Boxes that share more than this are one object.
    """
    labels = scores[:, :-1].argmax(axis=1)
    best = scores[np.arange(len(scores)), labels]
    believed = np.flatnonzero(best >= confidence)
    believed = believed[np.argsort(-best[believed], kind="stable")][:CANDIDATES]
    middle = centres(shape)[believed] + boxes[believed, :2] * REACH
    half = np.exp(np.clip(boxes[believed, 2:], -3, 3)) * USUAL / 2
    edges = np.clip(np.concatenate([middle - half, middle + half], axis=1), 0, [*shape[::-1], *shape[::-1]])
    found = [
        Detection(int(labels[cell]), tuple(float(value) for value in box), float(best[cell]))
        for cell, box in zip(believed, edges, strict=True)
    ]
    return suppress(found, overlap)
