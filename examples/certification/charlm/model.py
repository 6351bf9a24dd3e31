"""The model: a window of characters, an embedding, one hidden layer, a softmax.

Knows: the loss and its gradients, by hand.
Does not know: data, training schedules.

With x the codes of the `context` characters before, e = E[x] flattened, h = tanh(e W1 + b1), z = h W2 + b2,
the loss of the next character y is -log softmax(z)[y], in nats.

Source:
    Bengio et al., "A Neural Probabilistic Language Model", JMLR 3 (2003), without the direct connections.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Codes = NDArray[np.int64]
Parameters = dict[str, Floats]


@dataclass(frozen=True)
class Shape:
    """Sizes of a model."""

    vocabulary: int
    context: int
    """Characters before the predicted one."""
    embedding: int
    hidden: int


def create(shape: Shape, random: np.random.Generator) -> Parameters:
    """Return new parameters, float32.

    E [vocabulary, embedding], W1 [context * embedding, hidden], b1 [hidden], W2 [hidden, vocabulary],
    b2 [vocabulary].
    """
    width = shape.context * shape.embedding
    return {
        "E": _normal(random, (shape.vocabulary, shape.embedding), 0.3),
        "W1": _normal(random, (width, shape.hidden), width**-0.5),
        "b1": np.zeros(shape.hidden, np.float32),
        "W2": _normal(random, (shape.hidden, shape.vocabulary), shape.hidden**-0.5),
        "b2": np.zeros(shape.vocabulary, np.float32),
    }


def log_probabilities(parameters: Parameters, windows: Codes) -> Floats:
    """Return log softmax(z), float32[n, vocabulary], for windows int64[n, context]."""
    return _log_softmax(_hidden(parameters, windows)[1] @ parameters["W2"] + parameters["b2"])


def losses(parameters: Parameters, windows: Codes, targets: Codes) -> Floats:
    """Return the loss of each target, nats, float32[n]."""
    return -log_probabilities(parameters, windows)[np.arange(len(targets)), targets]


def gradients(parameters: Parameters, windows: Codes, targets: Codes) -> tuple[float, Parameters]:
    """Return the mean loss in nats and its gradient by every parameter.

    Args:
        parameters: As made by `create`.
        windows: int64[n, context], n >= 1.
        targets: int64[n].
    """
    count = len(targets)
    embedded, hidden = _hidden(parameters, windows)
    logs = _log_softmax(hidden @ parameters["W2"] + parameters["b2"])
    loss = float(-logs[np.arange(count), targets].mean())
    d_logits = np.exp(logs)
    d_logits[np.arange(count), targets] -= 1
    d_logits /= count
    d_before = (d_logits @ parameters["W2"].T) * (1 - hidden * hidden)
    d_embedded = d_before @ parameters["W1"].T
    return loss, {
        "E": _scatter(parameters["E"], windows, d_embedded),
        "W1": embedded.T @ d_before,
        "b1": d_before.sum(0),
        "W2": hidden.T @ d_logits,
        "b2": d_logits.sum(0),
    }


def _hidden(parameters: Parameters, windows: Codes) -> tuple[Floats, Floats]:
    """Return the embedded windows, float32[n, context * embedding], and h, float32[n, hidden]."""
    embedded = parameters["E"][windows].reshape(len(windows), -1)
    return embedded, np.tanh(embedded @ parameters["W1"] + parameters["b1"])


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(1, keepdims=True)
    logs: Floats = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return logs


def _scatter(table: Floats, windows: Codes, d_embedded: Floats) -> Floats:
    """Add up the gradients of every embedding row that the windows used."""
    one_hot = np.zeros((windows.size, len(table)), table.dtype)
    one_hot[np.arange(windows.size), windows.ravel()] = 1
    return one_hot.T @ d_embedded.reshape(windows.size, -1)


def _normal(random: np.random.Generator, shape: tuple[int, int], scale: float) -> Floats:
    return (random.standard_normal(shape) * scale).astype(np.float32)
