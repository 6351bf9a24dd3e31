"""Edits of a trained model, and what they changed.

Knows: the edit that does nothing, rounding to few bits, and the measure of any edit.
Does not know: evaluation.
"""

from __future__ import annotations

import numpy as np

from charlm.model import Parameters


def no_edit(parameters: Parameters) -> Parameters:
    """Return an equal copy: the baseline's edit."""
    return {name: value.copy() for name, value in parameters.items()}


def round_to_nearest(parameters: Parameters, bits: int) -> Parameters:
    """Return a copy whose values are whole multiples of a step, at most 2^(bits−1) − 1 of them from zero.

    The step is chosen for each tensor, so that its largest value is kept; values stay in their type.

    Args:
        parameters: By name.
        bits: 2 to 16.
    """
    most = 2 ** (bits - 1) - 1
    rounded = {}
    for name, value in parameters.items():
        step = float(np.abs(value).max()) / most or 1.0
        rounded[name] = (np.clip(np.rint(value / step), -most, most) * step).astype(value.dtype)
    return rounded


def deltas(before: Parameters, after: Parameters) -> dict[str, float]:
    """Return how far two models of one shape are apart; all zero for equal ones.

    Returns:
        `parameters_changed` and `layers_changed`, counts; `largest_change`, in the unit of the parameters.
    """
    apart = {name: np.abs(after[name] - value) for name, value in before.items()}
    return {
        "parameters_changed": sum(int(np.count_nonzero(change)) for change in apart.values()),
        "layers_changed": sum(bool(change.any()) for change in apart.values()),
        "largest_change": max(float(change.max()) for change in apart.values()),
    }
