"""What the camera sees on its way along a picture on a wall, and the exact truth of each frame.

Knows: how frames are made of a picture, a camera and a path.
Does not know: what is done with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from core.geometry import onto_plane, seen, transformed

from libs.pictures import sampled


@dataclass(frozen=True)
class Frame:
    """A picture that the camera took, and what is true of it."""

    number: int
    timestamp: float
    image: np.ndarray
    homography: np.ndarray
    """Pixels of the picture on the wall to pixels of the pinhole, without the lens."""
    rotation: np.ndarray
    position: np.ndarray


def frames(wall, camera, path, *, count, rate=30.0):
    """Give `count` frames, evenly along the path."""
    plane = onto_plane(wall.shape)
    columns, rows = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    pinhole = camera.straight(np.stack([columns, rows], axis=-1).astype(np.float64))
    for number in range(count):
        rotation, position = path.at(number / count)
        homography = seen(camera.matrix, rotation, position, plane)
        image = sampled(wall, transformed(np.linalg.inv(homography), pinhole))
        yield Frame(number, number / rate, image, homography, rotation, position)


def raster(shape, homography, camera, count=16):
    """Points of the wall, evenly spread, that stand in the frame: where errors are measured."""
    height, width = shape
    x, y = np.meshgrid(np.linspace(0, width - 1, count), np.linspace(0, height - 1, count))
    points = np.column_stack([x.ravel(), y.ravel()])
    there = transformed(homography, points)
    size = [camera.width - 1, camera.height - 1]
    return points[np.all((there >= 0) & (there <= size), axis=1)]
