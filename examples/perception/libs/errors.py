"""How far an answer is from the truth.

Knows: distances in pixels, units and degrees.
Does not know: where either came from.
"""

from __future__ import annotations

import numpy as np
from core.geometry import degrees_between, transformed

from libs.sequence import raster


def measured_errors(answer, frame, shape, camera):
    """Of one frame: reprojection in pixels (root of the mean square), position in units, turn in degrees."""
    points = raster(shape, frame.homography, camera)
    apart = transformed(answer.homography, points) - transformed(frame.homography, points)
    return {
        "reprojection_px": float(np.sqrt(np.mean(np.sum(apart**2, axis=1)))),
        "position": float(np.linalg.norm(answer.position - frame.position)),
        "turn_deg": degrees_between(answer.rotation, frame.rotation),
    }


def summed_up(rows):
    """Scalars and series of all frames."""
    series = {name: [row[name] for row in rows] for name in rows[0]}
    means = {f"mean_{name}": float(np.mean(values)) for name, values in series.items()}
    worst = {"worst_reprojection_px": float(np.max(series["reprojection_px"]))}
    return {**means, **worst, "frames": len(rows), "series": series}
