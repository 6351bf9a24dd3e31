"""What a strategy would have earned: one position at most, bought with all the cash, sold as a whole.

A signal is read at a bar's close and acted on at the next bar's open, so that no bar is traded on what it had
not shown yet. Prices are worse by the slippage, and each trade pays the fee. Everything is computed on whole
arrays; only from trade to trade it goes step by step.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from quantlab.bars import Bars
from quantlab.indicators import atr, rsi
from quantlab.settings import BY_RANGE, Settings

_BASIS = 10_000.0


class Trade(NamedTuple):
    """One round trip, or a position that is still held (no exit)."""

    entry_date: str
    exit_date: str
    entry_price: float
    exit_price: float
    shares: float
    fees: float
    pnl: float
    """After fees; of a position still held, at the last close."""
    return_: float
    bars: int
    is_open: bool


class Position(NamedTuple):
    """What is held: since which day, how much, what it cost."""

    date: str
    price: float
    shares: float
    cost: float
    fees: float
    bars: int = 0
    """Bars it was held on before these."""


@dataclass(frozen=True)
class Book:
    """What stands between two evaluations: cash or a position, and what was decided at the last close."""

    cash: float
    position: Position | None = None
    rest: int = 0
    """Bars left of the cooldown."""
    order: str = ""
    """`buy` or `sell`, for the next open."""


@dataclass(frozen=True)
class Signals:
    """What is wanted at each close."""

    buy: np.ndarray
    sell: np.ndarray


@dataclass(frozen=True)
class Result:
    """Equity at each close, the trades, and what is held in the end."""

    dates: np.ndarray
    equity: np.ndarray
    trades: list[Trade]
    book: Book
    initial: float
    held: np.ndarray = field(default_factory=lambda: np.empty(0, bool))
    """Whether a position is held at each close."""


def rsi_signals(bars: Bars, settings: Settings) -> Signals:
    """Return what the RSI wants; nothing while there are too few bars."""
    strength = rsi(bars.close)
    with np.errstate(invalid="ignore"):
        return Signals(strength < settings.rsi_buy_max, strength > settings.rsi_sell_min)


def slip(bars: Bars, settings: Settings) -> np.ndarray:
    """Return by how much the price at each open is worse; from what was known at the close before."""
    if settings.slippage_mode == BY_RANGE:
        ranges = np.nan_to_num(atr(bars.high, bars.low, bars.close))
        return settings.k_atr * np.concatenate([[0.0], ranges[:-1]])
    return bars.open * (settings.slippage_bps / _BASIS)


def backtest(
    bars: Bars,
    settings: Settings,
    signals: Signals | None = None,
    *,
    first: int = 0,
    book: Book | None = None,
) -> Result:
    """Trade the bars from index `first` on; those before it only warm the indicators up.

    Args:
        bars: Oldest first.
        settings: Fees, slippage, thresholds, cooldown.
        signals: For each bar; by default those of the RSI.
        first: The first bar that may be traded.
        book: To begin with; by default the initial cash.
    """
    wanted = signals or rsi_signals(bars, settings)
    book = book or Book(settings.initial_cash)
    return _Trader(bars, settings, wanted, first, book).run()


class _Trader:
    """Goes from trade to trade."""

    def __init__(self, bars: Bars, settings: Settings, signals: Signals, first: int, book: Book) -> None:
        self.bars, self.settings, self.first = bars, settings, first
        self.worse = slip(bars, settings)
        self.next_buy, self.next_sell = _next_true(signals.buy), _next_true(signals.sell)
        self.initial = _worth(book, float(bars.close[first - 1] if first else bars.open[0]))
        self.book = book
        self.equity = np.empty(len(bars) - first)
        self.held = np.zeros(len(bars) - first, bool)
        self.trades: list[Trade] = []

    def run(self) -> Result:
        """Return the result."""
        index, count = self.first, len(self.bars)
        while index < count:
            index = self._hold(index) if self.book.position else self._wait(index)
        dates = self.bars.dates[self.first :]
        return Result(dates, self.equity, self._all_trades(), self.book, self.initial, self.held)

    def _wait(self, index: int) -> int:
        """Stay in cash until something is bought; return that bar, or the number of bars."""
        count = len(self.bars)
        if self.book.order == "buy":
            entry = index
        else:
            signal = int(self.next_buy[min(index + self.book.rest, count)])
            entry = min(signal + 1, count)
        self.equity[index - self.first : entry - self.first] = self.book.cash
        if entry >= count:
            rest = max(0, self.book.rest - (count - index))
            is_wanted = self.book.order != "buy" and signal == count - 1
            self.book = replace(self.book, rest=rest, order="buy" if is_wanted else "")
            return count
        price = float(self.bars.open[entry] + self.worse[entry])
        shares = self.book.cash / (price * (1.0 + self.settings.fee))
        position = Position(
            str(self.bars.dates[entry]), price, shares, self.book.cash, shares * price * self.settings.fee
        )
        self.book = Book(0.0, position)
        return entry

    def _hold(self, index: int) -> int:
        """Hold the position until it is sold; return that bar, or the number of bars."""
        position, count = self.book.position, len(self.bars)
        assert position is not None
        if self.book.order == "sell":
            leave = index
        else:
            signal = int(self.next_sell[index])
            leave = min(signal + 1, count)
        held = slice(index - self.first, leave - self.first)
        self.equity[held] = position.shares * self.bars.close[index:leave]
        self.held[held] = True
        bars = position.bars + leave - index
        if leave >= count:
            is_wanted = self.book.order != "sell" and signal == count - 1
            self.book = Book(0.0, position._replace(bars=bars), order="sell" if is_wanted else "")
            return count
        price = max(float(self.bars.open[leave] - self.worse[leave]), 0.0)
        cash = position.shares * price * (1.0 - self.settings.fee)
        self.trades.append(
            Trade(
                position.date,
                str(self.bars.dates[leave]),
                position.price,
                price,
                position.shares,
                position.fees + position.shares * price * self.settings.fee,
                cash - position.cost,
                cash / position.cost - 1.0,
                bars,
                is_open=False,
            )
        )
        self.book = Book(cash, rest=self.settings.cooldown_days)
        return leave

    def _all_trades(self) -> list[Trade]:
        position = self.book.position
        if position is None:
            return self.trades
        last = float(self.bars.close[-1])
        worth = position.shares * last
        still = Trade(
            position.date,
            "",
            position.price,
            last,
            position.shares,
            position.fees,
            worth - position.cost,
            worth / position.cost - 1.0,
            position.bars,
            is_open=True,
        )
        return [*self.trades, still]


def _worth(book: Book, price: float) -> float:
    return book.cash if book.position is None else float(book.position.shares * price)


def _next_true(wanted: np.ndarray) -> np.ndarray:
    """Return for each index, and the one behind the last, the first true one from there; else the length."""
    count = len(wanted)
    places = np.where(wanted, np.arange(count), count)
    return np.append(np.minimum.accumulate(places[::-1])[::-1], count)
