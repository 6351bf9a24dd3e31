"""`sweep`: many settings, on all days or in walk-forward windows, each trial a run of its own."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import runpact
from quantlab import registry, report, series
from quantlab.bars import Bars, between
from quantlab.errors import SettingsError, StrategyError
from quantlab.metrics import curve_summary, drawdowns, returns_of, win_rate
from quantlab.place import program, root, seen_from_here, seen_from_root
from quantlab.plots import curve_plot, heat_map
from quantlab.research import Tested, traded
from quantlab.settings import KEYS, Settings, asked, settings_in

GRID, WALK = "grid", "walkforward"
_SCHEMA = Path(__file__).resolve().parents[2] / "schemas" / "sweep.json"


class Plan:
    """A sweep's file, read."""

    def __init__(self, path: str) -> None:
        """Read it.

        Raises:
            SettingsError: It cannot be read, or is no plan.
        """
        self.path = seen_from_root(path)
        if not (root() / self.path).is_file():
            raise SettingsError(f"{path}: there is no such file", hint="`sweeps/grid.yaml` is one to copy")
        try:
            said = dict(runpact.read(root() / self.path, schema=_SCHEMA))
        except runpact.RunpactError as error:
            more = "; ".join(f"{each.at or each.place}: {each.message}" for each in error.faults[:5])
            raise SettingsError(
                f"{path}: {error.message}{': ' if more else ''}{more}", hint=error.hint
            ) from error
        self.mode: str = said["mode"]
        self.space: dict[str, Any] = said["space"]
        self.objective: str = said.get("objective", "sharpe_simple")
        self.windows: dict[str, Any] = said.get("windows", {})
        unknown = sorted({*said.get("base", {}), *self.space} - set(KEYS))
        if unknown:
            raise SettingsError(f"{path}: no setting `{unknown[0]}`", hint=f"there are {', '.join(KEYS)}")
        try:
            self.base = asked(Settings(**said.get("base", {})))
        except TypeError as error:
            raise SettingsError(f"{path}: {error}") from error
        if (self.mode == WALK) != bool(self.windows):
            raise SettingsError(f"{path}: `windows` belongs to the mode `{WALK}`, and to no other")


def make_sweep(
    config_path: str | None, *, out_dir: str = "", jobs: int = 1, resume: str = ""
) -> dict[str, Any]:
    """Make a sweep, or go on with one that was interrupted.

    Raises:
        SettingsError: The plan cannot be used; nothing was made.
        StrategyError: No trial came to a good end.
    """
    config_path = config_path or plan_of(resume, out_dir)
    plan = Plan(config_path)
    bars = series.load(plan.base.ticker, plan.base.data)
    first, last = between(bars, plan.base.start, plan.base.end)
    days = bars.dates[first:last].astype(str).tolist()
    base = plan.base.config() | {"start": days[0], "end": days[-1]}
    moment = dt.datetime.now(dt.UTC).strftime("%Y%m%d_%H%M%S")
    words = ["python", program(), "sweep", f"--config-path={seen_from_here(plan.path)}"]
    try:
        done = runpact.sweep(
            plan.space,
            trial=_try,
            objective=f"metrics.{plan.objective}:max",
            jobs=jobs,
            name=f"{moment}_{plan.mode}",
            config=base,
            captures={},
            sweep_captures={"mode": plan.mode},
            splits=_splits(plan, days),
            report=functools.partial(_report, plan=plan, bars=bars, words=words),
            resume=resume or None,
            workspace=root(),
            workdir=out_dir or None,
        )
    except runpact.RunpactError as error:
        if error.code == "usage":
            raise SettingsError(f"{config_path}: {error.message}", hint=error.hint) from error
        raise
    if done.outcome.best is None:
        reasons = [row.get("reason") or "" for row in done.outcome.rows[:3]]
        raise StrategyError(f"no trial of {done.path} can be ranked: {'; '.join(reasons)}")
    return _answer(done, Path(out_dir or root()).absolute())


def plan_of(sweep: str, out_dir: str) -> str:
    """Return the plan file that a sweep was started with, as its recorded command or request names it.

    Raises:
        SettingsError: None is named there.
    """
    if not sweep or out_dir:
        raise SettingsError("a sweep needs a plan", hint="--config-path sweeps/grid.yaml")
    record = Path(runpact.open_run(sweep, workspace=root()).directory, ".runpact/run.json")
    found = plan_in(json.loads(record.read_text(encoding="utf-8"))["provenance"]["command"])
    if not found:
        raise SettingsError(f"{sweep} does not name its plan", hint="say --config-path as well")
    return found


def plan_in(words: Sequence[str]) -> str:
    """Return the plan file that the command line of a sweep names; nothing where it names none."""
    for word, after in itertools.pairwise([*words, ""]):
        option, _equals, value = word.partition("=")
        if option in {"--config-path", "--sweep"}:
            return value or after
        if option == "--json-request" and (value or after).lstrip().startswith("{"):
            params = json.loads(value or after).get("params", {})
            return str(params.get("config_path") or params.get("sweep") or "")
    return ""


def _splits(plan: Plan, days: Sequence[str]) -> dict[str, Any] | None:
    if plan.mode != WALK:
        return None
    return {"index": list(days), "walk": plan.windows, "keys": ["start", "end"]}


def _answer(done: Any, folder: Path) -> dict[str, Any]:
    directory = folder / done.path
    told = runpact.open_run(directory)
    machine = dict(told.read("report.json"))["machine_contract"]
    return {
        "run_id": done.id,
        "status": machine["status"],
        "contract_type": machine["contract_type"],
        "mode": machine["mode"],
        **report.paths_of(str(directory)),
        "summary": machine["summary"],
        "best_result": machine["best_result"],
        **registry.places(folder),
    }


