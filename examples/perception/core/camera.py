"""A pinhole camera, and the glass before it.

Knows: intrinsics, how a lens bends what a pinhole would see.
Does not know: where the camera stands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Camera:
    """Intrinsics in pixels; the principal point is the middle of the picture."""

    width: int = 320
    height: int = 240
    focal: float = 300.0
    bend: float = 0.0
    """Of the lens: what stands at `x` focal lengths from the axis is at `x (1 + bend |x|^2)` without it."""

    @property
    def centre(self):
        return np.array([(self.width - 1) / 2, (self.height - 1) / 2])

    @property
    def matrix(self):
        """float64[3, 3]: rays to pixels."""
        x, y = self.centre
        return np.array([[self.focal, 0, x], [0, self.focal, y], [0, 0, 1.0]])

    def intrinsics(self):
        """What is known of the camera: the pinhole. What its lens does is not."""
        x, y = self.centre
        return {
            "fx": self.focal,
            "fy": self.focal,
            "cx": float(x),
            "cy": float(y),
            "width": self.width,
            "height": self.height,
        }

    def rays(self, pixels):
        """From pixels to focal lengths from the axis."""
        return (np.asarray(pixels) - self.centre) / self.focal

    def straight(self, pixels):
        """Where a pinhole without a lens would see what stands at these pixels."""
        rays = self.rays(pixels)
        longer = 1 + self.bend * np.sum(rays**2, axis=-1, keepdims=True)
        return rays * longer * self.focal + self.centre
