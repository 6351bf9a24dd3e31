"""Training: batches, Adam, losses on the way.

Knows: the schedule.
Does not know: where losses are recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from charlm.model import Codes, Floats, Parameters, Shape, create, gradients, losses


@dataclass(frozen=True)
class Schedule:
    """How long and how fast."""

    steps: int
    batch: int
    learning_rate: float
    """At the start; it falls to a tenth along a half cosine."""
    validate_every: int


@dataclass(frozen=True)
class Progress:
    """One step: its loss, and the validation loss when it was measured."""

    step: int
    """From 1."""
    train_loss: float
    """Mean over the batch, nats per character."""
    validation_loss: float | None
    parameters: Parameters


def train(
    shape: Shape, schedule: Schedule, text: Codes, held_out: Codes, random: np.random.Generator
) -> Iterator[Progress]:
    """Yield the state after every step; equal arguments give equal results.

    Args:
        shape: Sizes of the model.
        schedule: Steps, batch, rate.
        text: int64[n], the training text; n > context.
        held_out: int64[m], the validation text.
        random: Draws parameters and batches.
    """
    parameters = create(shape, random)
    adam = Adam(parameters)
    sample = np.linspace(shape.context, len(held_out) - 1, 4096).astype(np.int64)
    for step in range(1, schedule.steps + 1):
        positions = random.integers(shape.context, len(text), schedule.batch)
        loss, gradient = gradients(parameters, windows_at(text, positions, shape.context), text[positions])
        adam.update(parameters, gradient, rate(schedule, step))
        measured = None
        if step % schedule.validate_every == 0 or step == schedule.steps:
            windows = windows_at(held_out, sample, shape.context)
            measured = float(losses(parameters, windows, held_out[sample]).mean())
        yield Progress(step, loss, measured, parameters)


def windows_at(text: Codes, positions: Codes, context: int) -> Codes:
    """Return the `context` characters before each position, int64[len(positions), context]."""
    windows: Codes = text[positions[:, None] + np.arange(-context, 0)]
    return windows


def sample_windows(text: Codes, count: int, context: int) -> Codes:
    """Return the first `count` windows of a text, int64[count, context]."""
    return windows_at(text, np.arange(context, context + count), context)


def generator(seed: int | None) -> np.random.Generator:
    """Return the source of random numbers that a seed stands for."""
    return np.random.default_rng(seed)


def rate(schedule: Schedule, step: int) -> float:
    """Return the learning rate of a step."""
    done = (step - 1) / max(1, schedule.steps - 1)
    return schedule.learning_rate * (0.1 + 0.9 * 0.5 * (1 + float(np.cos(np.pi * done))))


class Adam:
    """Adam with bias correction.

    Source:
        Kingma and Ba, "Adam", ICLR 2015, algorithm 1.
    """

    def __init__(self, parameters: Parameters, *, decay: tuple[float, float] = (0.9, 0.99)) -> None:
        """Start both moments at zero."""
        self._first = {name: np.zeros_like(value) for name, value in parameters.items()}
        self._second = {name: np.zeros_like(value) for name, value in parameters.items()}
        self._decay = decay
        self._steps = 0

    def update(self, parameters: Parameters, gradient: Parameters, learning_rate: float) -> None:
        """Move the parameters, in place."""
        self._steps += 1
        a, b = self._decay
        for name, slope in gradient.items():
            first: Floats = self._first[name]
            second: Floats = self._second[name]
            first += (1 - a) * (slope - first)
            second += (1 - b) * (slope * slope - second)
            scale = learning_rate / (1 - a**self._steps)
            parameters[name] -= scale * first / (np.sqrt(second / (1 - b**self._steps)) + 1e-8)
