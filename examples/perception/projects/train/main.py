"""Project B: learn what the lens does, from walls whose truth is known; keep the best.

python -m projects.train.main [degree=3 …]
runpact models promote train --to vision/corrector/lens/trained/walls
"""

from __future__ import annotations

import numpy as np
from core.geometry import transformed
from libs.settings import TrainSettings
from skills.corrector import lessons
from skills.tracking import filmed, known, recognised

import runpact
import runpact.hydra


@runpact.hydra.main("../../configs", "train", typed=TrainSettings)
def main(settings):
    run = runpact.current()
    train(settings, run)
    print(run.dir)


def train(settings, run):
    """Gather pairs from all walls but one, learn, and let that one say which penalty is best."""
    taught = gathered((settings.scene.picture, *settings.others), settings)
    held = gathered((settings.held,), settings)
    pixels = settings.camera.focal
    best, series = np.inf, {"taught_px": [], "held_px": []}
    penalties = np.geomspace(settings.strongest, settings.weakest, settings.steps)
    for step, (corrector, *errors) in enumerate(lessons(penalties, settings.degree, taught, held), start=1):
        now = dict(zip(series, (pixels * error for error in errors), strict=True))
        run.log(now, step=step)
        for name, value in now.items():
            series[name].append(value)
        run.checkpoint("last", corrector.arrays(), step=step, metrics=now)
        if now["held_px"] < best:
            best = now["held_px"]
            run.checkpoint("best", corrector.arrays(), step=step, metrics=now)
    before = pixels * float(np.sqrt(np.mean(np.sum(held[1] ** 2, axis=1))))
    run.save("model", described(settings))
    counts = {"pairs": len(taught[0]), "held_pairs": len(held[0])}
    run.save("metrics", {**counts, "before_px": before, "after_px": best, "series": series})


def gathered(names, settings):
    """Where points were measured, and how far from where a pinhole would see them: both in focal lengths."""
    rays, residuals = [], []
    camera = settings.camera
    for name in names:
        wall = known(name, settings)
        for frame in filmed(wall, settings):
            on_wall, measured = recognised(wall, frame, settings)
            off = transformed(frame.homography, on_wall) - measured
            is_pair = np.linalg.norm(off, axis=1) < settings.reach
            rays.append(camera.rays(measured[is_pair]))
            residuals.append(off[is_pair] / camera.focal)
    return np.concatenate(rays), np.concatenate(residuals)


def described(settings):
    """What only its maker knows of a model; the registry's manifest takes it over."""
    camera = settings.camera
    return {
        "input_spec": {
            "resolution": [camera.width, camera.height],
            "normalization": "(pixel - centre) / focal",
        },
        "class_map": {},
        "export": {"opset": None},
    }


if __name__ == "__main__":
    main()
