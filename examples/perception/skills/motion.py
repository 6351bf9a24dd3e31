"""Skill 2: from pairs of points to a homography, and from it to where the camera stands.

Knows: RANSAC, the direct linear transformation.
Does not know: how points were found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from core.geometry import pose, transformed

import runpact

FEWEST = 8


class TooFewPointsError(Exception):
    """There is no telling from so few points."""


@dataclass(frozen=True)
class Motion:
    """What was found out of one frame."""

    homography: np.ndarray
    rotation: np.ndarray
    position: np.ndarray
    wall: np.ndarray
    """Points on the wall, float64[n, 2], ..."""
    measured: np.ndarray
    """... and where the frame has them."""


def estimate(wall, measured, camera, plane, settings, frame):
    """Find the homography that most pairs agree on, and the pose that follows from it."""
    generator = np.random.default_rng([settings.seed, frame])
    is_inlier = _agreed(wall, measured, settings, generator)
    homography = fitted(wall[is_inlier], measured[is_inlier])
    for _ in range(3):
        is_inlier = _apart(homography[None], wall, measured)[0] < settings.threshold
        _demand(is_inlier.sum(), frame)
        homography = fitted(wall[is_inlier], measured[is_inlier])
    rotation, position = pose(homography, camera.matrix, plane)
    scope = runpact.current().scope("motion")
    scope.log({"pairs": len(wall), "inliers": int(is_inlier.sum())}, step=frame)
    return Motion(homography, rotation, position, wall[is_inlier], measured[is_inlier])


def fitted(one, other):
    """The homography that fits all pairs best, by the direct linear transformation."""
    (left, one), (right, other) = _centred(one), _centred(other)
    x, y = one.T
    u, v = other.T
    zero, unit = np.zeros_like(x), np.ones_like(x)
    rows = [
        np.column_stack([x, y, unit, zero, zero, zero, -u * x, -u * y, -u]),
        np.column_stack([zero, zero, zero, x, y, unit, -v * x, -v * y, -v]),
    ]
    solution = np.linalg.svd(np.concatenate(rows))[2][-1].reshape(3, 3)
    homography = np.linalg.solve(right, solution @ left)
    return homography / homography[2, 2]


def _agreed(wall, measured, settings, generator):
    """Try many fours of pairs; return which pairs agree with the best of them."""
    _demand(len(wall), None)
    fours = generator.random((settings.trials, len(wall))).argpartition(4, axis=1)[:, :4]
    guesses = _through_four(wall[fours], measured[fours])
    agree = _apart(guesses, wall, measured) < settings.threshold
    _demand(agree.sum(axis=1).max(), None)
    return agree[agree.sum(axis=1).argmax()]


def _through_four(one, other):
    """Homographies through four pairs each: float64[n, 4, 2] twice to float64[n, 3, 3]."""
    x, y, u, v = one[..., 0], one[..., 1], other[..., 0], other[..., 1]
    zero, unit = np.zeros_like(x), np.ones_like(x)
    first = np.stack([x, y, unit, zero, zero, zero, -u * x, -u * y], axis=-1)
    second = np.stack([zero, zero, zero, x, y, unit, -v * x, -v * y], axis=-1)
    system = np.concatenate([first, second], axis=1)
    is_sound = np.linalg.cond(system) < 1e12
    wanted = np.concatenate([u, v], axis=1)[is_sound]
    solution = np.linalg.solve(system[is_sound], wanted[..., None])[..., 0]
    return np.concatenate([solution, np.ones((len(solution), 1))], axis=1).reshape(-1, 3, 3)


def _apart(guesses, wall, measured):
    """How far each pair is from what each guess says, pixels: float64[guesses, pairs]."""
    lifted = np.einsum("gij,nj->gni", guesses, np.column_stack([wall, np.ones(len(wall))]))
    depth = np.where(np.abs(lifted[..., 2:]) < 1e-9, 1e-9, lifted[..., 2:])
    return np.linalg.norm(lifted[..., :2] / depth - measured, axis=-1)


def _centred(points):
    middle, spread = points.mean(axis=0), points.std() or 1.0
    matrix = np.array(
        [[1 / spread, 0, -middle[0] / spread], [0, 1 / spread, -middle[1] / spread], [0, 0, 1.0]]
    )
    return matrix, transformed(matrix, points)


def _demand(count, frame):
    if count < FEWEST:
        where = "" if frame is None else f" of frame {frame}"
        raise TooFewPointsError(
            f"{count} pairs{where} agree; {FEWEST} are needed: another scene, or more points"
        )
