"""What a pinhole camera sees of a plane: homographies, and poses.

Knows: projective geometry.
Does not know: pictures.
"""

from __future__ import annotations

import numpy as np


def transformed(homography, points):
    """Map float64[n, 2] points."""
    points = np.asarray(points)
    lifted = points @ homography[:, :2].T + homography[:, 2]
    return lifted[..., :2] / lifted[..., 2:]


def turn(yaw, pitch, roll):
    """float64[3, 3]: the rotation from the world's axes to the camera's; radians."""
    (cy, cp, cr), (sy, sp, sr) = np.cos([yaw, pitch, roll]), np.sin([yaw, pitch, roll])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1.0]])
    return about_z @ about_x @ about_y


def onto_plane(shape, wide=2.0):
    """float64[3, 3]: pixels of a picture to points of the plane z = 0, where it is `wide` units wide."""
    height, width = shape
    unit = wide / width
    return np.array([[unit, 0, -unit * (width - 1) / 2], [0, unit, -unit * (height - 1) / 2], [0, 0, 1.0]])


def seen(matrix, rotation, position, plane):
    """float64[3, 3]: pixels of the picture on the plane to pixels of the camera; exact."""
    translation = -rotation @ position
    homography = matrix @ np.column_stack([rotation[:, 0], rotation[:, 1], translation]) @ plane
    return homography / homography[2, 2]


def pose(homography, matrix, plane):
    """Undo `seen`: the rotation, and the position of the camera, which is before the plane."""
    columns = np.linalg.solve(matrix, homography) @ np.linalg.inv(plane)
    columns = columns / np.mean(np.linalg.norm(columns[:, :2], axis=0))
    if columns[2, 2] < 0:
        columns = -columns
    first, second, translation = columns.T
    left, _, right = np.linalg.svd(np.column_stack([first, second, np.cross(first, second)]))
    rotation = left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right
    return rotation, -rotation.T @ translation


def degrees_between(one, other):
    """Angle of the rotation that leads from one to the other."""
    cosine = (np.trace(one.T @ other) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
