"""A perceptron over windows: two hidden layers, one answer for the class and one for the box; in numpy."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from share.detector import INPUTS

Array = NDArray[np.float32]
Parameters = dict[str, Array]
BOX_WEIGHT = 2.0
LAYERS = (160, 64)
LEVEL, CONTRAST = np.float32(0.2), np.float32(4.0)
"""Scenes are dark and pale: without moving and stretching them, training takes three times as long."""


def start(classes: int, source: np.random.Generator) -> Parameters:
    """Return parameters to begin with, drawn so that activations keep their size."""
    sizes = (INPUTS, *LAYERS, classes + 1 + 4)
    parameters: Parameters = {}
    for number, (inputs, outputs) in enumerate(pairwise(sizes)):
        scale = np.sqrt(2.0 / inputs)
        parameters[f"w{number}"] = source.normal(0, scale, (inputs, outputs)).astype(np.float32)
        parameters[f"b{number}"] = np.zeros(outputs, dtype=np.float32)
    return parameters


def forward(parameters: Parameters, inputs: Array) -> tuple[Array, Array, list[Array]]:
    """Return class scores, boxes, and the activations that gradients need."""
    inputs = (inputs - LEVEL) * CONTRAST
    first = np.maximum(inputs @ parameters["w0"] + parameters["b0"], 0)
    second = np.maximum(first @ parameters["w1"] + parameters["b1"], 0)
    answers = second @ parameters["w2"] + parameters["b2"]
    return softmax(answers[:, :-4]), answers[:, -4:], [inputs, first, second]


def softmax(values: Array) -> Array:
    """Return probabilities."""
    raised = np.exp(values - values.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def gradients(
    parameters: Parameters, inputs: Array, labels: NDArray[np.int64], boxes: Array
) -> tuple[float, Parameters]:
    """Return the mean loss of a batch and its gradient: cross entropy, and smooth L1 where an object is."""
    scores, answers, (moved, first, second) = forward(parameters, inputs)
    count, nothing = len(inputs), scores.shape[1] - 1
    rows = np.arange(count)
    loss = float(-np.log(np.maximum(scores[rows, labels], 1e-9)).mean())
    upstream = np.concatenate([scores, np.zeros_like(answers)], axis=1)
    upstream[rows, labels] -= 1.0
    is_object = (labels != nothing)[:, None]
    error = (answers - boxes) * is_object
    loss += BOX_WEIGHT * float(np.where(abs(error) < 1, 0.5 * error**2, abs(error) - 0.5).sum() / count)
    upstream[:, -4:] = BOX_WEIGHT * np.clip(error, -1, 1)
    upstream /= count
    slope: Parameters = {"w2": second.T @ upstream, "b2": upstream.sum(axis=0)}
    back = (upstream @ parameters["w2"].T) * (second > 0)
    slope |= {"w1": first.T @ back, "b1": back.sum(axis=0)}
    back = (back @ parameters["w1"].T) * (first > 0)
    return loss, slope | {"w0": moved.T @ back, "b0": back.sum(axis=0)}


@dataclass
class Adam:
    """The optimiser, with the moments of every parameter."""

    rate: float
    first: Parameters
    second: Parameters
    steps: int = 0

    @classmethod
    def for_parameters(cls, parameters: Parameters, rate: float) -> Adam:
        """Return an optimiser that has seen nothing yet."""
        empty = {name: np.zeros_like(value) for name, value in parameters.items()}
        return cls(rate, empty, {name: value.copy() for name, value in empty.items()})

    def step(self, parameters: Parameters, slope: Parameters, factor: float) -> None:
        """Move the parameters, in place, by a rate times `factor`."""
        self.steps += 1
        for name, value in slope.items():
            self.first[name] = 0.9 * self.first[name] + 0.1 * value
            self.second[name] = 0.999 * self.second[name] + 0.001 * value * value
            mean = self.first[name] / (1 - 0.9**self.steps)
            spread = self.second[name] / (1 - 0.999**self.steps)
            parameters[name] -= (self.rate * factor * mean / (np.sqrt(spread) + 1e-8)).astype(np.float32)
