"""What a run leaves for its readers: figures, trades, pictures, a page.

`metadata.json`, `config.json` and `report.json` are written by runpact, as the contract says.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import runpact
from quantlab import registry
from quantlab.backtest import Result, Trade
from quantlab.metrics import drawdowns
from quantlab.place import program, seen_from_here, seen_from_root
from quantlab.plots import curve_plot
from quantlab.settings import Settings

_BLUE, _RED, _GREY = "#2f6fde", "#d9480f", "#868e96"


@dataclass(frozen=True)
class Told:
    """What the documents of a run say, beyond what the run knows by itself."""

    mode: str
    summary: Mapping[str, Any]
    results: Sequence[Mapping[str, Any]]
    """One row for each thing that was evaluated, the best one first."""
    source: str
    """Where the prices come from."""
    words: Sequence[str]
    """The command that makes a run of the same configuration."""
    pictures: Sequence[str] = ()


def words_for(command: str, config: Mapping[str, Any], *, more: Sequence[str] = ()) -> list[str]:
    """Return the command that makes a run of this configuration: what differs from the defaults."""
    usual = Settings().config()
    words = ["python", program(), command, *more]
    for key, value in config.items():
        if value != usual.get(key):
            said = seen_from_here(str(value)) if key == "data" else value
            option = f"--{key.replace('_', '-')}"
            words.append(option if value is True else f"{option}={said}")
    return words


def write_documents(run: runpact.ActiveRun, told: Told) -> None:
    """Write figures and page of a run that succeeded, and say how it is made again."""
    rows = [dict(row) | {"data_source": told.source} for row in told.results]
    metrics = {"status": "success", "summary": dict(told.summary), "best_result": rows[0]}
    run.save("metrics.json", metrics | {"leaderboard_size": len(rows)})
    run.save("run_report.md", page(run, told))
    run.reproduced_by(*told.words)


def paths_of(directory: str, report: str = "report.json") -> dict[str, str]:
    """Return where a run and its report stand, as an answer tells it: relative to the workspace."""
    path = seen_from_root(directory)
    return {"artifacts_path": path, "report_path": f"{path}/{report}"}


def answer(run: runpact.ActiveRun, summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a command that made a run answers; to be called once the run is sealed."""
    machine = dict(runpact.open_run(run.dir).read("report.json"))["machine_contract"]
    listed = {} if machine["mode"] == "paper" else registry.places()
    return {
        "run_id": run.id,
        "status": machine["status"],
        "contract_type": machine["contract_type"],
        "mode": machine["mode"],
        **paths_of(run.dir),
        "summary": dict(summary),
        **listed,
    }


def save_trades(run: runpact.ActiveRun, trades: Sequence[Trade]) -> None:
    """Write `trades.csv`."""
    names = [name.rstrip("_") for name in Trade._fields]
    lines = [",".join(_cell(value) for value in trade) for trade in trades]
    run.save("trades.csv", "\n".join([",".join(names), *lines]) + "\n")


def save_equity(run: runpact.ActiveRun, dates: np.ndarray, equity: np.ndarray) -> None:
    """Write `equity.csv`."""
    rows = zip(dates.astype(str).tolist(), equity.tolist(), strict=True)
    run.save("equity.csv", [{"date": day, "equity": worth} for day, worth in rows])


def save_curves(run: runpact.ActiveRun, result: Result, title: str, market: np.ndarray) -> tuple[str, str]:
    """Log equity and drawdown as series, and draw them."""
    falls = drawdowns(result.equity, result.initial).tolist()
    for step, (worth, fall) in enumerate(zip(result.equity.tolist(), falls, strict=True)):
        run.log({"equity": worth, "drawdown": fall}, step=step)
    return draw_curves(run, result, title, market)


def draw_curves(run: runpact.ActiveRun, result: Result, title: str, market: np.ndarray) -> tuple[str, str]:
    """Draw equity and drawdown beside those of holding the market."""
    held = market / market[0] * result.initial
    for name, colour, change in (("equity", _BLUE, None), ("drawdown", _RED, drawdowns)):
        kept, own = ((change(each, result.initial) if change else each) for each in (held, result.equity))
        curves = [("buy and hold", _GREY, kept), ("strategy", colour, own)]
        run.save(f"artifacts/{name}.svg", curve_plot(f"{title}: {name}", result.dates, curves))
    return "artifacts/equity.svg", "artifacts/drawdown.svg"


def page(run: runpact.ActiveRun, told: Told) -> str:
    """Return the report for people."""
    lines = [f"# {told.mode} {run.id}", "", f"Prices: {told.source}.", "", "## Summary", ""]
    lines += table([{"figure": key, "value": value} for key, value in told.summary.items()])
    lines += ["", "## Settings", ""]
    lines += table([{"setting": key, "value": value} for key, value in run.config.items()])
    if told.pictures:
        lines += ["", "## Pictures", "", *(f"![{Path(path).stem}]({path})" for path in told.pictures)]
    if len(told.results) > 1:
        lines += ["", "## Results", "", *table(told.results[:20])]
    return "\n".join([*lines, "", "## Again", "", "```", shlex.join(told.words), "```", ""])


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the lines of a table in Markdown."""
    keys = list(rows[0])
    lines = [f"| {' | '.join(_shown(row.get(key)) for key in keys)} |" for row in rows]
    return [f"| {' | '.join(keys)} |", "|" + "---|" * len(keys), *lines]


def _shown(value: object) -> str:
    if value is None or value == "":
        return "–"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return " ".join(text.replace("|", "\\|").split())


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(float(value)) if isinstance(value, float) else str(value)
