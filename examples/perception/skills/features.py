"""Skill 1: find points in pictures, and find them again in others.

Knows: ORB of scikit-image; corners with patches, in numpy alone; how descriptors are matched.
Does not know: cameras, and where runs stand: it writes into the scope it is given by the run that is open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from libs.pictures import smooth

import runpact

_PATCH = 6


@dataclass(frozen=True)
class Features:
    """Points (x, y) in pixels, and a vector of length one for each, equal points having close ones."""

    points: np.ndarray
    descriptors: np.ndarray


def detect(image, *, method, count):
    """Find the `count` best points of a picture; `method` is `orb` or `corners`."""
    return {"orb": _orb, "corners": _corners}[method](image, count)


def match(one, other, *, least=0.8, ratio=0.85, frame=None):
    """Pairs (i, j) of points that are each other's best, and clearly better than the next.

    With `frame`, the run that is open keeps how many there were.
    """
    if not (len(one.points) and len(other.points)):
        return np.empty((0, 2), int)
    alike = one.descriptors @ other.descriptors.T
    best, back = alike.argmax(axis=1), alike.argmax(axis=0)
    rows = np.arange(len(alike))
    top = alike[rows, best]
    second = np.partition(alike, -2, axis=1)[:, -2] if alike.shape[1] > 1 else np.full(len(alike), -1.0)
    is_clear = (1 - top) <= ratio**2 * (1 - second)
    good = (back[best] == rows) & is_clear & (top >= least)
    pairs = np.column_stack([rows[good], best[good]])
    if frame is not None:
        runpact.current().scope("features").log(
            {"found": len(other.points), "matched": len(pairs)}, step=frame
        )
    return pairs


def _orb(image, count):
    from skimage.feature import ORB  # noqa: PLC0415 - `corners` needs numpy alone

    detector = ORB(n_keypoints=count, n_scales=4, fast_threshold=0.04)
    try:
        detector.detect_and_extract(image)
    except RuntimeError:  # it found none
        return Features(np.empty((0, 2)), np.empty((0, 256)))
    bits = 2.0 * detector.descriptors - 1
    return Features(detector.keypoints[:, ::-1].astype(np.float64), bits / np.sqrt(bits.shape[1]))


def _corners(image, count):
    """Harris' corners, to a part of a pixel, each with the patch around it."""
    below, right = np.gradient(smooth(image, 1.0))
    xx, xy, yy = (smooth(product, 1.5) for product in (right * right, right * below, below * below))
    strength = xx * yy - xy**2 - 0.05 * (xx + yy) ** 2
    edge = _PATCH + 3
    inner = strength[edge:-edge, edge:-edge]
    around = [
        strength[edge + dy : dy - edge or None, edge + dx : dx - edge or None]
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
        if dy or dx
    ]
    is_top = np.all([inner > other for other in around], axis=0) & (inner > 1e-3 * strength.max())
    rows, columns = np.nonzero(is_top)
    order = np.argsort(-inner[rows, columns], kind="stable")[:count]
    rows, columns = rows[order] + edge, columns[order] + edge
    points = np.column_stack(
        [columns + _peak(strength, rows, columns, 1), rows + _peak(strength, rows, columns, 0)]
    )
    return Features(points, _patches(smooth(image, 0.7), rows, columns))


def _peak(values, rows, columns, axis):
    """Where the parabola through three values has its top, from the middle one."""
    step = np.array([axis == 0, axis == 1], int)
    before = values[rows - step[0], columns - step[1]]
    after = values[rows + step[0], columns + step[1]]
    curve = before - 2 * values[rows, columns] + after
    return np.where(curve < 0, 0.5 * (before - after) / np.where(curve < 0, curve, 1), 0.0).clip(-0.5, 0.5)


def _patches(image, rows, columns):
    reach = np.arange(-_PATCH, _PATCH + 1)
    patches = image[rows[:, None, None] + reach[:, None], columns[:, None, None] + reach]
    flat = patches.reshape(len(rows), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)
