"""The backtest: what it earns, and that it knows nothing of the future."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as some
from quantlab.backtest import Book, Signals, backtest
from quantlab.bars import Bars
from quantlab.indicators import atr, rsi
from quantlab.metrics import curve_summary, drawdowns, returns_of, summary_of
from quantlab.series import generate
from quantlab.settings import Settings

from examples.quant.slowly import trade_slowly

PLAIN = Settings(ticker="GENERATED")
various = some.builds(
    Settings,
    ticker=some.just("GENERATED"),
    fee=some.sampled_from([0.0, 0.001, 0.02]),
    slippage_mode=some.sampled_from(["fixed", "atr"]),
    slippage_bps=some.sampled_from([0.0, 5.0, 100.0]),
    k_atr=some.sampled_from([0.0, 0.05, 1.0]),
    rsi_buy_max=some.sampled_from([25.0, 40.0, 50.0]),
    rsi_sell_min=some.sampled_from([51.0, 60.0, 75.0]),
    cooldown_days=some.sampled_from([0, 1, 3, 40]),
)


def flat(count: int, price: float = 100.0) -> Bars:
    prices = np.full(count, price)
    dates = np.busday_offset("2020-01-06", np.arange(count))
    return Bars("FLAT", dates, prices, prices, prices, prices, source="flat")


def signals(count: int, *, buy: tuple[int, ...] = (), sell: tuple[int, ...] = ()) -> Signals:
    wanted = np.zeros((2, count), bool)
    wanted[0, list(buy)] = wanted[1, list(sell)] = True
    return Signals(*wanted)


@hypothesis_settings(max_examples=40, deadline=None)
@given(said=various, seed=some.integers(0, 10_000), count=some.integers(1, 400))
def test_the_backtest_agrees_with_a_slow_one_written_apart(said, seed, count) -> None:
    bars = generate(seed, count)
    fast, slow = backtest(bars, said), trade_slowly(bars, said)
    assert fast.equity == pytest.approx(slow.equity, rel=1e-9)
    trips = [(trade.entry_date, trade.exit_date, trade.pnl) for trade in fast.trades if not trade.is_open]
    assert [trip[:2] for trip in trips] == [trip[:2] for trip in slow.trips]
    assert [trip[2] for trip in trips] == pytest.approx([trip[2] for trip in slow.trips], rel=1e-6, abs=1e-6)


@hypothesis_settings(max_examples=40, deadline=None)
@given(said=various, seed=some.integers(0, 10_000), now=some.integers(1, 299), other=some.integers(0, 10_000))
def test_another_future_changes_nothing_before_it(said, seed, now, other) -> None:
    bars, stranger = generate(seed, 300), generate(other, 300)
    scale = bars.close[now - 1] / stranger.close[now - 1]
    changed = {
        name: np.concatenate([getattr(bars, name)[:now], scale * getattr(stranger, name)[now:]])
        for name in ("open", "high", "low", "close")
    }
    known, surprised = backtest(bars, said), backtest(dataclasses.replace(bars, **changed), said)
    assert np.array_equal(known.equity[:now], surprised.equity[:now])
    today = str(bars.dates[now])

    def past(trades):
        return [trade for trade in trades if trade.exit_date and trade.exit_date < today]

    assert past(known.trades) == past(surprised.trades)


@hypothesis_settings(max_examples=40, deadline=None)
@given(said=various, seed=some.integers(0, 10_000), parts=some.lists(some.integers(16, 299), max_size=3))
def test_an_evaluation_in_parts_is_the_evaluation_as_a_whole(said, seed, parts) -> None:
    bars = generate(seed, 300)
    whole = backtest(bars, said)
    places = [0, *sorted(set(parts)), 300]
    book, equity, trades = Book(said.initial_cash), [], []
    for start, end in itertools.pairwise(places):
        part = backtest(bars.cut(0, end), said, first=start, book=book)
        book = part.book
        equity.append(part.equity)
        trades += [trade for trade in part.trades if not trade.is_open or end == 300]
    assert np.allclose(np.concatenate(equity), whole.equity, rtol=1e-12)
    assert [trade[:2] for trade in trades] == [trade[:2] for trade in whole.trades]
    assert [trade.bars for trade in trades] == [trade.bars for trade in whole.trades]


def test_a_round_trip_on_a_flat_market_costs_exactly_fees_and_slippage() -> None:
    said = dataclasses.replace(PLAIN, fee=0.01, slippage_bps=100.0, initial_cash=1000.0)
    result = backtest(flat(10), said, signals(10, buy=(1,), sell=(5,)))
    shares = 1000.0 / (101.0 * 1.01)
    assert result.equity[1] == 1000.0
    assert result.equity[2] == pytest.approx(shares * 100.0)
    assert result.equity[-1] == pytest.approx(shares * 99.0 * 0.99)
    (trade,) = result.trades
    assert trade.fees == pytest.approx(shares * 101.0 * 0.01 + shares * 99.0 * 0.01)
    assert trade.bars == 4


def test_a_signal_is_acted_on_at_the_next_open() -> None:
    bars = flat(6)
    risen = dataclasses.replace(bars, open=np.array([100.0, 100, 100, 120, 100, 100]))
    free = dataclasses.replace(PLAIN, fee=0.0, slippage_bps=0.0)
    assert backtest(risen, free, signals(6, buy=(2,))).trades[0].entry_price == 120.0


def test_slippage_by_range_is_that_of_the_day_before() -> None:
    bars = generate(3, 40)
    said = dataclasses.replace(PLAIN, fee=0.0, slippage_mode="atr", k_atr=0.5)
    entry = backtest(bars, said, signals(40, buy=(20,))).trades[0].entry_price
    assert entry == pytest.approx(bars.open[21] + 0.5 * atr(bars.high, bars.low, bars.close)[20])


def test_nothing_is_bought_during_the_cooldown() -> None:
    buys = tuple(range(30))
    said = dataclasses.replace(PLAIN, cooldown_days=7)
    trades = backtest(flat(30), said, signals(30, buy=buys, sell=(5,))).trades
    dates = flat(30).dates
    assert trades[0].exit_date == str(dates[6])
    assert trades[1].entry_date == str(dates[6 + 7 + 1])


def test_what_is_still_held_is_no_round_trip() -> None:
    result = backtest(flat(30), PLAIN, signals(30, buy=(3,)))
    assert summary_of(result)["trades"] == 0
    assert summary_of(result)["win_rate"] is None
    assert result.trades[0].is_open
    assert result.trades[0].exit_date == ""


def test_a_flat_market_has_no_sharpe_ratio_and_a_strength_of_fifty() -> None:
    assert summary_of(backtest(flat(30), PLAIN))["sharpe_simple"] is None
    assert rsi(flat(30).close)[-1] == 50.0
    assert np.isnan(rsi(flat(30).close)[13])


def test_an_indicator_of_too_few_bars_is_no_number() -> None:
    few = generate(1, 5)
    assert np.isnan(rsi(few.close)).all()
    assert np.isnan(atr(few.high, few.low, few.close)).all()


def test_figures_of_a_known_curve() -> None:
    equity = np.array([110.0, 99.0, 121.0])
    assert returns_of(equity, 100.0) == pytest.approx([0.1, -0.1, 121 / 99 - 1])
    assert drawdowns(equity, 100.0) == pytest.approx([0.0, -0.1, 0.0])
    assert drawdowns(np.array([90.0]), 100.0) == pytest.approx([-0.1])
    figures = curve_summary(equity, 100.0)
    assert figures["total_return"] == pytest.approx(0.21)
    assert figures["max_drawdown"] == pytest.approx(-0.1)
    assert curve_summary(np.array([100.0]), 100.0)["sharpe_simple"] is None


def test_the_generator_gives_the_same_bars_again_and_says_what_they_are() -> None:
    assert generate(7, 100).digest() == generate(7, 100).digest()
    assert generate(7, 100).digest() != generate(8, 100).digest()
    bars = generate(7, 500)
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert "GENERATED" in bars.source
