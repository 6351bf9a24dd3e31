"""What a learned model looks at, and what it is to foretell."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from quantlab.bars import Bars
from quantlab.indicators import means, rsi


class Feature(NamedTuple):
    """A column: its name, how many bars back it looks, what it is."""

    name: str
    lookback: int
    formula: str
    compute: Callable[[Bars], np.ndarray]


def _momentum(days: int) -> Feature:
    def compute(bars: Bars) -> np.ndarray:
        return _late(np.log(bars.close[days:] / bars.close[:-days]), len(bars))

    return Feature(f"return_{days}", days, f"ln(close / close {days} bars before)", compute)


def _volatility(days: int) -> Feature:
    def compute(bars: Bars) -> np.ndarray:
        changes = np.diff(np.log(bars.close))
        square, mean = means(changes**2, days), means(changes, days)
        return _late(np.sqrt(np.maximum(square - mean**2, 0.0)), len(bars))

    return Feature(
        f"volatility_{days}", days, f"standard deviation of the last {days} daily log returns", compute
    )


def _distance(days: int) -> Feature:
    def compute(bars: Bars) -> np.ndarray:
        average = means(bars.close, days)
        return _late(bars.close[days - 1 :] / average - 1.0, len(bars))

    return Feature(f"distance_{days}", days - 1, f"close / mean close of {days} bars - 1", compute)


def _late(values: np.ndarray, count: int) -> np.ndarray:
    """Put values at the end of a column of NaN."""
    found = np.full(count, np.nan)
    if len(values):
        found[count - len(values) :] = values
    return found


FEATURES = (
    *(_momentum(days) for days in (1, 2, 5, 10, 21)),
    _volatility(10),
    _volatility(21),
    _distance(20),
    Feature("rsi_14", 14, "relative strength of 14 bars / 100", lambda bars: rsi(bars.close) / 100.0),
    Feature("range", 0, "(high - low) / close", lambda bars: (bars.high - bars.low) / bars.close),
)
LOOKBACK = max(feature.lookback for feature in FEATURES)


def matrix(bars: Bars) -> np.ndarray:
    """Return float64[bars, features]; NaN where there are too few bars before."""
    if len(bars) <= LOOKBACK:
        return np.full((len(bars), len(FEATURES)), np.nan)
    return np.column_stack([feature.compute(bars) for feature in FEATURES])


def target(bars: Bars, horizon: int) -> np.ndarray:
    """Return the log return from each close to that `horizon` bars later; NaN where it is not known yet."""
    found = np.full(len(bars), np.nan)
    found[:-horizon] = np.log(bars.close[horizon:] / bars.close[:-horizon])
    return found


def feature_hash(values: np.ndarray) -> str:
    """Return the SHA-256 of the names, the formulas and the values."""
    state = hashlib.sha256()
    for feature in FEATURES:
        state.update(f"{feature.name}|{feature.lookback}|{feature.formula}\n".encode())
    state.update(np.ascontiguousarray(np.round(values, 12) + 0.0, dtype="<f8").tobytes())
    return state.hexdigest()
