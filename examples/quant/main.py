"""QuantLab: daily bars in, runs under contract out.

python main.py --help
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

from quantlab import VERSION
from quantlab.errors import EXIT_CODES
from quantlab.settings import Day, Settings, Share, asked

import runpact

app = runpact.App(
    "quantlab",
    version=VERSION,
    summary="Daily bars in, runs under contract out.",
    errors=EXIT_CODES,
    package="quantlab",
    source="src",
)
WORDS = {
    ("runs", "list"): "runs-list",
    ("runs", "best"): "runs-best",
    ("--runs-list",): "runs-list",
    ("--list-runs",): "runs-list",
    ("--runs-best",): "runs-best",
    ("--best-from",): "runs-best",
    ("--report",): "report",
    ("report",): "report",
}
"""Further ways to say a command; those with dashes are of old."""


@dataclass(frozen=True, kw_only=True)
class PaperParams(Settings):
    """What a paper session takes."""

    pace: Annotated[float, Meta(ge=0, le=3600, description="seconds to wait after each bar")] = 0.0


@dataclass(frozen=True, kw_only=True)
class SweepParams:
    """What a sweep takes."""

    config_path: (
        Annotated[
            str,
            Meta(
                min_length=1,
                description="YAML file: mode, base, space, windows, objective; --resume knows it",
            ),
        ]
        | None
    ) = None
    out_dir: Annotated[
        str, Meta(description="folder that is to hold outputs/; by default that of the contract")
    ] = ""
    jobs: Annotated[int, Meta(ge=1, le=64, description="trials at once")] = 1
    resume: Annotated[str, Meta(description="an interrupted sweep to go on with")] = ""


@dataclass(frozen=True, kw_only=True)
class ForwardParams:
    """What a forward evaluation takes."""

    run_dir: Annotated[str, Meta(min_length=1, description="id or folder of a backtest")]
    end: Annotated[Day, Meta(description="last day; by default that of the data")] = ""
    fresh: Annotated[bool, Meta(description="begin anew instead of going on with the last evaluation")] = (
        False
    )


@dataclass(frozen=True, kw_only=True)
class PortfolioParams:
    """What a portfolio takes."""

    runs: Annotated[
        str, Meta(description="ids of forward runs, with commas; by default the newest of each backtest")
    ] = ""
    weights: Annotated[str, Meta(description="a number for each, with commas; by default equal ones")] = ""
    initial_cash: Annotated[float, Meta(ge=1, le=1e12)] = 10_000.0


@dataclass(frozen=True, kw_only=True)
class LearnParams:
    """What a learned model takes."""

    ticker: Annotated[str, Meta(max_length=40)] = ""
    data: Annotated[str, Meta(description="CSV file of daily bars")] = ""
    start: Day = ""
    end: Day = ""
    horizon: Annotated[int, Meta(ge=1, le=60, description="bars ahead that are foretold")] = 5
    margin: Annotated[
        float, Meta(ge=0, lt=0.5, description="bought above 0.5 + margin, sold below 0.5 - margin")
    ] = 0.02
    seed: Annotated[int, Meta(ge=0, lt=2**32)] = 20251010
    fee: Share = 0.001
    slippage_bps: Annotated[float, Meta(ge=0, le=1000)] = 5.0


@dataclass(frozen=True, kw_only=True)
class PromoteParams:
    """What the gate takes."""

    model_run: Annotated[str, Meta(min_length=1, description="id or folder of a model run")]


@dataclass(frozen=True, kw_only=True)
class RunsParams:
    """What a listing takes."""

    mode: Annotated[str, Meta(description="run, grid, walkforward, forward or portfolio; by default all")] = (
        ""
    )


@dataclass(frozen=True, kw_only=True)
class BestParams(RunsParams):
    """What the best run takes."""

    metric: Annotated[str, Meta(pattern="^(sharpe_simple|total_return|max_drawdown)$")] = "sharpe_simple"


@dataclass(frozen=True, kw_only=True)
class ReportParams:
    """What a report takes."""

    run_dir: Annotated[str, Meta(min_length=1, description="id or folder of a run or session")]


@app.command("run", params=Settings)
def run(params: Settings, call: runpact.Call) -> object:
    """Make one backtest; with --paper, a paper session."""
    del call
    settings = asked(params)
    if settings.paper:
        from quantlab.paper import make_session  # noqa: PLC0415 - heavy, as below: --version and --check stay light

        return make_session(settings)
    from quantlab.research import make_run  # noqa: PLC0415

    return make_run(settings)


@app.command("paper", params=PaperParams)
def paper(params: PaperParams, call: runpact.Call) -> object:
    """Trade bars one after the other, with no money."""
    del call
    from dataclasses import replace  # noqa: PLC0415

    from quantlab.paper import make_session  # noqa: PLC0415

    return make_session(replace(asked(params), paper=True), pace=params.pace)


@app.command("sweep", params=SweepParams, aliases={"sweep": "config_path", "sweep_outdir": "out_dir"})
def sweep(params: SweepParams, call: runpact.Call) -> object:
    """Try many settings, over a grid or in walk-forward windows."""
    del call
    from quantlab.sweeps import make_sweep  # noqa: PLC0415

    return make_sweep(params.config_path, out_dir=params.out_dir, jobs=params.jobs, resume=params.resume)


@app.command("forward", params=ForwardParams)
def forward(params: ForwardParams, call: runpact.Call) -> object:
    """Evaluate a backtest's settings on later days, going on where the last evaluation stopped."""
    del call
    from quantlab.forward import evaluate  # noqa: PLC0415

    return evaluate(params.run_dir, end=params.end, fresh=params.fresh)


