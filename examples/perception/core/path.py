"""The way the camera goes, known exactly.

Knows: where it stands, and which way it looks, at each moment.
Does not know: what it sees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.geometry import turn


@dataclass(frozen=True)
class Path:
    """A hand that holds a camera before a wall, and sways."""

    sway: float = 1.0
    """1: a quarter of a unit to each side, some ten degrees; 0: it stands still."""
    distance: float = 1.45
    phase: float = 0.0

    def at(self, share):
        """Rotation and position when `share` of the way is done."""
        angle = 2 * np.pi * share + self.phase
        yaw, pitch, roll = self.sway * np.radians(
            [9 * np.sin(angle + 0.4), 7 * np.cos(angle), 12 * np.sin(angle / 2)]
        )
        away = -self.distance * (1 - 0.14 * self.sway * np.cos(angle))
        position = np.array([0.25 * self.sway * np.sin(angle), 0.16 * self.sway * np.sin(2 * angle), away])
        return turn(yaw, pitch, roll), position
