"""Scenes of handwritten digits: scikit-learn's real digits (8 × 8, sixteen greys) on uneven ground.

Digits that train are never seen in validation, nor in what is to be labelled: each part has its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from share.boxes import Detection
from sklearn.datasets import load_digits

SIDE = 64
SIZES = (12, 19)
PARTS = {"train": (0, 1200), "val": (1200, 1500), "unlabeled": (1500, 1797)}
"""Which of the 1,797 digits belong to which part."""
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Scene:
    """An image and what stands in it."""

    image: Bytes
    objects: list[Detection]


class Maker:
    """Draws scenes of one part."""

    def __init__(self, part: str, seed: int) -> None:
        """Read the digits of a part."""
        digits = load_digits()
        chosen = slice(*PARTS[part])
        self._images, self._labels = digits.images[chosen], digits.target[chosen]
        self._source = np.random.default_rng([seed, list(PARTS).index(part)])

    def scene(self) -> Scene:
        """Draw one scene with one to five digits."""
        canvas, objects = self._ground(), []
        for _ in range(int(self._source.integers(1, 6))):
            self._paste(canvas, objects)
        noise = self._source.normal(0, self._source.uniform(2, 9), canvas.shape)
        return Scene(np.clip(canvas + noise, 0, 255).astype(np.uint8), objects)

    def moving(self, frames: int) -> list[Scene]:
        """Draw a film: digits that cross the scene, each in a lane of its own, and turn back at its edges."""
        ground = self._ground()
        actors = []
        for lane in range(3):
            glyph, label = self._glyph()
            place = np.array([self._source.uniform(0, SIDE - glyph.shape[1]), lane * SIDE // 3 + 1])
            actors.append((glyph, label, place, np.array([self._source.uniform(1.0, 2.5), 0])))
        return [self._frame(ground, actors, number) for number in range(frames)]

    def _frame(self, ground: NDArray[np.float64], actors: list, number: int) -> Scene:
        canvas, objects = ground.copy(), []
        for glyph, label, place, speed in actors:
            room = SIDE - np.array([glyph.shape[1], 0])
            way = (place + speed * number) % (2 * room)
            left, top = np.where(way > room, 2 * room - way, way).astype(int)
            _stamp(canvas, glyph, int(left), int(top))
            objects.append(Detection(label, _bounds(glyph, int(left), int(top))))
        noise = self._source.normal(0, 4, canvas.shape)
        return Scene(np.clip(canvas + noise, 0, 255).astype(np.uint8), objects)

    def _ground(self) -> NDArray[np.float64]:
        """Draw an uneven ground: two slopes and a level."""
        y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
        level, down, right = self._source.uniform(5, 60), *self._source.uniform(-30, 30, 2)
        return np.clip(level + down * y + right * x, 0, 90)

    def _glyph(self) -> tuple[NDArray[np.float64], int]:
        number = int(self._source.integers(len(self._images)))
        size = int(self._source.integers(SIZES[0], SIZES[1] + 1))
        pixels = (self._images[number] * 255 / 16).astype(np.uint8)
        drawn = np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC))
        drawn = drawn.astype(np.float64) * self._source.uniform(0.7, 1.0)
        rows, columns = np.flatnonzero(drawn.max(axis=1) > 40), np.flatnonzero(drawn.max(axis=0) > 40)
        return drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], int(self._labels[number])

    def _paste(self, canvas: NDArray[np.float64], objects: list[Detection]) -> None:
        """Paste a digit where it covers no other; a scene that is full stays as it is."""
        glyph, label = self._glyph()
        for _ in range(20):
            left = int(self._source.integers(0, SIDE - glyph.shape[1] + 1))
            top = int(self._source.integers(0, SIDE - glyph.shape[0] + 1))
            box = _bounds(glyph, left, top)
            if not any(_is_near(box, other.box) for other in objects):
                _stamp(canvas, glyph, left, top)
                objects.append(Detection(label, box))
                return


def _stamp(canvas: NDArray[np.float64], glyph: NDArray[np.float64], left: int, top: int) -> None:
    part = canvas[top : top + glyph.shape[0], left : left + glyph.shape[1]]
    np.maximum(part, glyph, out=part)


def _bounds(glyph: NDArray[np.float64], left: int, top: int) -> tuple[float, float, float, float]:
    return float(left), float(top), float(left + glyph.shape[1]), float(top + glyph.shape[0])


def _is_near(box: tuple[float, ...], other: tuple[float, ...]) -> bool:
    gap = 2.0
    is_beside = box[2] + gap <= other[0] or other[2] + gap <= box[0]
    return not (is_beside or box[3] + gap <= other[1] or other[3] + gap <= box[1])
