"""Logistic regression with a penalty on the weights, by Newton's method."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_STEPS, _CLOSE = 50, 1e-10


class Model(NamedTuple):
    """Weights of normalised features; the first one stands alone."""

    weights: np.ndarray
    """float64[1 + features]."""
    mean: np.ndarray
    spread: np.ndarray

    def probability(self, values: np.ndarray) -> np.ndarray:
        """Return the probability of a rise for each row; NaN where a feature is."""
        scaled = (values - self.mean) / self.spread
        return sigmoid(self.weights[0] + scaled @ self.weights[1:])


def fit(values: np.ndarray, is_up: np.ndarray, penalty: float) -> Model:
    """Fit weights, and mean and spread, on these rows alone.

    Args:
        values: float64[rows, features], finite.
        is_up: bool[rows].
        penalty: Of the squared weights; the first one is free.
    """
    mean, spread = values.mean(axis=0), values.std(axis=0)
    spread = np.where(spread > 1e-12, spread, 1.0)
    rows = np.column_stack([np.ones(len(values)), (values - mean) / spread])
    weights = np.zeros(rows.shape[1])
    ridge = np.diag([1e-9, *[penalty] * values.shape[1]])
    for _ in range(_STEPS):
        chance = sigmoid(rows @ weights)
        slope = rows.T @ (chance - is_up) + ridge @ weights
        bend = (rows * (chance * (1.0 - chance))[:, None]).T @ rows + ridge
        step = np.linalg.solve(bend, slope)
        weights = weights - step
        if np.abs(step).max() < _CLOSE:
            break
    return Model(weights, mean, spread)


def sigmoid(values: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x)) without overflow; NaN for NaN."""
    with np.errstate(invalid="ignore"):
        return np.exp(-np.logaddexp(0.0, -values))


def log_loss(chance: np.ndarray, is_up: np.ndarray) -> float:
    """Return the mean of -ln(probability given to what came)."""
    kept = np.clip(np.where(is_up, chance, 1.0 - chance), 1e-12, 1.0)
    return float(-np.log(kept).mean())
