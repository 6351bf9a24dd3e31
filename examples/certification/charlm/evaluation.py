"""Held-out evaluation, window by window.

Knows: the schedule of windows, their digests, their losses.
Does not know: training.

A window is one evaluation unit: {id, content_digest, weight, value}. The arms, preview and final, are
disjoint.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from charlm.model import Codes, Parameters, losses
from charlm.training import windows_at


@dataclass(frozen=True)
class Window:
    """One evaluation unit."""

    id: str
    content_digest: str
    """sha256 over the codes of the window and the context before it."""
    weight: int
    """Characters predicted."""
    value: float
    """Mean loss, nats per character."""


def evaluate(
    parameters: Parameters, text: Codes, *, context: int, count: int, characters: int
) -> dict[str, list[Window]]:
    """Return the windows of both arms; the same text and parameters give the same bytes.

    Args:
        parameters: Of the model.
        text: int64[n], the test text.
        context: Characters the model sees.
        count: Windows in each arm.
        characters: Characters predicted in each window.

    Raises:
        ValueError: The text is too short for so many windows.
    """
    schedule = starts(len(text), context=context, count=count, characters=characters)
    return {
        arm: [_window(parameters, text, arm, i, start, context, characters) for i, start in enumerate(at)]
        for arm, at in schedule.items()
    }


def starts(length: int, *, context: int, count: int, characters: int) -> dict[str, Codes]:
    """Return where each window's predicted characters begin, int64[count] for each arm.

    The windows are spread evenly over the text, the arms take turns, and no character is predicted twice.

    Raises:
        ValueError: The text is too short for so many windows.
    """
    needed = 2 * count * characters + context
    if length < needed:
        message = f"{length} characters of test text, {needed} are needed"
        raise ValueError(message)
    number = np.arange(2 * count)
    at = context + number * (length - characters - context) // max(1, 2 * count - 1)
    return {"preview": at[0::2], "final": at[1::2]}


def weighted_mean(windows: list[Window]) -> float:
    """Return the mean loss by character, nats."""
    return sum(w.value * w.weight for w in windows) / sum(w.weight for w in windows)


def unigram_nats(train: Codes, test: Codes, vocabulary: int) -> float:
    """Return the loss of guessing by frequency alone, nats per character (add-one smoothing)."""
    counts = np.bincount(train, minlength=vocabulary) + 1.0
    return float(-np.log(counts / counts.sum())[test].mean())


def _window(
    parameters: Parameters, text: Codes, arm: str, number: int, start: int, context: int, characters: int
) -> Window:
    positions = np.arange(start, start + characters)
    loss = losses(parameters, windows_at(text, positions, context), text[positions])
    content = text[start - context : start + characters].astype("<i8").tobytes()
    return Window(
        id=f"{arm}-{number:04}",
        content_digest="sha256:" + hashlib.sha256(content).hexdigest(),
        weight=characters,
        value=round(float(loss.astype(np.float64).mean()), 6),
    )