@app.command("portfolio", params=PortfolioParams)
def portfolio(params: PortfolioParams, call: runpact.Call) -> object:
    """Put forward runs together by weight."""
    del call
    from quantlab.portfolio import make_portfolio  # noqa: PLC0415

    return make_portfolio(params.runs, params.weights, params.initial_cash)


@app.command("learn", params=LearnParams)
def learn(params: LearnParams, call: runpact.Call) -> object:
    """Learn a model; it is a proposal and acts on nothing."""
    del call
    from quantlab.learn import Lesson, make_model  # noqa: PLC0415
    from quantlab.place import seen_from_root  # noqa: PLC0415
    from quantlab.settings import demand_day, name_of_series  # noqa: PLC0415

    demand_day("start", params.start)
    demand_day("end", params.end)
    named = {"ticker": name_of_series(params.ticker, params.data), "data": seen_from_root(params.data)}
    return make_model(Lesson(**vars(params) | named))


@app.command("promote", params=PromoteParams)
def promote(params: PromoteParams, call: runpact.Call) -> object:
    """Say whether a learned model may trade on paper, and why not; exit 4 when it may not."""
    from quantlab.gate import assess  # noqa: PLC0415

    found: dict[str, Any] = assess(params.model_run)
    if found["eligible_for_paper"]:
        return found
    return call.failure("strategy", found, reason="; ".join(found["blocking_reasons"]))


@app.command("runs-list", params=RunsParams)
def runs_list(params: RunsParams, call: runpact.Call) -> object:
    """List the registry of runs; also `runs list`."""
    del call
    from quantlab.registry import rows  # noqa: PLC0415

    return {"runs": rows(params.mode)}


@app.command("runs-best", params=BestParams)
def runs_best(params: BestParams, call: runpact.Call) -> object:
    """Name the best run of the registry; also `runs best`."""
    del call
    from quantlab.registry import best  # noqa: PLC0415

    return best(params.metric, params.mode)


@app.command("report", params=ReportParams)
def report(params: ReportParams, call: runpact.Call) -> object:
    """Print the report of a run or session."""
    del call
    from quantlab.registry import report_of  # noqa: PLC0415

    return report_of(params.run_dir)


def plain(words: list[str]) -> list[str]:
    """Return the words of a command line with their usual names."""
    for said, command in WORDS.items():
        if tuple(words[: len(said)]) == said:
            rest = words[len(said) :]
            is_bare = command == "report" and rest and not rest[0].startswith("-")
            return [command, *(["--run-dir"] if is_bare else []), *rest]
    return words


if __name__ == "__main__":
    sys.argv[1:] = plain(sys.argv[1:])
    raise SystemExit(app.main())
