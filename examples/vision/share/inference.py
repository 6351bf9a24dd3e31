"""An exported model, ready to look at scenes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from share.boxes import Detection
from share.detector import decode, padded
from share.errors import VisionError
from share.settings import Settings


class Model:
    """A detector in onnxruntime."""

    def __init__(self, path: Path, classes: int) -> None:
        """Read the model.

        Raises:
            VisionError: There is none, or it is not one of this system's.
        """
        if not path.is_file():
            raise VisionError(f"there is no model at {path}; train one, or name one in the settings")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(path.read_bytes(), options, ["CPUExecutionProvider"])
        except Exception as error:
            raise VisionError(f"{path} is no model that onnxruntime can read: {error}") from error
        outputs = {each.name: each.shape for each in self._session.get_outputs()}
        if {"scores", "boxes"} - outputs.keys():
            raise VisionError(f"{path} has the outputs {sorted(outputs)}, wanted are scores and boxes")
        self.path = path
        found = self.look(np.zeros((8, 8), dtype=np.float32))[0].shape[1] - 1
        if found != classes:
            raise VisionError(f"{path} knows {found} classes, class_map.names has {classes}")

    def look(self, scene: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the answers of all cells of a scene."""
        scores, boxes = self._session.run(["scores", "boxes"], {"images": padded(scene)[None, None]})
        return scores[0], boxes[0]

    def detect(self, scene: NDArray[np.float32], *, confidence: float, overlap: float) -> list[Detection]:
        """Return what stands in a scene."""
        scores, boxes = self.look(scene)
        shape = padded(scene).shape
        return decode(scores, boxes, (shape[0], shape[1]), confidence=confidence, overlap=overlap)


def model_path(settings: Settings, said: str, name: str = "model-int8.onnx") -> Path:
    """Return the model that the settings name, or else that of the newest training.

    Raises:
        VisionError: None is named, and none was trained.
    """
    if said:
        return Path(said)
    folder = settings.root / "models"
    made = sorted(path for path in folder.glob(f"*/{name}") if not path.parent.is_symlink())
    if not made:
        raise VisionError(
            f"no model is named in the settings, and there is none below {folder}; train one first"
        )
    return max(made, key=lambda path: path.stat().st_mtime_ns)
