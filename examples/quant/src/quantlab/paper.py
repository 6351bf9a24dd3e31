"""`paper`: a session that trades bars one after the other, with no money."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import runpact
from quantlab import gate, report, series
from quantlab.backtest import Book, Result, Trade, backtest
from quantlab.bars import Bars, between
from quantlab.metrics import summary_of
from quantlab.place import opened
from quantlab.research import WARM_UP, signals_for
from quantlab.settings import Settings

USUAL = 60
"""Bars of a session that says no first day: the last ones."""
_BEAT_SECONDS = 5.0


@dataclass
class Desk:
    """What a session has traded so far."""

    settings: Settings
    book: Book
    equity: list[float] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)
    closed: list[Trade] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    """The closed ones, and the one that is still held."""

    def step(self, bars: Bars, index: int, start: str) -> None:
        """Trade one bar, knowing those before it and nothing else."""
        early = max(0, index - WARM_UP)
        seen = bars.cut(early, index + 1)
        signals = signals_for(self.settings, seen, start)
        result = backtest(seen, self.settings, signals, first=index - early, book=self.book)
        self.book = result.book
        self.equity += result.equity.tolist()
        self.held += result.held.tolist()
        self.closed += [trade for trade in result.trades if not trade.is_open]
        self.trades = [*self.closed, *(trade for trade in result.trades if trade.is_open)]


def make_session(settings: Settings, *, pace: float = 0.0) -> dict[str, Any]:
    """Make a session; with a pace, wait so many seconds after each bar.

    Raises:
        StrategyError: A learned model is to trade that did not pass the gate; there is no session then.
    """
    if settings.model_run:
        gate.demand(settings.model_run)
    with opened("paper", settings.config(), kind="session") as run:
        run.reproduced_by(*report.words_for("run", settings.config()))
        summary = _trade(run, settings, pace)
    return report.answer(run, summary) | {"session_id": run.id}


def _trade(run: runpact.ActiveRun, settings: Settings, pace: float) -> dict[str, Any]:
    bars = series.load(settings.ticker, settings.data)
    series.note_prices(run, bars)
    first, last = between(bars, settings.start, settings.end)
    first = first if settings.start else max(first, last - USUAL)
    start = str(bars.dates[first])
    desk, heard = Desk(settings, Book(settings.initial_cash)), time.monotonic()
    for index in range(first, last):
        desk.step(bars, index, start)
        run.log({"equity": desk.equity[-1]}, step=index - first)
        if time.monotonic() - heard > _BEAT_SECONDS:
            run.beat()
            heard = time.monotonic()
        if pace:
            time.sleep(pace)
    return _close(run, settings, bars.cut(first, last), desk)


def _close(run: runpact.ActiveRun, settings: Settings, bars: Bars, desk: Desk) -> dict[str, Any]:
    result = Result(
        bars.dates, np.array(desk.equity), desk.trades, desk.book, settings.initial_cash, np.array(desk.held)
    )
    summary = summary_of(result)
    report.save_trades(run, desk.trades)
    pictures = report.draw_curves(run, result, f"{settings.ticker} on paper", bars.close)
    row = {"ticker": settings.ticker, "start": str(bars.dates[0]), "end": str(bars.dates[-1]), **summary}
    words = report.words_for("run", settings.config())
    report.write_documents(run, report.Told("paper", summary, [row], bars.source, words, pictures))
    return summary
