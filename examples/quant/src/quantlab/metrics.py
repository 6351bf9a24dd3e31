"""What a curve of equity says: the key figures of every report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from quantlab.backtest import Result, Trade

YEAR = 252
"""Trading days."""
SUMMARY = ("total_return", "sharpe_simple", "max_drawdown", "trades", "win_rate")


def returns_of(equity: np.ndarray, initial: float) -> np.ndarray:
    """Return the change at each close, the first one from the initial worth."""
    before = np.concatenate([[initial], equity[:-1]])
    return equity / before - 1.0


def drawdowns(equity: np.ndarray, initial: float) -> np.ndarray:
    """Return how far each close lies below the highest before it, 0 or less."""
    highest = np.maximum(np.maximum.accumulate(equity), initial)
    return equity / highest - 1.0


def sharpe(returns: np.ndarray) -> float | None:
    """Return mean over standard deviation, by the year, no risk-free rate; None when nothing varies."""
    if len(returns) < 2:
        return None
    spread = float(np.std(returns, ddof=1))
    return float(np.mean(returns)) / spread * float(np.sqrt(YEAR)) if spread > 1e-15 else None


def win_rate(trades: Sequence[Trade]) -> float | None:
    """Return the share of round trips that gained; None without any."""
    closed = [trade for trade in trades if not trade.is_open]
    return sum(trade.pnl > 0 for trade in closed) / len(closed) if closed else None


def summary_of(result: Result) -> dict[str, Any]:
    """Return the key figures; `trades` counts round trips."""
    return curve_summary(result.equity, result.initial) | {
        "trades": sum(not trade.is_open for trade in result.trades),
        "win_rate": win_rate(result.trades),
    }


def curve_summary(equity: np.ndarray, initial: float) -> dict[str, Any]:
    """Return the figures that the curve alone says."""
    return {
        "total_return": float(equity[-1] / initial - 1.0),
        "sharpe_simple": sharpe(returns_of(equity, initial)),
        "max_drawdown": float(drawdowns(equity, initial).min()),
    }
