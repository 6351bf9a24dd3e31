"""A small application whose commands do what commands can do wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import runpact

app = runpact.App(
    "toylab",
    version="0.1.0",
    summary="A toy.",
    errors={"config": 2, "data": 3, "strategy": 4},
)


@dataclass
class RunParams:
    ticker: str = "SPY"
    how: str = "well"
    seconds: float = 0.0


class ToldBadlyError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


class OddExit(BaseException):
    pass


def unwell(how: str, call: runpact.Call) -> object:
    """End in one of many bad ways."""
    if how in {"config", "data", "strategy", "undeclared"}:
        raise call.error(how, f"a fault of {how}", at="prices.csv", hint="look there")
    if how == "engine":
        return runpact.open_run("nowhere")
    if how == "malformed":
        raise runpact.RunpactError("plain")
    if how == "badly told":
        raise ToldBadlyError
    if how == "odd":
        raise OddExit
    if how.startswith("exit "):
        sys.exit(int(how[5:]) if how[5:].isdigit() else how[5:] or None)
    if how == "no json":
        return {"a": object()}
    if how == "deep":
        return unwell(how, call)
    if how.startswith("signal "):
        signal.raise_signal(signal.Signals[how[7:]])
    raise call.error("data", f"no such way: {how!r:.40}")


@app.command("run", params=RunParams, aliases={"symbol": "ticker"})
def run(params: RunParams, call: runpact.Call) -> object:
    """Make one run."""
    sys.stdout.write("said by Python\n")
    subprocess.run(["/bin/echo", "said by a child"], check=True)
    os.write(1, b"said by the descriptor\n")
    if params.how == "well":
        call.signals.put(runs_index_root="outputs/runs", mode="other")
        return {"run_id": "r1", "summary": {"sharpe": 1.0}, "path": Path("a")}
    if params.how == "quietly":
        return None
    if params.how in {"made", "failed", "reportless"}:
        return made(params)
    if params.how == "wait":
        sys.stderr.write("waiting\n")
        sys.stderr.flush()
        time.sleep(params.seconds)
        return None
    if params.how.startswith("closed "):
        return call.failure(params.how[7:], {"is_open": False})
    if params.how == "panic":
        try:
            signal.raise_signal(signal.SIGTERM)
        except SystemExit:
            raise OddExit from None
    if params.how == "caught":
        try:
            signal.raise_signal(signal.SIGTERM)
        except SystemExit:
            signal.raise_signal(signal.SIGTERM)
            return {"caught": True}
    return unwell(params.how, call)


@app.command("left", params=RunParams)
def left(params: RunParams, call: runpact.Call) -> object:
    """Make a run with one inside, and come to no good end without returning it."""
    how = params.how
    with runpact.run(name="toy", durability="none"):
        with runpact.run(name="inner", durability="none"):
            pass
        if how == "raised in":
            raise call.error("data", "no prices")
        if how == "stopped in":
            signal.raise_signal(signal.SIGTERM)
    if how == "no json after":
        return object()
    if how == "answered after":
        return call.failure("strategy", {"is_open": False})
    raise call.error("strategy", "not good enough")


def made(params: RunParams) -> object:
    with runpact.run(name="toy", durability="none") as active:
        if params.how == "made":
            active.save("report.json", {"machine_contract": {"contract_type": "toy", "summary": {"a": 1}}})
        if params.how == "failed":
            active.finish(runpact.State.FAILED, error="said so")
    return active


@dataclass
class SweepParams:
    how: str = "well"
    jobs: int = 1


@app.command("sweep", params=SweepParams)
def swept(params: SweepParams, call: runpact.Call) -> object:
    """Sweep a function that comes to the end it is told."""
    del call

    def tried(trial: runpact.OpenTrial) -> float:
        if params.how == "raised":
            raise ValueError("no")
        if params.how == "wait":
            sys.stderr.write("waiting\n")
            sys.stderr.flush()
            time.sleep(60)
        return float(trial.config["a"])

    space, objective = {"a": [1.0, 2.0]}, "metrics.loss:min"
    return runpact.sweep(space, trial=tried, objective=objective, jobs=params.jobs, durability="none")


@app.command("again", summary="Nothing at all.")
def again(params: object, call: runpact.Call) -> dict[str, object]:
    del params
    return {"mode": call.mode, "request_id": call.request_id}


if __name__ == "__main__":
    raise SystemExit(app.main())
