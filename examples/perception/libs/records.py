"""What a run keeps of its frames.

Knows: the arrays of a prediction, and how overlays are drawn into a run.
Does not know: which project's run it is.
"""

from __future__ import annotations

from libs.drawing import overlay, sheet
from libs.pictures import png

CONTRACT_VERSION = "1.0"
"""Of what the arrays of a prediction mean: `FramePrediction@1` in contract.yaml."""


def arrays(answer):
    """What is predicted for one frame."""
    return {
        "homography": answer.homography,
        "rotation": answer.rotation,
        "position": answer.position,
        "wall": answer.wall,
        "measured": answer.measured,
    }


def draw(run, drawn):
    """Keep an overlay of each frame, and all of them on one sheet."""
    pictures = {}
    for frame, answer, shape in drawn:
        pictures[frame.number] = overlay(frame, answer, shape)
        run.save(f"artifacts/overlays/frame_{frame.number:04}.png", png(pictures[frame.number]))
    if pictures:
        run.save("sheet", png(sheet(list(pictures.values()))))
