"""The whole story in a minute, on twenty years of the S&P 500.

runpact demo quant
python demo.py
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SHOWN = os.path.relpath(HERE)
RUNPACT = (sys.executable, "-m", "runpact")
SEEN_UNTIL = "2012-12-31"


class StopError(Exception):
    """A step did not do what it should."""


def main() -> int:
    """Tell the story; 0 when every step held."""
    began = time.monotonic()
    try:
        tell(series())
    except StopError as error:
        sys.stderr.write(f"the demo stopped: {error}\n")
        return 3
    print(f"\n{time.monotonic() - began:.0f} s in all")
    return 0


def series() -> str:
    """Return the series to trade: a real one where there is one."""
    try:
        distribution("arch")
    except PackageNotFoundError:
        print(
            "`pip install arch` brings twenty years of the S&P 500; without it, GENERATED numbers are traded"
        )
        return "GENERATED"
    return "SP500"


def tell(ticker: str) -> None:
    """Call every command once, and show what came of it."""
    (HERE / "outputs").mkdir(exist_ok=True)
    until = SEEN_UNTIL if ticker == "SP500" else "2016-12-30"
    heading(f"One backtest, until {until}")
    first = ask("run", ticker=ticker, end=until)
    figures(first)
    heading("A grid of settings, and the best of them in walk-forward windows")
    grid = ask("sweep", config_path=plan("grid", ticker))
    figures(grid)
    walk = ask("sweep", config_path=plan("walkforward", ticker), jobs=2)
    figures(walk)
    heading("On later days: twice, going on where the first time stopped; then two of them together")
    half = "2015-12-31" if ticker == "SP500" else "2017-12-29"
    ask("forward", run_dir=first["run_id"], end=half)
    figures(ask("forward", run_dir=first["run_id"]))
    second = ask("run", ticker=ticker, end=until, rsi_buy_max=30.0, rsi_sell_min=55.0, slippage_mode="atr")
    figures(ask("forward", run_dir=second["run_id"]))
    figures(ask("portfolio"))
    heading("A paper session, asked for through `run`")
    figures(ask("run", ticker=ticker, paper=True))
    runpact("sessions", "list")
    heading("A learned model, a backtest of it, and the gate")
    model = ask("learn", ticker=ticker)["model_run_id"]
    figures(ask("run", ticker=ticker, model_run=model))
    gate(model)
    heading("What the contract says")
    runpact("check", f"outputs/model_runs/{model}", first["run_id"], grid["run_id"], walk["run_id"])
    runpact("verify", grid["run_id"])
    heading("What there is to look at")
    for path in ("outputs/runs/runs_index.md", *pictures()):
        print(f"  {os.path.relpath(HERE / path)}")
    try_next(
        f"python main.py run --ticker {ticker} --rsi-buy-max 40     # your prices: --data FILE --ticker NAME",
        "python main.py runs best --metric total_return",
        f"runpact report {grid['run_id']} --format html --out grid.html",
    )


def ask(command: str, *, codes: tuple[int, ...] = (0,), **params: Any) -> dict[str, Any]:
    """Send one machine request and return its result."""
    request = {"schema_version": "1.0", "request_id": "demo", "command": command, "params": params}
    said = " ".join(f"{key}={value}" for key, value in params.items())
    print(f"  {command} {said}", flush=True)
    words = [
        sys.executable,
        "main.py",
        "--json-request",
        json.dumps(request),
        "--signal-file",
        "outputs/signals.jsonl",
    ]
    done = subprocess.run(words, cwd=HERE, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in codes:
        raise StopError(f"`{command}` ended with {done.returncode}: {done.stdout.strip()[:500]}")
    return json.loads(done.stdout)["result"]


def figures(result: dict[str, Any]) -> None:
    """Print the key figures of a run."""
    found = result["summary"]
    ratio = found["sharpe_simple"]
    told = f"return {found['total_return']:+.1%}   ratio {ratio if ratio is None else f'{ratio:.2f}'}"
    print(
        f"    {told}   drawdown {found['max_drawdown']:.1%}   {found['trades']} trades   {result['run_id']}"
    )


def gate(model: str) -> None:
    """Print what the gate says; both of its answers are right."""
    found = ask("promote", codes=(0, 4), model_run=model)
    for each in found["conditions"]:
        print(f"    {'holds ' if each['holds'] else 'closed'}  {each['name']:<22}{each['reason'][:90]}")
    print(f"    may trade on paper: {'yes' if found['eligible_for_paper'] else 'no'}")


def plan(name: str, ticker: str) -> str:
    """Return the file of a sweep; for other numbers than the real ones, a copy that names them."""
    path = HERE / "sweeps" / f"{name}.yaml"
    if ticker == "SP500":
        return path.relative_to(HERE).as_posix()
    other = HERE / "outputs" / f"{name}.yaml"
    text = (
        path.read_text(encoding="utf-8")
        .replace("SP500", ticker)
        .replace("train: 1000, test: 500", "train: 800, test: 400")
    )
    other.write_text(text, encoding="utf-8")
    return other.relative_to(HERE).as_posix()


def pictures() -> list[str]:
    """Name some of the pictures."""
    found = sorted(HERE.glob("outputs/runs/*/artifacts/*.svg"))
    return [path.relative_to(HERE).as_posix() for path in found if path.stem in {"heatmap", "oos_equity"}]


def runpact(*words: str) -> None:
    """Call runpact, its output on this one's."""
    print(f"  $ runpact {' '.join(words)}", flush=True)
    code = subprocess.run([*RUNPACT, *words], cwd=HERE, check=False).returncode
    if code != 0:
        raise StopError(f"`runpact {words[0]}` ended with {code}")


def try_next(*commands: str) -> None:
    """Print commands to go on with, to be typed from where the reader stands."""
    print(f"\nTry next:{'' if SHOWN == '.' else f'  cd {shlex.quote(SHOWN)}'}")
    for command in commands:
        print(f"  {command}")


def heading(text: str) -> None:
    """Begin a chapter."""
    print(f"\n{text}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