@functools.lru_cache(maxsize=4)
def _loaded(ticker: str, data: str) -> Bars:
    return series.load(ticker, data)


def _try(trial: runpact.OpenTrial) -> Mapping[str, float]:
    """Make one trial: the figures that are numbers are its metrics."""
    said = settings_in(trial.config)
    said.demand()
    summary = traded(said, _loaded(said.ticker, said.data)).summary
    return {key: value for key, value in summary.items() if value is not None}


def _report(run: runpact.ActiveRun, outcome: Any, *, plan: Plan, bars: Bars, words: Sequence[str]) -> None:
    """Write the figures, pictures and tables of the whole sweep."""
    if outcome.best is None:
        empty = {"data_source": bars.source}
        run.save(
            "metrics.json", {"status": "success", "summary": {}, "best_result": empty, "leaderboard_size": 0}
        )
        run.save("run_report.md", f"# {plan.mode} {run.id}\n\nNo trial can be ranked.\n")
    elif plan.mode == WALK:
        _report_walk(run, outcome, plan, bars, words)
    else:
        _report_grid(run, outcome, plan, bars, words)


def _report_grid(run: runpact.ActiveRun, outcome: Any, plan: Plan, bars: Bars, words: Sequence[str]) -> None:
    best = _tested(run, outcome.best.trial, bars)
    rows = [_row(place.end, plan.objective) for place in outcome.places if place.rank is not None]
    pictures = list(report.draw_curves(run, best.result, "best setting", best.bars.close))
    if len(plan.space) > 1:
        run.save("artifacts/heatmap.svg", _heat_map(plan, outcome))
        pictures.append("artifacts/heatmap.svg")
    rows[0] |= best.summary
    report.write_documents(run, report.Told(GRID, best.summary, rows, bars.source, words, pictures))


def _report_walk(run: runpact.ActiveRun, outcome: Any, plan: Plan, bars: Bars, words: Sequence[str]) -> None:
    tests = [end for end in outcome.ends if end.trial.phase == "test" and end.is_done]
    parts = [
        (end, _tested(run, end.trial, bars)) for end in sorted(tests, key=lambda end: end.trial.split or 0)
    ]
    initial = plan.base.initial_cash
    changes = [returns_of(part.result.equity, part.result.initial) for _end, part in parts]
    equity = initial * np.cumprod(1.0 + np.concatenate(changes))
    dates = np.concatenate([part.result.dates for _end, part in parts])
    trades = list(itertools.chain.from_iterable(part.result.trades for _end, part in parts))
    closed = {"trades": sum(not trade.is_open for trade in trades), "win_rate": win_rate(trades)}
    summary = curve_summary(equity, initial) | closed
    run.save("oos_equity_timeseries.csv", _series(parts, dates, equity, initial))
    run.save("oos_equity_curve.csv", _curve(parts, equity))
    curves = [("out of sample", "#2f6fde", equity)]
    run.save("artifacts/oos_equity.svg", curve_plot("out of sample", dates, curves))
    rows = [_chosen(row, plan) for row in outcome.rows if row["rank"] is not None]
    told = report.Told(WALK, summary, rows, bars.source, words, ["artifacts/oos_equity.svg"])
    report.write_documents(run, told)


def _tested(run: runpact.ActiveRun, trial: Any, bars: Bars) -> Tested:
    return traded(settings_in({**run.config, **trial.settings, **trial.window}), bars)


def _row(end: Any, objective: str) -> dict[str, Any]:
    return {
        "trial": end.trial.number,
        **end.trial.settings,
        **end.trial.window,
        objective: end.objective,
        "run": end.path,
    }


def _chosen(row: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """Return a setting that the walk chose, judged by all windows it was chosen for."""
    known = ("trial", *plan.space, "windows", "median", "worst", "best", "run")
    return {plan.objective: row[f"metrics.{plan.objective}"]} | {name: row[name] for name in known}


def _series(
    parts: Sequence[tuple[Any, Tested]], dates: np.ndarray, equity: np.ndarray, initial: float
) -> list[dict]:
    splits = [end.trial.split for end, part in parts for _day in part.result.dates]
    falls = drawdowns(equity, initial).tolist()
    columns = zip(dates.astype(str).tolist(), splits, equity.tolist(), falls, strict=True)
    return [
        {"date": day, "split": split, "equity": worth, "drawdown": fall}
        for day, split, worth, fall in columns
    ]


def _curve(parts: Sequence[tuple[Any, Tested]], equity: np.ndarray) -> list[dict[str, Any]]:
    ends = np.cumsum([len(part.result.dates) for _end, part in parts]) - 1
    return [
        {
            "split": end.trial.split,
            **end.trial.window,
            "total_return": part.summary["total_return"],
            "equity": float(equity[last]),
        }
        for (end, part), last in zip(parts, ends.tolist(), strict=True)
    ]


def _heat_map(plan: Plan, outcome: Any) -> str:
    """Draw the objective over the first two keys; of several trials in one place the best."""
    (down, rows), (across, columns) = itertools.islice(plan.space.items(), 2)
    values = np.full((len(rows), len(columns)), np.nan)
    for end in outcome.ends:
        if end.objective is not None:
            place = rows.index(end.trial.settings[down]), columns.index(end.trial.settings[across])
            values[place] = np.fmax(values[place], end.objective)
    return heat_map(f"{plan.objective}", (across, columns), (down, rows), values)
