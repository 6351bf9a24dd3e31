"""Paper sessions: they trade as the backtest does, and their state is right whatever ends them."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from quantlab.errors import DataError, StrategyError
from quantlab.learn import make_model
from quantlab.paper import make_session
from quantlab.research import make_run
from quantlab.settings import Settings

import runpact
from examples.quant.test_learn import FREE

PAPER = Settings(ticker="GENERATED", paper=True, start="2018-01-01")
FILES = {
    *("session_metadata.json", "session_status.json", "config.json", "metrics.json"),
    *("report.json", "trades.csv", "run_report.md", "artifacts"),
}


def sessions(desk: Path) -> list[Path]:
    return sorted(path for path in (desk / "outputs/paper_sessions").glob("2*") if path.is_dir())


def status(folder: Path) -> dict:
    return json.loads((folder / "session_status.json").read_text(encoding="utf-8"))


def told(lab: Path, *words: str) -> dict:
    command = [sys.executable, "-m", "runpact", "sessions", *words, "--json"]
    return json.loads(subprocess.run(command, cwd=lab, capture_output=True, text=True, check=False).stdout)


@pytest.mark.requirement("E6.1", "E6.3", "E6.4", "E6.8", "E4.7")
def test_a_session_has_its_files_and_tells_its_end(desk: Path) -> None:
    answer = make_session(PAPER)
    folder = Path(answer["artifacts_path"])
    assert {path.name for path in folder.iterdir()} >= FILES
    found = status(folder)
    assert (found["status"], found["status_reason"], found["terminal"]) == ("success", "completed", True)
    assert found["session_id"] == answer["session_id"] == answer["run_id"] == folder.name
    assert {"started_at", "updated_at", "finished_at", "duration_seconds"} <= found.keys()
    assert found["finished_at"].endswith("Z")
    machine = json.loads((folder / "report.json").read_text())["machine_contract"]
    assert (machine["contract_type"], machine["command"], machine["mode"]) == (
        "quantlab.paper.result",
        "paper",
        "paper",
    )
    assert [checked.verdict.value for checked in runpact.check(workspace=desk)] == ["OK"]


@pytest.mark.requirement("E4.6")
def test_a_session_asked_for_through_run_is_a_session(desk: Path, ask) -> None:
    code, answer = ask(
        {"schema_version": "1.0", "command": "run", "params": {"ticker": "GENERATED", "paper": True}}
    )
    result = answer["result"]
    assert (code, answer["command"], result["contract_type"]) == (0, "run", "quantlab.paper.result")
    assert result["artifacts_path"] == f"outputs/paper_sessions/{result['session_id']}"
    assert result["run_id"] == result["session_id"]
    assert not list((desk / "outputs/runs").iterdir())


def test_trading_day_by_day_comes_to_what_the_backtest_comes_to(desk: Path) -> None:
    session = make_session(PAPER)
    run = make_run(Settings(ticker="GENERATED", start="2018-01-01"))
    assert session["summary"] == pytest.approx(run["summary"], rel=1e-9)
    trades = [(Path(each["artifacts_path"]) / "trades.csv").read_text() for each in (session, run)]
    assert trades[0].splitlines()[0] == trades[1].splitlines()[0]
    cells = [[line.split(",")[:2] for line in text.splitlines()] for text in trades]
    assert cells[0] == cells[1]


@pytest.mark.requirement("E6.5", "E6.6", "E6.7")
def test_a_session_whose_prices_cannot_be_used_failed_and_says_so(desk: Path) -> None:
    with pytest.raises(DataError):
        make_session(Settings(ticker="ACME", paper=True))
    (folder,) = sessions(desk)
    found = status(folder)
    assert (found["status"], found["status_reason"], found["terminal"]) == ("failed", "exception", True)
    assert found["error_type"] == "DataError"
    assert "ACME" in found["message"]
    assert {"session_metadata.json", "config.json"} <= {path.name for path in folder.iterdir()}
    assert "running" not in (folder / "session_metadata.json").read_text()
    assert not list((desk / "outputs/runs").iterdir())


@pytest.mark.requirement("E7.4")
def test_a_model_trades_on_paper_only_behind_the_gate(desk: Path) -> None:
    name = make_model(FREE)["model_run_id"]
    with pytest.raises(StrategyError, match="may not trade"):
        make_session(Settings(ticker="GENERATED", paper=True, model_run=name))
    assert sessions(desk) == []
    make_run(Settings(ticker="GENERATED", model_run=name, fee=0.0, slippage_bps=0.0, cooldown_days=0))
    answer = make_session(Settings(ticker="GENERATED", paper=True, model_run=name))
    assert answer["status"] == "success"


def ended_by(lab: Path, number: int, wait: float) -> tuple[Path | None, int]:
    """Begin a session, send it a signal after a while; return its folder and the exit code."""
    before = set(sessions(lab)) if (lab / "outputs/paper_sessions").exists() else set()
    command = [sys.executable, "main.py", "paper", "--ticker", "GENERATED", "--pace", "0.05"]
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)  # what is ignored, children ignore too
    process = subprocess.Popen(command, cwd=lab, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    signal.signal(signal.SIGINT, usual)
    with process:
        until = time.monotonic() + 60
        while not (begun := _begun(lab, before)) and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(wait)
        process.send_signal(number)
        code = process.wait(60)
    return begun, code


def _begun(lab: Path, before: set[Path]) -> Path | None:
    is_there = (lab / "outputs/paper_sessions").exists()
    return next(iter(set(sessions(lab)) - before), None) if is_there else None


@pytest.mark.requirement("E6.5", "E6.10", "E6.11", "E11.8")
def test_states_and_alerts_are_right_at_once_whatever_ended_a_session(lab: Path) -> None:
    aborted, code = ended_by(lab, signal.SIGTERM, 0.3)
    assert code == 128 + signal.SIGTERM
    stopped, code = ended_by(lab, signal.SIGINT, 0.3)
    assert code == 128 + signal.SIGINT
    killed, _code = ended_by(lab, signal.SIGKILL, 0.3)
    assert None not in {aborted, stopped, killed}
    for folder in (aborted, stopped):
        found = status(folder)
        assert (found["status"], found["status_reason"], found["terminal"]) == (
            "aborted",
            "operator_abort",
            True,
        )
    assert status(killed)["status"] == "running"
    states = {each["id"]: each["state"] for each in told(lab, "list")["sessions"]}
    assert states == {aborted.name: "interrupted", stopped.name: "interrupted", killed.name: "interrupted"}
    alerts = told(lab, "alerts")
    codes = {each["session_id"]: (each["code"], each["severity"]) for each in alerts["alerts"]}
    assert codes[killed.name] == ("PAPER_SESSION_STALE", "warning")
    assert codes[aborted.name] == codes[stopped.name] == ("PAPER_SESSION_ABORTED", "warning")
    assert alerts["alert_status"] == "warning"
    assert told(lab, "promotion")["candidates"] == []
    assert not list((lab / "outputs/runs").iterdir())


@pytest.mark.nightly
def test_fifty_sessions_ended_at_random_moments_are_told_right(lab: Path) -> None:
    draw, ended = random.Random(4), {}
    for number in [signal.SIGTERM, signal.SIGINT, signal.SIGKILL] * 17:
        folder, _code = ended_by(lab, number, draw.uniform(0.0, 2.5))
        assert folder is not None
        ended[folder.name] = number
    seen = {each["id"]: each for each in told(lab, "list")["sessions"]}
    for name, number in ended.items():
        found = seen[name]
        if found["state"] == "finished":
            continue  # it was quicker than the signal
        assert found["state"] == "interrupted", (name, number)
        assert found["health"] == ("stale" if number == signal.SIGKILL else "aborted"), (name, number, found)
    print(f"{len(ended)} sessions: {sorted(each['health'] for each in seen.values())}")
