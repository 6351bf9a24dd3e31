"""The backtest once more, bar by bar, by somebody who never saw the fast one."""

from __future__ import annotations

from typing import NamedTuple


class Slow(NamedTuple):
    """Equity at each close, and (entry day, exit day, gain) of each round trip."""

    equity: list[float]
    trips: list[tuple[str, str, float]]


def strength(close, at, period=14):
    """Relative strength at one bar; None while there are too few."""
    if at < period:
        return None
    changes = [close[i] - close[i - 1] for i in range(at - period + 1, at + 1)]
    moved = sum(abs(change) for change in changes)
    return 50.0 if moved == 0 else 100.0 * sum(change for change in changes if change > 0) / moved


def true_range(bars, at, period=14):
    """Average true range at one bar; 0 while there are too few."""
    if at < period:
        return 0.0
    ranges = []
    for i in range(at - period + 1, at + 1):
        before = bars.close[i - 1]
        ranges.append(max(bars.high[i] - bars.low[i], abs(bars.high[i] - before), abs(bars.low[i] - before)))
    return sum(ranges) / period


def trade_slowly(bars, settings) -> Slow:
    """Go from day to day: orders at the open, marking and new orders at the close."""
    cash, shares, cost, since = settings.initial_cash, 0.0, 0.0, ""
    wish, silent_until = "", -1
    equity, trips = [], []
    for day in range(len(bars)):
        worse = bars.open[day] * settings.slippage_bps / 10_000
        if settings.slippage_mode == "atr":
            worse = settings.k_atr * true_range(bars, day - 1) if day else 0.0
        if wish == "buy":
            price = bars.open[day] + worse
            shares, cost, cash = cash / (price * (1 + settings.fee)), cash, 0.0
            since = str(bars.dates[day])
        elif wish == "sell":
            cash = shares * max(bars.open[day] - worse, 0.0) * (1 - settings.fee)
            trips.append((since, str(bars.dates[day]), cash - cost))
            shares, silent_until = 0.0, day + settings.cooldown_days
        wish = ""
        equity.append(cash + shares * bars.close[day])
        now = strength(bars.close, day)
        if now is None:
            continue
        if shares == 0 and now < settings.rsi_buy_max and day >= silent_until:
            wish = "buy"
        elif shares > 0 and now > settings.rsi_sell_min:
            wish = "sell"
    return Slow(equity, trips)
