"""`run`: one backtest of one configuration."""

from __future__ import annotations

import dataclasses
from typing import Any

from quantlab import report, series
from quantlab.backtest import Result, Signals, backtest, rsi_signals
from quantlab.bars import Bars, between
from quantlab.gate import first_day_of, signals_of
from quantlab.metrics import summary_of
from quantlab.place import opened
from quantlab.settings import Settings

WARM_UP = 60
"""Bars before the first one that indicators and models look back on."""


@dataclasses.dataclass(frozen=True)
class Tested:
    """A backtest: settings with their dates filled in, the bars that were traded, what came of it."""

    settings: Settings
    bars: Bars
    result: Result

    @property
    def summary(self) -> dict[str, Any]:
        """The key figures."""
        return summary_of(self.result)

    def row(self) -> dict[str, Any]:
        """Return the line of a table of results."""
        said = self.settings
        return {"ticker": said.ticker, "start": said.start, "end": said.end, **self.summary}


def traded(settings: Settings, bars: Bars | None = None) -> Tested:
    """Trade the bars between `start` and `end`; by default those that the settings name.

    Raises:
        DataError: They cannot be used, or do not reach so far.
    """
    bars = bars or series.load(settings.ticker, settings.data)
    start = settings.start or (first_day_of(settings.model_run) if settings.model_run else "")
    first, last = between(bars, start, settings.end)
    early = max(0, first - WARM_UP)
    signals = signals_for(settings, bars.cut(early, last), start)
    days = bars.cut(first, last)
    said = dataclasses.replace(settings, start=str(days.dates[0]), end=str(days.dates[-1]))
    return Tested(said, days, backtest(bars.cut(early, last), said, signals, first=first - early))


def signals_for(settings: Settings, bars: Bars, start: str) -> Signals:
    """Return what the strategy wants at each bar: by the RSI, or by a learned model.

    Raises:
        StrategyError: The model may not be used on these days.
    """
    if settings.model_run:
        return signals_of(settings.model_run, bars, settings.ticker, start)
    return rsi_signals(bars, settings)


def make_run(settings: Settings) -> dict[str, Any]:
    """Make one run; nothing is left behind when the settings or the prices cannot be used."""
    done = traded(settings)
    config = done.settings.config()
    with opened("run", config) as run:
        series.note_prices(run, done.bars)
        report.save_trades(run, done.result.trades)
        title = settings.ticker
        pictures = report.save_curves(run, done.result, title, done.bars.close)
        words = report.words_for("run", config)
        told = report.Told("run", done.summary, [done.row()], done.bars.source, words, pictures)
        report.write_documents(run, told)
    return report.answer(run, done.summary)
