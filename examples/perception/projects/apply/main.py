"""Project C: the same evaluation, with and without the model that project B promoted.

python -m projects.apply.main [model=local://vision/corrector/lens/trained/walls/…]
"""

from __future__ import annotations

from libs.errors import measured_errors, summed_up
from libs.records import CONTRACT_VERSION, arrays, draw
from libs.settings import ApplySettings
from skills.corrector import Corrector
from skills.tracking import filmed, known, located, recognised

import runpact
import runpact.hydra


@runpact.hydra.main("../../configs", "apply", typed=ApplySettings)
def main(settings):
    run = runpact.current()
    apply(settings, run)
    print(run.dir)


def apply(settings, run):
    """Follow the camera with what the model knows of its lens."""
    model = run.use_model(settings.model)
    demand_same(model.manifest.input_spec["resolution"], settings.camera)
    corrector = Corrector.load(model)
    wall = known(settings.scene.picture, settings)
    rows, before, drawn = [], [], []
    intrinsics = settings.camera.intrinsics()
    with run.predictions(contract_version=CONTRACT_VERSION, intrinsics=intrinsics) as predictions:
        for frame in filmed(wall, settings):
            points = recognised(wall, frame, settings)
            bent = located(wall, frame, points, settings)
            answer = located(wall, frame, points, settings, corrector)
            predictions.write(frame.number, timestamp=frame.timestamp, **arrays(answer))
            rows.append(measured_errors(answer, frame, wall.image.shape, settings.camera))
            before.append(measured_errors(bent, frame, wall.image.shape, settings.camera))
            run.log(rows[-1], step=frame.number)
            drawn.append((frame, answer, wall.image.shape))
    draw(run, drawn[: settings.drawn])
    run.save("metrics", {**summed_up(rows), "without_model": summed_up(before)})


def demand_same(resolution, camera):
    """A model speaks of the pictures it was trained on."""
    if list(resolution) != [camera.width, camera.height]:
        raise ValueError(f"the model expects {resolution}, the camera has {[camera.width, camera.height]}")


if __name__ == "__main__":
    main()
