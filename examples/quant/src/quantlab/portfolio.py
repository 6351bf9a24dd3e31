"""`portfolio`: what several forward runs would have earned together, bought by weight and then held."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

import runpact
from quantlab import report
from quantlab.backtest import Book, Result
from quantlab.errors import DataError, SettingsError
from quantlab.forward import newest_of, trades_in
from quantlab.metrics import curve_summary, returns_of, win_rate
from quantlab.place import existing, found, is_true, opened, program

_LEAST = 2


def make_portfolio(runs: str = "", weights: str = "", initial_cash: float = 10_000.0) -> dict[str, Any]:
    """Make a portfolio run over forward runs; by default over the newest of each backtest."""
    members = [_member(name) for name in runs.split(",") if name.strip()] if runs else _newest()
    if not (math.isfinite(initial_cash) and initial_cash > 0):
        raise SettingsError(f"`initial_cash` is {initial_cash}: expected more than 0")
    if not members:
        raise SettingsError(
            "there is no forward run", hint="`python main.py forward --run-dir RUN` makes one"
        )
    shares = _shares(weights, len(members))
    dates, curves = _common(members)
    equity = initial_cash * (shares @ curves)
    trades = [trade for run in members for trade in trades_in(run.read("trades.csv"))]
    summary = curve_summary(equity, initial_cash) | {
        "trades": sum(not trade.is_open for trade in trades),
        "win_rate": win_rate(trades),
    }
    names = [run.id for run in members]
    configs = [run.read("config.json") for run in members]
    config = {
        "ticker": "+".join(str(each["ticker"]) for each in configs),
        "start": str(dates[0]),
        "end": str(dates[-1]),
        "interval": "1d",
        "initial_cash": initial_cash,
        "runs": names,
        "weights": shares.tolist(),
    }
    words = ["python", program(), "portfolio", f"--runs={','.join(names)}", f"--initial-cash={initial_cash}"]
    words.append(f"--weights={','.join(map(repr, shares.tolist()))}")
    result = Result(dates, equity, [], Book(float(equity[-1])), initial_cash)
    members_told = _lines(members, shares, curves)
    source = "; ".join(
        sorted({str(run.read("metrics.json")["best_result"]["data_source"]) for run in members})
    )
    with opened("portfolio", config, kind="portfolio") as run:
        for member in members:
            run.input(f"{member.directory}/equity.csv", name=f"{member.id}/equity.csv")
        run.save("members.json", {"members": members_told, "correlation": _correlation(curves)})
        report.save_equity(run, dates, equity)
        pictures = report.save_curves(run, result, "portfolio", curves.mean(axis=0))
        rows = sorted(members_told, key=lambda row: -row["total_return"])
        report.write_documents(run, report.Told("portfolio", summary, rows, source, words, pictures))
    return report.answer(run, summary)


def _member(name: str) -> runpact.RecordedRun:
    run = existing(name, "a forward run")
    if run.kind != "forward" or run.state is not runpact.State.FINISHED or not is_true(run):
        raise SettingsError(f"`{name.strip()}` is no finished, unchanged forward run")
    return run


def _newest() -> list[runpact.RecordedRun]:
    """Return the forward run that reaches furthest, of each backtest."""
    sources = dict.fromkeys(str(run.read("config.json")["source_run"]) for run in found("kind = forward"))
    runs = [newest_of(source) for source in sorted(sources)]
    return [run for run in runs if run is not None]


def _shares(weights: str, count: int) -> np.ndarray:
    if not weights:
        return np.full(count, 1.0 / count)
    try:
        said = np.array([float(part) for part in weights.split(",")])
    except ValueError:
        raise SettingsError(f"`weights` is {weights[:60]}: expected numbers with commas between") from None
    if len(said) != count or not np.isfinite(said).all() or (said < 0).any() or said.sum() <= 0:
        raise SettingsError(f"`weights` is {weights[:60]}: expected {count} numbers of 0 or more, not all 0")
    return said / said.sum()


def _common(members: Sequence[runpact.RecordedRun]) -> tuple[np.ndarray, np.ndarray]:
    """Return the days that all have, and float64[members, days]: worth of 1 that was put into each."""
    tables = [run.read("equity.csv") for run in members]
    days = [np.array([row["date"] for row in rows], dtype="datetime64[D]") for rows in tables]
    dates = reduce(np.intersect1d, days)
    if len(dates) < _LEAST:
        raise DataError(
            "the forward runs have no two days in common", hint="evaluate them over the same days"
        )
    curves = []
    for rows, own in zip(tables, days, strict=True):
        worth = np.array([float(row["equity"]) for row in rows])[np.searchsorted(own, dates)]
        curves.append(worth / worth[0])
    return dates, np.stack(curves)


def _lines(
    members: Sequence[runpact.RecordedRun], shares: np.ndarray, curves: np.ndarray
) -> list[dict[str, Any]]:
    return [
        {"run_id": run.id, "weight": float(share), **curve_summary(curve, 1.0)}
        for run, share, curve in zip(members, shares, curves, strict=True)
    ]


def _correlation(curves: np.ndarray) -> list[list[float | None]]:
    """Return how far daily returns go together; None where one of them never changes."""
    changes = np.stack([returns_of(curve, 1.0) for curve in curves])
    with np.errstate(invalid="ignore", divide="ignore"):
        table = np.atleast_2d(np.corrcoef(changes))
    return [[float(value) if np.isfinite(value) else None for value in row] for row in table]
