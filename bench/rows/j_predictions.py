"""Rows: typed predictions, frame by frame."""

from __future__ import annotations

import os

import byhand
import numpy as np
from contest import Contest, Way, compete
from row import Scale, row

from rows.workspaces import MINIMAL, workspace

CAMERA = {"fx": 500.0, "fy": 500.0, "cx": 8.0, "cy": 8.0}


@row(
    "predictions",
    "small frames (depth and mask of 16 × 16); none acknowledged is lost by SIGKILL",
    budget=1.0,
    derived="no slower than `numpy.savez` with digest, rename and a log line by hand",
    goal=2_000,
    why="a name that must be free costs two more calls",
    unit="frames",
)
def predictions(place: str, scale: Scale) -> Contest:
    """Write frames of one run, each acknowledged by itself."""
    import runpact

    root = workspace(place, MINIMAL)
    count = scale.of(2_000, 400)
    arrays = {"depth": np.random.default_rng(7).random((16, 16), dtype="f4"), "mask": np.ones((16, 16), "?")}
    run = runpact.run(workspace=root, name="frames", unsafe_skip_check=True).__enter__()
    frames = run.predictions(contract_version="1.0", intrinsics=CAMERA)
    folder = os.path.join(run.dir, "by-hand")  # elsewhere the guard would refuse it, or cost the floor alone
    os.makedirs(folder)

    def ours(_number: int) -> None:
        first = len(frames)
        for frame_id in range(first, first + count):
            frames.write(frame_id, timestamp=frame_id / 30, **arrays)

    def floor(number: int) -> None:
        byhand.write_frames(os.path.join(folder, str(number)), count, arrays, CAMERA)

    try:
        return compete({"runpact": Way(ours), "floor": Way(floor)}, repetitions=scale.of(10, 3), units=count)
    finally:
        run.save("metrics", {"loss": 0.5})
        run.finish()
