"""`forward`: a run's configuration on the days after it; each one goes on where the last one stopped."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping
from typing import Any

import numpy as np

import runpact
from quantlab import report, series
from quantlab.backtest import Book, Position, Result, Trade, backtest
from quantlab.bars import Bars, between
from quantlab.errors import DataError, SettingsError
from quantlab.metrics import summary_of
from quantlab.place import existing, found, is_true, opened, program
from quantlab.research import WARM_UP, signals_for
from quantlab.settings import Settings, settings_in

CONTRACT_TYPE = "quantlab.forward.result"


def source_run(reference: str) -> runpact.RecordedRun:
    """Return the finished backtest that is to be evaluated.

    Raises:
        SettingsError: There is none of that name, or it cannot be built upon.
    """
    run = existing(reference, "a run with --run-dir")
    if run.kind != "run":
        raise SettingsError(f"`{reference}` is a {run.kind}, no backtest (`run`)", hint=_backtest_for(run))
    if run.state is not runpact.State.FINISHED or not is_true(run):
        raise SettingsError(
            f"`{reference}` is no finished, unchanged backtest",
            hint=f"`runpact check {run.path}` and `runpact verify {run.path}` say why",
        )
    return run


def _backtest_for(run: runpact.RecordedRun) -> str:
    """Say which backtest may be meant by a run that is none."""
    if run.kind == "forward":
        return f"it evaluates `{run.read('config.json')['source_run']}`: name that, and it goes on from there"
    if run.kind != "sweep":
        return "`python main.py runs list --mode run` lists the backtests"
    if dict(run.read("metadata.json"))["mode"] != "grid":
        return (
            "its selected_configs.csv has what was best in each window; `python main.py run` makes a backtest"
        )
    again = shlex.join(report.words_for("run", dict(run.read("best_config.json"))))
    return f"a backtest of its best setting: `{again}`; with an earlier --end where no days are left after it"


def evaluate(reference: str, *, end: str = "", fresh: bool = False) -> dict[str, Any]:
    """Make a forward run, or say that there is nothing new to evaluate."""
    run = source_run(reference)
    settings = settings_in(dict(run.read("config.json")))
    bars = series.load(settings.ticker, settings.data)
    first, last = _days_after(bars, settings.end, end)
    before = None if fresh else newest_of(run.id)
    begin = first
    if before is not None:
        begin = int(
            np.searchsorted(bars.dates, np.datetime64(before.read("config.json")["end"]), side="right")
        )
    if before is not None and begin >= last:
        return _up_to_date(before)
    return _make(run, settings, bars, (first, begin, last), before)


def newest_of(source: str) -> runpact.RecordedRun | None:
    """Return the forward run of a backtest that reaches furthest; None without any that is unchanged."""
    runs = [run for run in found(f"kind = forward AND config.source_run = '{source}'") if is_true(run)]
    return max(runs, key=lambda run: (str(run.read("config.json")["end"]), run.id), default=None)


def _days_after(bars: Bars, seen: str, end: str) -> tuple[int, int]:
    first = int(np.searchsorted(bars.dates, np.datetime64(seen), side="right"))
    if first >= len(bars):
        raise DataError(
            f"no bars after {seen}, where the run ends",
            hint="make the run with an earlier --end, or name newer prices",
        )
    return between(bars, str(bars.dates[first]), end)


def _up_to_date(before: runpact.RecordedRun) -> dict[str, Any]:
    return {
        "run_id": before.id,
        "status": "up_to_date",
        "contract_type": CONTRACT_TYPE,
        **report.paths_of(before.directory),
        "summary": before.read("metrics.json")["summary"],
    }


def _make(
    source: runpact.RecordedRun,
    settings: Settings,
    bars: Bars,
    days: tuple[int, int, int],
    before: runpact.RecordedRun | None,
) -> dict[str, Any]:
    first, begin, last = days
    early = max(0, begin - WARM_UP)
    seen = bars.cut(early, last)
    signals = signals_for(settings, seen, str(bars.dates[first]))
    book = book_of(before.read("forward_state.json")["book"]) if before else None
    new = backtest(seen, settings, signals, first=begin - early, book=book)
    whole = _joined(before, new, settings) if before else new
    span = {"start": str(bars.dates[first]), "end": str(bars.dates[last - 1])}
    config = settings.config() | span | {"source_run": source.id}
    words = ["python", program(), "forward", f"--run-dir={source.id}", f"--end={span['end']}", "--fresh"]
    with opened("forward", config, kind="forward") as run:
        series.note_prices(run, bars)
        run.input(f"{source.directory}/config.json", name=f"{source.id}/config.json")
        if before is not None:
            run.input(f"{before.directory}/forward_state.json", name=f"{before.id}/forward_state.json")
        run.save("forward_state.json", _state_after(source, before, span["end"], last - begin, whole.book))
        report.save_equity(run, whole.dates, whole.equity)
        report.save_trades(run, whole.trades)
        pictures = report.save_curves(run, whole, f"{settings.ticker} on later days", bars.close[first:last])
        summary = summary_of(whole)
        rows = [{"ticker": settings.ticker, **span, **summary}]
        report.write_documents(run, report.Told("forward", summary, rows, bars.source, words, pictures))
    return report.answer(run, summary)


def _state_after(
    source: runpact.RecordedRun, before: runpact.RecordedRun | None, date: str, count: int, book: Book
) -> dict[str, Any]:
    """Return what the next evaluation goes on from."""
    return {
        "date": date,
        "source_run": source.id,
        "continues": before.id if before else None,
        "new_bars": count,
        "book": state_of(book),
    }


def _joined(before: runpact.RecordedRun, new: Result, settings: Settings) -> Result:
    """Put what was evaluated before and what is new together."""
    rows = before.read("equity.csv")
    dates = np.array([row["date"] for row in rows], dtype="datetime64[D]")
    equity = np.array([float(row["equity"]) for row in rows])
    old = [trade for trade in trades_in(before.read("trades.csv")) if not trade.is_open]
    return dataclasses.replace(
        new,
        dates=np.concatenate([dates, new.dates]),
        equity=np.concatenate([equity, new.equity]),
        trades=[*old, *new.trades],
        initial=settings.initial_cash,
    )


def trades_in(rows: object) -> list[Trade]:
    """Return the trades of a table."""
    assert isinstance(rows, list)
    return [_trade(row) for row in rows]


def _trade(row: Mapping[str, Any]) -> Trade:
    numbers = [float(row[name]) for name in ("entry_price", "exit_price", "shares", "fees", "pnl", "return")]
    is_open = str(row["is_open"]).lower() == "true"
    return Trade(
        str(row["entry_date"]), str(row["exit_date"] or ""), *numbers, int(row["bars"]), is_open=is_open
    )


def state_of(book: Book) -> dict[str, Any]:
    """Return a book as JSON."""
    held = None if book.position is None else dict(book.position._asdict())
    return {"cash": book.cash, "position": held, "rest": book.rest, "order": book.order}


def book_of(state: Any) -> Book:
    """Return the book that JSON tells of."""
    held = None if state["position"] is None else Position(**state["position"])
    return Book(float(state["cash"]), held, int(state["rest"]), str(state["order"]))
