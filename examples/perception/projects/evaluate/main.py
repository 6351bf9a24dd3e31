"""Project A: how far is what the skills say from what is true?

python -m projects.evaluate.main [scene.picture=brick …]
"""

from __future__ import annotations

from libs.errors import measured_errors, summed_up
from libs.records import CONTRACT_VERSION, arrays, draw
from libs.settings import Settings
from skills.tracking import filmed, known, located, recognised

import runpact
import runpact.hydra


@runpact.hydra.main("../../configs", "evaluate", typed=Settings)
def main(settings):
    run = runpact.current()
    evaluate(settings, run)
    print(run.dir)


def evaluate(settings, run):
    """Follow the camera along the wall; every frame has its prediction, and its error against the truth."""
    wall = known(settings.scene.picture, settings)
    rows, drawn = [], []
    intrinsics = settings.camera.intrinsics()
    with run.predictions(contract_version=CONTRACT_VERSION, intrinsics=intrinsics) as predictions:
        for frame in filmed(wall, settings):
            answer = located(wall, frame, recognised(wall, frame, settings), settings)
            predictions.write(frame.number, timestamp=frame.timestamp, **arrays(answer))
            rows.append(measured_errors(answer, frame, wall.image.shape, settings.camera))
            run.log(rows[-1], step=frame.number)
            drawn.append((frame, answer, wall.image.shape))
    draw(run, drawn[: settings.drawn])
    run.save("metrics", summed_up(rows))


if __name__ == "__main__":
    main()
