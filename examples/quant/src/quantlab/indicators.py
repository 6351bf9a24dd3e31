"""Indicators of a bar: each looks at that bar and those before it, never at a later one."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

PERIOD = 14


def rsi(close: np.ndarray, period: int = PERIOD) -> np.ndarray:
    """Relative strength (Cutler): gains over gains and losses of the last `period` days, 0 … 100.

    NaN while there are too few bars; 50 where nothing moved.
    """
    changes = np.diff(close)
    gains = means(np.maximum(changes, 0.0), period)
    moves = means(np.abs(changes), period)
    found = np.full(len(close), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        found[period:] = np.where(moves > 0, 100.0 * gains / moves, 50.0)
    return found


def atr(high: np.ndarray, low: np.ndarray, close: np.ndarray, period: int = PERIOD) -> np.ndarray:
    """Average true range of the last `period` days; NaN while there are too few bars."""
    before = close[:-1]
    ranges = np.maximum(high[1:], before) - np.minimum(low[1:], before)
    found = np.full(len(close), np.nan)
    found[period:] = means(ranges, period)
    return found


def means(values: np.ndarray, period: int) -> np.ndarray:
    """Return the mean of each window of `period` values; nothing when there are fewer."""
    if len(values) < period:
        return np.empty(0)
    return sliding_window_view(values, period).mean(axis=-1)
