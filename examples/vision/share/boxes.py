"""Boxes, their overlap, and how well detections fit the truth.

A box is (left, top, right, bottom) in pixels. A detection has a box, a class and a score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Detection:
    """One object, found or labelled."""

    label: int
    box: tuple[float, float, float, float]
    score: float = 1.0


def overlaps(boxes: Floats, others: Floats) -> Floats:
    """Return the intersection over union of each box with each other one, float64[n, m]."""
    top_left = np.maximum(boxes[:, None, :2], others[None, :, :2])
    bottom_right = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.clip(bottom_right - top_left, 0, None).prod(axis=2)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    other_areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    union = areas[:, None] + other_areas[None, :] - shared
    return np.where(union > 0, shared / np.maximum(union, 1e-12), 0.0)


def suppress(found: list[Detection], limit: float) -> list[Detection]:
    """Keep the best of the detections that overlap by more than the limit, whatever their class.

    Two digits never stand in one place, so a second class in the same place is a second opinion.
    """
    kept: list[Detection] = []
    ordered = sorted(found, key=lambda each: -each.score)
    if not ordered:
        return kept
    matrix = overlaps(*(np.array([each.box for each in ordered], dtype=np.float64),) * 2)
    taken: list[int] = []
    for number, each in enumerate(ordered):
        if all(matrix[number, other] <= limit for other in taken):
            taken.append(number)
            kept.append(each)
    return kept


def average_precision(is_hit: NDArray[np.bool_], truths: int) -> float:
    """Return the area under the precision-recall curve of detections ordered by score, best first.

    Precision is made monotone from the right, as in PASCAL VOC since 2010.
    """
    if truths == 0:
        return float("nan")
    hits = np.cumsum(is_hit)
    precision = hits / np.arange(1, len(is_hit) + 1)
    recall = hits / truths
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * envelope))


def map50(found: list[list[Detection]], truth: list[list[Detection]], *, at: float = 0.5) -> float:
    """Return the mean over classes of the average precision at an overlap of 0.5.

    Args:
        found: Detections, scene by scene.
        truth: What really stands there, in the same order.
        at: Least overlap that counts as found.

    Returns:
        From 0 to 1, over the classes that occur in the truth; 0 when none does.
    """
    classes = sorted({each.label for scene in truth for each in scene})
    values = [_class_precision(found, truth, label, at) for label in classes]
    return float(np.mean(values)) if values else 0.0


def _class_precision(
    found: list[list[Detection]], truth: list[list[Detection]], label: int, at: float
) -> float:
    wanted = [np.array([each.box for each in scene if each.label == label]).reshape(-1, 4) for scene in truth]
    claims = [
        (each.score, number, each.box)
        for number, scene in enumerate(found)
        for each in scene
        if each.label == label
    ]
    claims.sort(key=lambda claim: -claim[0])
    taken = [np.zeros(len(boxes), dtype=bool) for boxes in wanted]
    hits = np.zeros(len(claims), dtype=bool)
    for position, (_score, number, box) in enumerate(claims):
        if len(wanted[number]):
            matches = overlaps(np.array([box]), wanted[number])[0]
            best = int(matches.argmax())
            if matches[best] >= at and not taken[number][best]:
                taken[number][best] = hits[position] = True
    return average_precision(hits, sum(len(boxes) for boxes in wanted))
