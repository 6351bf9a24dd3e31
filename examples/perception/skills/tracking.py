"""The skills together: know a picture on a wall, then tell from each frame where the camera stands.

Knows: the order of things.
Does not know: what becomes of the answers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from core.geometry import onto_plane
from libs.pictures import picture
from libs.sequence import frames

from skills.features import Features, detect, match
from skills.motion import estimate


@dataclass(frozen=True)
class Wall:
    """A picture that is known, and the points it is known by."""

    image: np.ndarray
    features: Features

    @property
    def plane(self):
        return onto_plane(self.image.shape)


def known(name, settings):
    """Look at a picture from straight before it."""
    image = picture(name)
    return Wall(image, detect(image, method=settings.features.method, count=settings.features.wall))


def filmed(wall, settings):
    """Give the frames of the camera's way along a wall."""
    scene = settings.scene
    return frames(wall.image, settings.camera, settings.path, count=scene.frames, rate=scene.rate)


def recognised(wall, frame, settings):
    """Find points of the wall in a frame: where they are on the wall, and where the frame has them."""
    wanted = settings.features
    found = detect(frame.image, method=wanted.method, count=wanted.frame)
    pairs = match(wall.features, found, least=wanted.least, ratio=wanted.ratio, frame=frame.number)
    return wall.features.points[pairs[:, 0]], found.points[pairs[:, 1]]


def located(wall, frame, points, settings, corrector=None):
    """Tell from points where the camera stood; a corrector straightens first what the lens has bent."""
    on_wall, measured = points
    if corrector is not None:
        measured = corrector.corrected(measured, settings.camera)
    return estimate(on_wall, measured, settings.camera, wall.plane, settings.motion, frame.number)
