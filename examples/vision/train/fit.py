"""Training of the detector."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from share.boxes import map50
from share.detector import INPUTS, decode, padded, targets, windows
from share.errors import VisionError
from share.yolo import Labelled, read_image

from train.network import Adam, Parameters, forward, gradients, start

DOUBTFUL = 0.05
"""Least probability that takes part in mAP: the curve needs the doubtful ones as well."""
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Schedule:
    """How to train."""

    epochs: int
    batch: int
    rate: float
    negatives: float
    overlap: float = 0.3


@dataclass(frozen=True)
class Cells:
    """What is trained on: windows, their classes and boxes."""

    inputs: Array
    labels: NDArray[np.int64]
    boxes: Array

    @classmethod
    def of(cls, scenes: list[Labelled], classes: int) -> Cells:
        """Cut scenes into the windows that are asked."""
        parts = [_asked(scene, classes) for scene in scenes]
        return cls(*(np.concatenate([part[column] for part in parts]) for column in range(3)))


def _asked(scene: Labelled, classes: int) -> tuple[Array, NDArray[np.int64], Array]:
    pixels = padded(read_image(scene.image))
    labels, boxes = targets((pixels.shape[0], pixels.shape[1]), scene.objects, classes)
    is_asked = labels >= 0
    return windows(pixels)[is_asked], labels[is_asked], boxes[is_asked]


def first_parameters(weights: str, classes: int, source: np.random.Generator) -> Parameters:
    """Return what training begins with: a checkpoint, or numbers drawn.

    Raises:
        VisionError: The checkpoint is missing, or is not one of this network.
    """
    fresh = start(classes, source)
    if not weights:
        return fresh
    path = Path(weights)
    if not path.is_file():
        raise VisionError(f"train.yolo.weights: there is no file {path}")
    try:
        with np.load(path, allow_pickle=False) as stored:
            found = {name: np.asarray(stored[name], dtype=np.float32) for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        why = "it holds Python objects, which are never loaded" if "pickle" in str(error) else str(error)
        raise VisionError(f"train.yolo.weights: {path} is no checkpoint of this system: {why}") from error
    wanted, given = ({name: value.shape for name, value in each.items()} for each in (fresh, found))
    if wanted != given:
        raise VisionError(f"train.yolo.weights: {path} holds {given}, wanted {wanted}")
    return found


def train(
    parameters: Parameters, cells: Cells, schedule: Schedule, source: np.random.Generator
) -> Iterator[tuple[int, float]]:
    """Train the parameters in place; yield the number of each epoch and its mean loss."""
    nothing = parameters["b2"].shape[0] - 5
    objects, empty = np.flatnonzero(cells.labels != nothing), np.flatnonzero(cells.labels == nothing)
    if len(objects) == 0:
        raise VisionError("no scene of the training part holds an object")
    optimiser = Adam.for_parameters(parameters, schedule.rate)
    wanted = min(len(empty), int(schedule.negatives * len(objects)))
    for epoch in range(schedule.epochs):
        order = np.concatenate([objects, source.choice(empty, wanted, replace=False)])
        source.shuffle(order)
        factor = 0.5 * (1 + math.cos(math.pi * epoch / schedule.epochs))
        losses = []
        for begin in range(0, len(order), schedule.batch):
            some = order[begin : begin + schedule.batch]
            loss, slope = gradients(parameters, cells.inputs[some], cells.labels[some], cells.boxes[some])
            optimiser.step(parameters, slope, factor)
            losses.append(loss)
        yield epoch + 1, float(np.mean(losses))


Answers = Callable[[Array], tuple[Array, Array]]


def quality(answers: Answers, scenes: list[tuple[Array, Labelled]], overlap: float) -> float:
    """Return mAP50 of whatever answers for all cells of a scene."""
    found = []
    for pixels, _scene in scenes:
        scores, boxes = answers(pixels)
        shape = (pixels.shape[0], pixels.shape[1])
        found.append(decode(scores, boxes, shape, confidence=DOUBTFUL, overlap=overlap))
    return map50(found, [scene.objects for _pixels, scene in scenes])


def answers_of(parameters: Parameters) -> Answers:
    """Return how the network itself answers for a scene."""
    return lambda pixels: forward(parameters, windows(pixels).reshape(-1, INPUTS))[:2]
